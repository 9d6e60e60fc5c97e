"""`python -m jobs.bench_languages`: the benchmark in bench/languages.py."""

from .bench.languages import command
from .cli import run

if __name__ == "__main__":
    run(command)
