"""A call while it goes on: audio of its legs becomes committed text, tags and a filling card."""
