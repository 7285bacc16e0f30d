"""What is counted and told: log lines, metrics, the overview, who works."""
