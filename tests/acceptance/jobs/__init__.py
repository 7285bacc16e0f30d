"""What clients may do with jobs: stream, cancel, limit, look back."""
