"""`python -m jobs.bench_scale`: the benchmark in bench/training_scale.py."""

from jobs.bench.training_scale import command
from jobs.cli import run

if __name__ == "__main__":
    run(command)
