"""The thin Flask app: parse, validate, enqueue or read, answer."""
