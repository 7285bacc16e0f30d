"""Files: what clients upload and read, over OpenAI's and AI Server's wires."""
