"""Ollama's own API, for its clients: any model of the gateway answers."""
