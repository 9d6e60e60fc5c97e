"""The app that a WSGI server runs: `granian --interface wsgi api.wsgi:app`."""

from api.app import create_app
from api.logs import configure
from api.settings import Settings

configure()
app = create_app(Settings.from_environment())
