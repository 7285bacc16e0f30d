"""What is told of the running system: log lines, metrics."""
