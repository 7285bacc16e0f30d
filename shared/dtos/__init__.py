"""The DTOs of AI Server's wire, described once: names, types, meaning."""
