"""The running service: model in service, worker threads, store connection."""
