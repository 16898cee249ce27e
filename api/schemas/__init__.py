"""Shapes of the API's JSON. Field names are those of the records (`core.records`)."""
