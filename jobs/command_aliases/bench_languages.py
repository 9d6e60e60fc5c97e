"""`python -m jobs.bench_languages`: the benchmark in bench/new_language_learning.py."""

from jobs.bench.new_language_learning import command
from jobs.cli import run

if __name__ == "__main__":
    run(command)
