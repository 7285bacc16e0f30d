"""Providers of each type: chosen, failing over, refusing, behind proxies."""
