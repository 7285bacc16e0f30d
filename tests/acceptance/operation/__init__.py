"""Running it: starts, stops, health, machines, and what dies."""
