"""API keys: what they may do and take, where they are kept, and how a gateway finds them."""
