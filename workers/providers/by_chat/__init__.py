"""Responses of providers that only know chats: asked as chats, told as responses."""
