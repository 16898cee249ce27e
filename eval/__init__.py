"""Measures all the rest on data in documented formats; nothing imports it."""
