"""The demo LLM: an OpenAI-compatible server that is plainly none."""
