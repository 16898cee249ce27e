"""Agents: a person is answered."""
