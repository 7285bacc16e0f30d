"""Forms of data: how they are read and written."""
