"""What callers may ask about jobs, and do with them: read, wait, list, cancel, retry."""
