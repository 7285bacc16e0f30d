"""What our own engines do: change, speak, hear, read. Each runs in processes of its own."""
