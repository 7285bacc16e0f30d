"""Answers as providers give them: read within limits, and known for what they are."""
