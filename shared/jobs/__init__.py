"""The moves of a job, by who makes them; `shared/job_store.py` puts them together."""
