"""One file for each API dialect that LLM providers speak."""
