"""`python -m recsys`: the same as the console script `recsys`."""

import importlib

if __name__ == "__main__":
    importlib.import_module("recsys.jobs.cli").main()
