"""The moves of a job, by who makes them; `shared/ledger/job_store.py` puts them together."""
