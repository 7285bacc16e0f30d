"""The admin pages, section by section."""
