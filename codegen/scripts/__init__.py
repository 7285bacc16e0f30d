"""Languages that are run from their source: Python, PHP, Ruby."""
