"""The completion task: makes executed jobs final, in batches."""
