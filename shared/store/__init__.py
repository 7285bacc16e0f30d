"""Redis: where it is, and how this process is connected to it."""
