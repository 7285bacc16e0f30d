"""Typed DTOs over HTTP: a file a language, as ServiceStack's tools fetch and update them."""
