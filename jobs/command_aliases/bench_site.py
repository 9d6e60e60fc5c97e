"""`python -m jobs.bench_site`: the benchmark in bench/synthetic_news_site.py."""

from jobs.bench.synthetic_news_site import command
from jobs.cli import run

if __name__ == "__main__":
    run(command)
