"""Calls of models: requests and answers of OpenAI and Ollama, with the gateway's own fields."""
