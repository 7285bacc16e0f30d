"""What gateway and workers both need: settings, errors, DTOs, the job ledger, signing."""
