"""`python -m jobs.bench_encoders`: the benchmark in bench/encoders.py."""

from .bench.encoders import command
from .cli import run

if __name__ == "__main__":
    run(command)
