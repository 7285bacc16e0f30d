"""What a job is: its fields, its states, how it can fail."""
