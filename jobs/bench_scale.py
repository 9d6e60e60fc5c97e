"""`python -m jobs.bench_scale`: the benchmark in bench/scale.py."""

from .bench.scale import command
from .cli import run

if __name__ == "__main__":
    run(command)
