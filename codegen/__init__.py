"""Typed DTOs for many languages: one model of the catalog's classes, one writer a language."""
