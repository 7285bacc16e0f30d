"""What belongs to one owner, and every endpoint asked for it with the key of another."""
