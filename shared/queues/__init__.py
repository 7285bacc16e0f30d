"""Names of queues, their keys in Redis, gates and slots."""
