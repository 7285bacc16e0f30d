"""How a provider is written down, and what follows from its type."""
