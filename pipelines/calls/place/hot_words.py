"""Names that a transcriber should expect."""

from functools import cache

from pipelines.calls.place.gazetteer import CITIES, load_gazetteer
from pipelines.calls.place.word_lists import street_names

_FIRST_STREETS = 60


@cache
def hot_words() -> tuple[str, ...]:
    """Return names for a transcriber's prompt, the likeliest first: cities, districts of cities, common streets."""
    gazetteer = load_gazetteer()
    cities = [place.ru for place in gazetteer.places if place.kind in CITIES]
    parts = [place.ru for place in gazetteer.places if place.kind == "city_district"]
    return tuple(dict.fromkeys((*cities, *parts, *street_names()[:_FIRST_STREETS])))
