"""A job's transitions, each one script, by who makes them."""
