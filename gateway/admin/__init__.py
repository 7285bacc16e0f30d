"""What the deployment's operators read and change: keys, audit, overview, workers, metrics."""
