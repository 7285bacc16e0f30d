"""Lines of batches that go to providers' own batches: chosen, submitted, followed, collected."""
