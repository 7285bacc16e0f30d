"""The pages: their shell, signing in, and what they keep."""
