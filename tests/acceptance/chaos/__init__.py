"""The fault suite: a steady load, seeded faults, and an auditor who compares three ledgers."""
