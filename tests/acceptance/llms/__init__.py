"""LLMs that answer tests: canned, counting, refusing, of other dialects."""
