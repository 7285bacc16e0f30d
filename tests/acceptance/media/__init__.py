"""Files, pictures, sound, and what changes them."""
