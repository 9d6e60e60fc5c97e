"""`python -m jobs.bench_languages`: the benchmark in bench/new_language_learning.py."""

from .bench.new_language_learning import command
from .cli import run

if __name__ == "__main__":
    run(command)
