"""DTOs of work that runs later, again and again."""
