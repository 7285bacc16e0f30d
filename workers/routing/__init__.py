"""Which provider is asked, and what a failure says of it."""
