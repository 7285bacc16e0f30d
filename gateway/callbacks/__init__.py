"""Deliveries, signing keys, subscriptions and samples, as their owners see them."""
