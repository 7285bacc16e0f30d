"""DTOs of pictures, sound, files and what changes them."""
