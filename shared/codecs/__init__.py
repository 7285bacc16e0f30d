"""How bytes become values, and values bytes: JSON, server-sent events, lines, text."""
