"""What `replyto work` runs: this machine's workers, and its gateway if told to."""
