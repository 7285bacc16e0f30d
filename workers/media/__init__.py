"""Files of jobs on their way to providers and back, and the engines of our own."""
