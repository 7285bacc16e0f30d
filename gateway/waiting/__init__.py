"""How a request waits for its job, or follows its chunks; knows no view and no services."""
