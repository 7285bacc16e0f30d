"""Anthropic's Messages API, spoken for clients that speak OpenAI's: translated both ways.

Sources: https://platform.claude.com/docs/en/api/messages and the pages it links to.
"""
