"""`python -m jobs.bench_encoders`: the benchmark in bench/encoder_comparison.py."""

from jobs.bench.encoder_comparison import command
from jobs.cli import run

if __name__ == "__main__":
    run(command)
