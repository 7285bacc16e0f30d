"""What `replyto up` runs: processes, the embedded Redis, detection of LLMs."""
