"""The chat task: claim a job, choose a provider, call it, store what came of it."""
