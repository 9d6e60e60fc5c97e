"""Client: the HTTP service from Python.

    with Client("http://127.0.0.1:8000", key="rk_…") as recsys:
        recsys.add_events([{"user_id": "ann", "item_id": "42", "event": "like"}])
        for entry in recsys.recommend("ann", n=10)["items"]:
            print(entry["item_id"], entry["score"])

Needs httpx alone. Answers are the service's JSON as plain dictionaries; a failure is a ClientError.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from recsys.errors import RecsysError

Json = dict[str, Any]
_AGAIN = frozenset({429, 503})  # worth another try
_PATIENCE = 30.0  # seconds to wait at most because the service said so


class ClientError(RecsysError):
    """The service refused a request, or could not be reached (status 0)."""

    def __init__(self, status: int, code: str, message: str, details: list[Json]) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.details = details


class Client:
    """A connection to one service; safe to share between threads.

    `retries`: further tries of what was refused for now (429, 503) or not sent at all. Only
    requests that change nothing, or the same thing again, are repeated after a lost connection.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        timeout: float = 10.0,
        retries: int = 2,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`timeout` in seconds. `transport`: how requests are sent, httpx's own by default."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, transport=transport
        )
        self._retries = retries

    def recommend(self, user: str, **parameters: Any) -> Json:
        """Return a personal list; parameters as in the API: n, q, category, explain, …"""
        return self._get("/recommend", {"user": user, **parameters})

    def home(self, user: str, **parameters: Any) -> Json:
        """Return the rows of a user's home page; parameters as in the API: n, rows, category, …"""
        return self._get("/home", {"user": user, **parameters})

    def following(self, user: str, **parameters: Any) -> Json:
        """Return items of those whom a user follows: order="time" or "rank", n=, …"""
        return self._get("/feed/following", {"user": user, **parameters})

    def more_of_row(self, row: Json) -> Json | None:
        """Return the next page of a row of a home page, as a row; None at its end."""
        if not row.get("next"):
            return None
        rows: list[Json] = self._get(row["next"], {})["rows"]
        return rows[0] if rows else None

    def recommend_session(self, **body: Any) -> Json:
        """Return a list for a visitor: events=[…], items=[…] or interests=[…]."""
        return self._send("POST", "/recommend", body, again=True)

    def recommend_batch(self, users: Iterable[str], **parameters: Any) -> list[Json]:
        """Return a list for each user, in order."""
        body = {"users": list(users), **parameters}
        found: list[Json] = self._send("POST", "/recommend/batch", body, again=True)["results"]
        return found

    def pages(self, first: Json) -> Iterator[Json]:
        """Yield a list and all pages that follow it."""
        page = first
        while True:
            yield page
            if not page.get("next"):
                return
            page = self._get(page["next"], {})

    def similar(self, item_id: str, **parameters: Any) -> Json:
        """Return items like one."""
        return self._get("/similar", {"item": item_id, **parameters})

    def search(self, words: str, **parameters: Any) -> Json:
        """Return items by words."""
        return self._get("/search", {"q": words, **parameters})

    def trending(self, **parameters: Any) -> Json:
        """Return what is taken up most now."""
        return self._get("/trending", parameters)

    def popular(self, **parameters: Any) -> Json:
        """Return what was taken up most."""
        return self._get("/popular", parameters)

    def latest(self, **parameters: Any) -> Json:
        """Return the newest items."""
        return self._get("/latest", parameters)

    def topics(self, **parameters: Any) -> list[Json]:
        """Return what the catalogue is about: level=1 for groups, parent=… for those of one."""
        first = self._get("/topics", parameters)
        return [one for page in self.pages(first) for one in page["topics"]]

    def topic(self, topic_id: int) -> Json:
        """Return a topic or a group of topics, with what stands for it."""
        return self._get(f"/topics/{topic_id}", {})

    def topic_timeline(self, topic_id: int, **parameters: Any) -> Json:
        """Return what was done about a topic, with a forecast: resolution=hour or day, last=."""
        return self._get(f"/topics/{topic_id}/timeline", parameters)

    def help(self, question: str, **parameters: Any) -> Json:
        """Return what the platform's help texts answer to a question."""
        return self._get("/help", {"q": question, **parameters})

    def assist(self, what: str, text: str, **parameters: Any) -> list[Json]:
        """Return suggestions for a text: title, caption or tags; n=, lang=."""
        found = self._send("POST", f"/assist/{what}", {"text": text, **parameters}, again=True)
        return list(found["suggestions"])

    def digest(self, user_id: str, **parameters: Any) -> Json:
        """Return what a user has missed, in sections: since=, max=, lang=."""
        return self._get(f"/digest/{_quoted(user_id)}", parameters)

    def entities(self, **parameters: Any) -> Json:
        """Return a page of the names of the catalogue, most frequent first: kind=, q=, n=."""
        return self._get("/entities", parameters)

    def entity(self, name: str) -> Json:
        """Return what is known of a name, in any spelling."""
        return self._get(f"/entities/{_quoted(name)}", {})

    def entity_timeline(self, name: str, **parameters: Any) -> Json:
        """Return what was done to items that have a name, by hour or day, and a forecast."""
        return self._get(f"/entities/{_quoted(name)}/timeline", parameters)

    def trends(self, **parameters: Any) -> Json:
        """Return a page of what is taken up more than expected: kind=, state=, user=, n=."""
        return self._get("/trends", parameters)

    def event_kinds(self) -> Json:
        """Return what each kind of event weighs and means, and the unknown kinds of the store."""
        return self._get("/event-kinds", {})

    def stats(self, **parameters: Any) -> Json:
        """Return what the store holds, and the click rates of lists over the last days=."""
        return self._get("/stats", parameters)

    def events(self, user_id: str, **page: Any) -> Json:
        """Return a page of a user's events in the order they arrived: n=, after=."""
        return self._get("/events", {"user_id": user_id, **page})

    def delete_event(self, event_id: int) -> Json:
        """Delete an event for good."""
        return self._send("DELETE", f"/events/{event_id}", None, again=False)

    def add_events(self, events: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Store events; give them timestamps, and sending them again changes nothing.

        `partial`: the right rows are stored and the others named in `rejected`; otherwise one
        wrong row refuses all.
        """
        rows = [dict(event) for event in events]
        timed = all(row.get("timestamp") is not None for row in rows)
        return self._send("POST", _partly("/events", partial), rows, again=timed)

    def add_items(self, items: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Add items or replace them; available_from and expires_at say when they may be listed.

        `partial` as in `add_events`.
        """
        rows = [dict(item) for item in items]
        return self._send("POST", _partly("/items", partial), rows, again=True)

    def add_users(self, users: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Add users or replace what is known of them; `partial` as in `add_events`."""
        rows = [dict(user) for user in users]
        return self._send("POST", _partly("/users", partial), rows, again=True)

    def add_follows(self, follows: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Let users follow: {"user_id": …} with author_id or followed_user_id.

        `partial` as in `add_events`.
        """
        rows = [dict(follow) for follow in follows]
        return self._send("POST", _partly("/follows", partial), rows, again=True)

    def remove_follows(self, follows: Iterable[Mapping[str, Any]]) -> Json:
        """Let users follow no longer; what was not followed is counted in `missing`."""
        rows = [dict(follow) for follow in follows]
        return self._send("DELETE", "/follows", rows, again=True)

    def follows(self, user_id: str, **page: Any) -> Json:
        """Return a page of whom a user follows, or direction="followers": n=, after=."""
        return self._get("/follows", {"user_id": user_id, **page})

    def suggestions(self, user_id: str, **parameters: Any) -> Json:
        """Return users and authors whom a user may want to follow: n=, kind="users", lang="zh"."""
        return self._get(f"/users/{_quoted(user_id)}/suggestions", parameters)

    def add_authors(self, authors: Iterable[Mapping[str, Any]], partial: bool = False) -> Json:
        """Tell the display names of authors; `partial` as in `add_events`."""
        rows = [dict(author) for author in authors]
        return self._send("POST", _partly("/authors", partial), rows, again=True)

    def authors(self, **page: Any) -> Json:
        """Return a page of authors with their display names, or one: author_id=."""
        return self._get("/authors", page)

    def items(self, **page: Any) -> Json:
        """Return a page of items in the order of their ids (n=, after=), or some: item_id=[…]."""
        return self._get("/items", page)

    def put_item(self, item_id: str, **fields: Any) -> Json:
        """Add an item or replace it; fields as in `add_items`."""
        return self._send("PUT", f"/items/{_quoted(item_id)}", fields, again=True)

    def item(self, item_id: str) -> Json | None:
        """Return an item, None when there is none."""
        found: list[Json] = self._get("/items", {"item_id": item_id})["items"]
        return found[0] if found else None

    def spread(self, item_id: str, **parameters: Any) -> Json:
        """Return how an item spreads: n= nodes of the tree, lang="zh"."""
        return self._get(f"/items/{_quoted(item_id)}/spread", parameters)

    def change_item(self, item_id: str, **changes: Any) -> Json:
        """Change fields of an item; hidden=True takes it out of all lists.

        available_from=None and expires_at=None take away when it may be listed.
        """
        return self._send("PATCH", f"/items/{_quoted(item_id)}", changes, again=True)

    def delete_item(self, item_id: str) -> Json:
        """Forget an item."""
        return self._send("DELETE", f"/items/{_quoted(item_id)}", None, again=False)

    def users(self, **page: Any) -> Json:
        """Return a page of users in the order of their ids: n=, after=."""
        return self._get("/users", page)

    def user(self, user_id: str) -> Json | None:
        """Return a user, None when there is none."""
        found: list[Json] = self._get("/users", {"user_id": user_id})["users"]
        return found[0] if found else None

    def make_token(self, user_id: str, **more: Any) -> Json:
        """Make a token with which a browser may ask and tell about one user: seconds=."""
        return self._send("POST", "/tokens", {"user_id": user_id, **more}, again=True)

    def put_user(self, user_id: str, **known: Any) -> Json:
        """Tell what a user likes: interests=[…], items=[…], name, language."""
        return self._send("PUT", f"/users/{_quoted(user_id)}", known, again=True)

    def explain(self, user_id: str, item_id: str, **parameters: Any) -> Json:
        """Return why an item has its score for a user, part by part."""
        return self._get("/explain", {**parameters, "user": user_id, "item": item_id})

    def profile(self, user_id: str, **parameters: Any) -> Json:
        """Return what is known and believed of a user, and why."""
        return self._get(f"/users/{_quoted(user_id)}/profile", parameters)

    def change_controls(self, user_id: str, *controls: Mapping[str, str], **more: Any) -> Json:
        """Mute, boost, lower or forget; undo=[ids] and reset=True take back. Returns all in force.

        A control is {"action": "mute", "kind": "author", "value": "ann"}.
        """
        body = {**more, "controls": [dict(control) for control in controls]}
        path = f"/users/{_quoted(user_id)}/profile"
        return self._send("PATCH", path, body, again=False)

    def merge_users(self, user_id: str, from_id: str) -> Json:
        """Move all that is held of `from_id` to a user; `from_id` is unknown afterwards."""
        path = f"/users/{_quoted(user_id)}/merge"
        return self._send("POST", path, {"from": from_id}, again=True)

    def audit(self, **filters: Any) -> Json:
        """Return entries of the audit log: actor=, subject=, route=, since=, until=, n=."""
        return self._get("/audit", filters)

    def notices(self, **filters: Any) -> Json:
        """Return notices with their deliveries, the newest first: kind=, subject=, before=, n=."""
        return self._get("/notices", filters)

    def dead_notices(self, **page: Any) -> Json:
        """Return deliveries that were given up: before=, n=."""
        return self._get("/notices/dead", page)

    def notice_kinds(self) -> list[Json]:
        """Return the kinds of notices with the JSON schemas of their data."""
        found: list[Json] = self._get("/notices/kinds", {})["kinds"]
        return found

    def retry_notices(self, deliveries: Iterable[int] | None = None) -> int:
        """Have dead deliveries tried anew, all or those named; return how many."""
        body = {} if deliveries is None else {"deliveries": list(deliveries)}
        return int(self._send("POST", "/notices/dead/retry", body, again=True)["retried"])

    def notice_stream(self, after: int | None = None) -> Iterator[Json]:
        """Yield notices as they come, for as long as the connection holds.

        `after`: begin after this id, that of the last notice seen; default: only new ones. The `id`
        of a notice is None while the store takes no writes; it comes again with its id after that.
        """
        parameters = {} if after is None else {"after": after}
        timeout = httpx.Timeout(10.0, read=60.0)  # a comment comes every fifteen seconds
        with self._http.stream(
            "GET", "/notices/stream", params=parameters, timeout=timeout
        ) as response:
            if response.status_code != 200:
                response.read()
                _answer(response)
            for line in response.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def pins(self) -> list[Json]:
        """Return the pins of operators, oldest first."""
        found: list[Json] = self._get("/pins", {})["pins"]
        return found

    def add_pin(
        self, item_id: str, position: int, start: float | None = None, end: float | None = None
    ) -> Json:
        """Pin an item at a position of personal lists; times in Unix seconds, None: no limit."""
        body = {"item_id": item_id, "position": position, "start": start, "end": end}
        return self._send("POST", "/pins", body, again=False)

    def remove_pin(self, pin_id: int) -> Json:
        """Remove a pin."""
        return self._send("DELETE", f"/pins/{pin_id}", None, again=True)

    def webhooks(self) -> list[Json]:
        """Return the webhooks, without their secrets."""
        found: list[Json] = self._get("/webhooks", {})["webhooks"]
        return found

    def add_webhook(self, url: str, kinds: Iterable[str] = ()) -> Json:
        """Add a webhook; `secret` of the answer is shown this once."""
        return self._send("POST", "/webhooks", {"url": url, "kinds": list(kinds)}, again=False)

    def test_webhook(self, webhook_id: int) -> Json:
        """Send a notice of the kind `test` to a webhook."""
        return self._send("POST", f"/webhooks/{webhook_id}/test", None, again=False)

    def delete_webhook(self, webhook_id: int) -> Json:
        """Remove a webhook."""
        return self._send("DELETE", f"/webhooks/{webhook_id}", None, again=False)

    def mail_addresses(self) -> list[Json]:
        """Return the mail addresses."""
        found: list[Json] = self._get("/mail-addresses", {})["addresses"]
        return found

    def add_mail_address(self, address: str, kinds: Iterable[str] = ()) -> Json:
        """Add a mail address, which is sent a token."""
        body = {"address": address, "kinds": list(kinds)}
        return self._send("POST", "/mail-addresses", body, again=False)

    def confirm_mail_address(self, token: str) -> Json:
        """Confirm a mail address by the token that was sent to it."""
        path = f"/mail-addresses/confirm?token={_quoted(token)}"
        return self._send("POST", path, None, again=True)

    def test_mail_address(self, address_id: int) -> Json:
        """Send a notice of the kind `test` to a mail address that is confirmed."""
        return self._send("POST", f"/mail-addresses/{address_id}/test", None, again=False)

    def delete_mail_address(self, address_id: int) -> Json:
        """Remove a mail address."""
        return self._send("DELETE", f"/mail-addresses/{address_id}", None, again=False)

    def watches(self, after: int = 0, n: int = 100) -> Json:
        """Return a page of saved queries over texts, oldest first."""
        return self._get("/watches", {"after": after, "n": n})

    def add_watch(self, name: str, query: str, **settings: Any) -> Json:
        """Save a query; `settings`: group, level, least_people, digest."""
        body = {"name": name, "query": query, **settings}
        return self._send("POST", "/watches", body, again=False)

    def preview_watch(self, query: str, level: str = "normal", least_people: int = 10) -> Json:
        """Return what a watch holds for, and the alerts it would have made in 30 days."""
        body = {"query": query, "level": level, "least_people": least_people}
        return self._send("POST", "/watches/preview", body, again=True)

    def opinion(self, query: str, days: int = 30) -> Json:
        """Return the corrected opinion shares of the texts that a query holds for."""
        return self._send("POST", "/opinion", {"query": query, "days": days}, again=True)

    def watch(self, watch_id: int) -> Json:
        """Return a watch."""
        return self._get(f"/watches/{watch_id}", {})

    def change_watch(self, watch_id: int, **changes: Any) -> Json:
        """Change name, group, level, least_people or digest of a watch."""
        return self._send("PATCH", f"/watches/{watch_id}", changes, again=True)

    def delete_watch(self, watch_id: int) -> Json:
        """Remove a watch with its counts and alerts."""
        return self._send("DELETE", f"/watches/{watch_id}", None, again=True)

    def watch_timeline(self, watch_id: int, resolution: str = "day", last: int = 30) -> Json:
        """Return texts, people and opinion shares of a watch by hour or day."""
        params = {"resolution": resolution, "last": last}
        return self._get(f"/watches/{watch_id}/timeline", params)

    def detected_events(self, **parameters: Any) -> Json:
        """Return a page of the events found in texts, the newest first: n=, before=, state=."""
        return self._get("/detected-events", parameters)

    def detected_event(self, event_id: int) -> Json:
        """Return an event with its time line, its first and its newest texts."""
        return self._get(f"/detected-events/{event_id}", {})

    def alerts(self, n: int = 100, **filters: Any) -> Json:
        """Return a page of alerts, the newest first; `filters`: state, kind, watch, before."""
        return self._get("/alerts", {"n": n, **filters})

    def alert(self, alert_id: int) -> Json:
        """Return an alert with the texts that stand for it."""
        return self._get(f"/alerts/{alert_id}", {})

    def acknowledge_alert(self, alert_id: int, note: str = "") -> Json:
        """Note that somebody looks after an alert."""
        return self._send("POST", f"/alerts/{alert_id}/acknowledge", {"note": note}, again=False)

    def resolve_alert(self, alert_id: int, note: str = "") -> Json:
        """End an alert by hand."""
        return self._send("POST", f"/alerts/{alert_id}/resolve", {"note": note}, again=False)

    def silences(self) -> list[Json]:
        """Return the times in which alerts are not sent."""
        found: list[Json] = self._get("/silences", {})["silences"]
        return found

    def add_silence(
        self,
        end: float,
        start: float | None = None,
        watch: int | None = None,
        group: str | None = None,
        reason: str = "",
    ) -> Json:
        """Send no alerts of a watch, of a group or of all, until a moment in Unix seconds."""
        body = {"watch": watch, "group": group, "start": start, "end": end, "reason": reason}
        return self._send("POST", "/silences", body, again=False)

    def remove_silence(self, silence_id: int) -> Json:
        """Remove a silence."""
        return self._send("DELETE", f"/silences/{silence_id}", None, again=True)

    def experiments(self) -> list[Json]:
        """Return the experiments, oldest first."""
        found: list[Json] = self._get("/experiments", {})["experiments"]
        return found

    def add_experiment(
        self, id: str, arms: Iterable[Mapping[str, Any]], primary: str, **more: Any
    ) -> Json:
        """Make a draft; `more`: guardrails=[…], effect=, layer=, range=, holdout=, start=, end=."""
        metrics = {"primary": primary}
        metrics |= {name: more.pop(name) for name in ("guardrails", "effect") if name in more}
        body = {"id": id, "arms": list(arms), "metrics": metrics, **more}
        return self._send("POST", "/experiments", body, again=False)

    def experiment(self, experiment_id: str) -> Json:
        """Return an experiment with its plan."""
        return self._get(f"/experiments/{_quoted(experiment_id)}", {})

    def change_experiment(self, experiment_id: str, **changes: Any) -> Json:
        """Start, stop or decide an experiment: state="running", …; or change a draft."""
        return self._send("PATCH", f"/experiments/{_quoted(experiment_id)}", changes, again=False)

    def experiment_report(self, experiment_id: str) -> Json:
        """Return what may be read of an experiment now; "aa": of the A/A experiment."""
        return self._get(f"/experiments/{_quoted(experiment_id)}/report", {})

    def what_if(self, user: str | None = None, **body: Any) -> Json:
        """Return lists recomputed: overrides={…}, bundle=, without=[…], as_of=; or users=[…]."""
        about = {} if user is None else {"user": user}
        return self._send("POST", "/whatif", {**about, **body}, again=True)

    def say(self, text: str, user: str | None = None, **body: Any) -> Json:
        """Return the answer of a dialogue: text, commands, items; dialogue_id=, n=, events=[…]."""
        about = {} if user is None else {"user": user}
        return self._send("POST", "/dialogue", {"text": text, **about, **body}, again=False)

    def dialogue(self, dialogue_id: str) -> Json:
        """Return the turns of a dialogue of the last 24 hours."""
        return self._get(f"/dialogue/{_quoted(dialogue_id)}", {})

    def delete_dialogue(self, dialogue_id: str) -> Json:
        """Remove a dialogue with its turns."""
        return self._ask("DELETE", f"/dialogue/{_quoted(dialogue_id)}", again=False)

    def fairness(self) -> Json:
        """Return how exposure fell on creators and groups, as the last night has counted it."""
        return self._get("/fairness", {})

    def creator_report(self, author_id: str) -> Json:
        """Return how often a creator's items were shown, and with what uptake."""
        return self._get(f"/creators/{_quoted(author_id)}/report", {})

    def suspects(self, n: int = 10, after: str | None = None) -> Json:
        """Return a page of suspicious groups of accounts, the latest first."""
        return self._get("/suspects", {"n": n, "after": after})

    def export_user(self, user_id: str) -> Json:
        """Return all that is held of a user."""
        return self._get(f"/users/{_quoted(user_id)}/export", {})

    def delete_user(self, user_id: str) -> Json:
        """Remove a user for good; returns a receipt of what went where."""
        return self._ask("DELETE", "/users", again=False, params={"user_id": user_id})

    def ready(self) -> bool:
        """Whether the service can make lists."""
        try:
            return self._http.get("/health/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _get(self, path: str, parameters: Mapping[str, Any]) -> Json:
        given = {k: _parameter(v) for k, v in parameters.items() if v is not None}
        return self._ask("GET", path, again=True, params=given or None)

    def _send(self, method: str, path: str, body: Any, again: bool) -> Json:
        content = {} if body is None else {"json": body}
        return self._ask(method, path, again, **content)

    def _ask(self, method: str, path: str, again: bool, **content: Any) -> Json:
        for left in range(self._retries, -1, -1):
            wait = random.uniform(0.05, 0.2) * 2 ** (self._retries - left)
            try:
                response = self._http.request(method, path, **content)
            except httpx.HTTPError as error:
                if left and (again or isinstance(error, httpx.ConnectError)):
                    time.sleep(wait)
                    continue
                message = str(error) or type(error).__name__
                raise ClientError(0, "unreachable", message, []) from error
            if response.status_code in _AGAIN and left:
                time.sleep(min(_PATIENCE, _seconds(response, wait)))
                continue
            return _answer(response)
        raise AssertionError("the last try returns or raises")


def _parameter(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else value


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _seconds(response: httpx.Response, default: float) -> float:
    try:
        return float(response.headers.get("Retry-After", default))
    except ValueError:
        return default


def _answer(response: httpx.Response) -> Json:
    try:
        found: Json = response.json()
    except ValueError:
        found = {}
    if response.status_code < 400:
        return found
    error = found.get("error", {})
    raise ClientError(
        response.status_code,
        error.get("code", "error"),
        error.get("message", response.reason_phrase),
        error.get("details", []),
    )


def _partly(path: str, partial: bool) -> str:
    return f"{path}?partial=1" if partial else path
