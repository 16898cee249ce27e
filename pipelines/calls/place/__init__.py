"""The place of an incident from the words of a call."""

from pipelines.calls.place.hot_words import hot_words
from pipelines.calls.place.locating import locate_incident

__all__ = ["hot_words", "locate_incident"]
