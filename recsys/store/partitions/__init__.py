"""Events on PostgreSQL: partitions by day, and tables that spare readers a look at all of them."""
