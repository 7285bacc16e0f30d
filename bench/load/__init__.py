"""What makes load, and what answers it."""
