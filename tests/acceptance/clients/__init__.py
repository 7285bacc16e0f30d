"""Real clients of each wire, and what they may rely on."""
