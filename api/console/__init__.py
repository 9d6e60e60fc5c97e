"""Console: pages for operators, support and administrators; loaded by the first request for one."""
