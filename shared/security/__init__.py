"""Sealing, signing, masking, and the addresses that may be called. Pure."""
