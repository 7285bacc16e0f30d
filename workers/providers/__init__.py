"""The API dialects of LLM providers, one file or folder each, and HTTP to providers."""
