"""Makes the jobs of schedules that are due."""
