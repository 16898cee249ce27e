"""Pixels become facts."""
