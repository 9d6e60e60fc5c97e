"""`python -m jobs.bench_load`: the benchmark in bench/http_load.py."""

from jobs.bench.http_load import command
from jobs.cli import run

if __name__ == "__main__":
    run(command)
