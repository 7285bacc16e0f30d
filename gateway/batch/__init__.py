"""Auto-batch: an array of requests of one DTO, in one POST."""
