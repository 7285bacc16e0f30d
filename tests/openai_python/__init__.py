"""The tests that openai-python has of itself, against a whole ReplyTo: `make conformance`."""
