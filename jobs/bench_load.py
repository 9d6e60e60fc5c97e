"""`python -m jobs.bench_load`: the benchmark in bench/load.py."""

from .bench.load import command
from .cli import run

if __name__ == "__main__":
    run(command)
