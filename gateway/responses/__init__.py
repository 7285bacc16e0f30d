"""OpenAI's Responses API: responses by their names, in their states."""
