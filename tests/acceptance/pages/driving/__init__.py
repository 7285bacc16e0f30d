"""How tests use the pages: drivers, looks, checks of every page."""
