"""Run a recsys command that sends all work to Spark, however small.

    python tests/support/eager_spark.py nightly --runner "spark:local[2]" --json

In a checkout, with the checkout on PYTHONPATH.
"""

from __future__ import annotations

import sys

from jobs.cli import main
from recsys.spark import spark_runner

if __name__ == "__main__":
    spark_runner.WORTH_SECONDS = 0.0
    sys.argv[0] = "recsys"
    main()
