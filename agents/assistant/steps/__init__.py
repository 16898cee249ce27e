"""The steps of an answer, each one module with one public callable."""
