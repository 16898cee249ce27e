"""An input becomes records."""
