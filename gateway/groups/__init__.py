"""Groups of jobs: how they stand, cancelled or tried again as one. Batches are groups too."""
