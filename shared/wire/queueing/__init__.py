"""When a queued call runs: beside how many others of its flow key, and before or behind whom."""
