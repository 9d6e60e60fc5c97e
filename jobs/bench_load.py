"""`python -m jobs.bench_load`: the benchmark in bench/http_load.py."""

from .bench.http_load import command
from .cli import run

if __name__ == "__main__":
    run(command)
