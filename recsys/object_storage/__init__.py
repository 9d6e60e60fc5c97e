"""Object stores: objects under keys, with conditional puts, in a bucket or a folder."""
