"""`python -m jobs.bench_languages`: the benchmark in bench/unknown_language.py."""

from .bench.unknown_language import command
from .cli import run

if __name__ == "__main__":
    run(command)
