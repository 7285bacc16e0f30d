"""The requests of the LLM APIs as clients send them, read and checked."""
