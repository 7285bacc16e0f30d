"""What the processes of one ReplyTo must have in common, on however many machines they run."""
