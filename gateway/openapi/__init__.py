"""The API, described for machines and people: OpenAPI, JSON Schemas, and a page to try it."""
