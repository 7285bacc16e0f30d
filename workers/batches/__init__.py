"""Feeds batches into the queues, collects their answers, writes their files."""
