"""What judges a run of all hostile peers is itself tried: it finds what it is to find."""
