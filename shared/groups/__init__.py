"""Groups of jobs: one status, one end."""
