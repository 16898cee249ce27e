"""The places of Kazakhstan: the classifier КАТО (НК РК 11, state of November 2025) with old and colloquial names.

`kato.csv.gz` is made by `scripts/import_kato.py` from the public classifier; `old_names.csv` is ours. A place's region
and district follow from its code: two digits name the region, four the district.
"""

import csv
import gzip
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Literal, get_args

from rapidfuzz import fuzz, process

from core.errors import ConfigurationError
from pipelines.calls.place.spelling import cuts, fold, kazakh_stems, sounds, stem_of

Kind = Literal[
    "capital",  # of the republic's significance: a region by itself
    "region",
    "city_area",  # Г.А.: a city with what belongs to it, in the place of a district
    "district",
    "city_district",
    "city",
    "township",
    "village",
    "station",
    "siding",
    "site",
    "wintering",
    "other",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
CITIES: frozenset[Kind] = frozenset({"capital", "city"})
SETTLEMENTS: frozenset[Kind] = frozenset(
    {"capital", "city", "township", "village", "station", "siding", "site", "wintering", "other"}
)
DISTRICTS: frozenset[Kind] = frozenset({"district", "city_district", "city_area"})
REGIONS: frozenset[Kind] = frozenset({"capital", "region"})
_TYPE_WORDS = {
    "township": "посёлок",
    "village": "село",
    "station": "станция",
    "siding": "разъезд",
    "wintering": "зимовка",
}
_COLUMNS = 4
_CODE_DIGITS = 9
_SHORTEST_GARBLED = 4  # letters: below that any name is like any other
_RANK: dict[Kind, int] = {kind: rank for rank, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Place:
    """A place of КАТО. `ru` and `kk` are its names without the abbreviation of its kind."""

    kato: str
    kind: Kind
    ru: str
    kk: str

    @property
    def region_code(self) -> str:
        """Code of the region it lies in, its own for a region."""
        return self.kato[:2] + "0000000"

    @property
    def district_code(self) -> str:
        """Code of the district or city area it lies in."""
        return self.kato[:4] + "00000"

    @property
    def rank(self) -> int:
        """The smaller, the likelier it is meant where nothing else tells."""
        return _RANK[self.kind]

    @property
    def written(self) -> str:
        """The name as a card holds it: «Павлодар», «село Садовое», «Илийский район»."""
        word = _TYPE_WORDS.get(self.kind)
        return f"{word} {self.ru}" if word else self.ru


@dataclass(frozen=True)
class Match:
    """A place whose name was heard: which of its names, and how like it (0..1; 1 for the name as it is written)."""

    place: Place
    name: str
    score: float


@dataclass(frozen=True, eq=False)
class _Names:
    """Names of one set of kinds, ready for looking up by stem and by sound."""

    by_stem: dict[str, list[str]]  # -> folded names
    by_name: dict[str, list[tuple[str, Place]]]  # folded name -> the name as it is written, its place

    @cached_property
    def by_sound(self) -> dict[str, str]:
        """How a name sounds -> the folded name; made when a garbled name is first looked for."""
        return {sounds(folded): folded for folded in reversed(self.by_name)}


class Gazetteer:
    """Looks places up by the names people say, in any case of Russian or Kazakh."""

    def __init__(self, places: Iterable[Place], also: Iterable[tuple[str, str]]) -> None:
        self._by_code = {place.kato: place for place in places}
        named = [(name, place) for place in self._by_code.values() for name in _names_of(place)]
        named += [(name, self._by_code[kato]) for name, kato in also]
        self._settlements = _index((n, p) for n, p in named if p.kind in SETTLEMENTS)
        self._cities = _index((n, p) for n, p in named if p.kind in CITIES)
        self._districts = _index((_bare(n), p) for n, p in named if p.kind in ("district", "city_district"))
        self._regions = _index((_bare(n), p) for n, p in named if p.kind == "region")
        self._of_district: dict[str, list[Place]] = {}
        for place in self._by_code.values():
            if place.kind in ("city", "township", "village", "station"):
                self._of_district.setdefault(place.kato[:4], []).append(place)
        self._divided = {p.kato[:4] for p in self._by_code.values() if p.kind == "city_district"}

    @property
    def places(self) -> tuple[Place, ...]:
        """All places, in the order of their codes."""
        return tuple(self._by_code.values())

    def place(self, kato: str) -> Place | None:
        """Return the place of a code."""
        return self._by_code.get(kato)

    def settlements(self, said: str, *, closeness: float = 1.0) -> tuple[Match, ...]:
        """Return the settlements that `said` may name, at least `closeness` (0..1) like it, likeliest first."""
        return _look_up(self._settlements, said, closeness)

    def settlements_in(self, district: Place, said: str, *, closeness: float) -> tuple[Match, ...]:
        """Return the settlements of one district that `said` may name, the most alike first."""
        heard = sounds(said)
        found = [
            Match(place, place.ru, fuzz.ratio(heard, sounds(place.ru)) / 100)
            for place in self._of_district.get(district.kato[:4], ())
        ]
        near = [match for match in found if match.score >= closeness]
        return tuple(sorted(near, key=lambda match: (-match.score, match.place.rank, match.place.kato)))

    def cities(self, said: str, *, closeness: float = 1.0) -> tuple[Match, ...]:
        """Return the cities that `said` may name."""
        return _look_up(self._cities, said, closeness)

    def districts(self, said: str, *, closeness: float = 1.0) -> tuple[Match, ...]:
        """Return the districts and city districts that `said`, without «район», may name."""
        return _look_up(self._districts, said, closeness)

    def regions(self, said: str, *, closeness: float = 1.0) -> tuple[Match, ...]:
        """Return the regions that `said`, without «область», may name."""
        return _look_up(self._regions, said, closeness)

    def region_of(self, place: Place) -> Place | None:
        """Return the region a place lies in; a capital is its own."""
        return self.place(place.region_code)

    def district_of(self, place: Place) -> Place | None:
        """Return the district that follows from a place; none for a city that is parted into districts of its own."""
        if place.kind == "city_district" or place.kind == "capital":
            return None
        if place.kind == "city" and place.kato[:4] in self._divided:
            return None
        district = self.place(place.district_code)
        return district if district is not None and district.kind in DISTRICTS else None

    def city_of(self, district: Place) -> Place | None:
        """Return the city whose district this is."""
        if district.kind != "city_district":
            return None
        capital = self.place(district.region_code)
        if capital is not None and capital.kind == "capital":
            return capital
        return self.place(district.kato[:4] + "10000")

    def is_divided(self, city: Place) -> bool:
        """Tell whether a city is parted into districts of its own."""
        return city.kato[:4] in self._divided or city.kind == "capital"


def _names_of(place: Place) -> tuple[str, ...]:
    return (place.ru,) if not place.kk or place.kk == place.ru else (place.ru, place.kk)


def _bare(name: str) -> str:
    words = [w for w in name.split() if w.lower() not in ("район", "область", "облысы", "имени", "ауданы", "им")]
    return " ".join(words)


def _index(named: Iterable[tuple[str, Place]]) -> _Names:
    by_name: dict[str, list[tuple[str, Place]]] = {}
    for name, place in named:
        folded = fold(name)
        if len(folded) > 1:
            by_name.setdefault(folded, []).append((name, place))
    by_stem: dict[str, list[str]] = {}
    for folded in by_name:
        by_stem.setdefault(stem_of(folded)[0], []).append(folded)
    return _Names(by_stem, by_name)


@lru_cache(maxsize=32768)  # a live call is read anew after every commit
def _look_up(names: _Names, said: str, closeness: float) -> tuple[Match, ...]:
    folded = fold(said)
    if len(folded) < 2:
        return ()
    scores = {folded: 1.0} if folded in names.by_name else {}
    for stem, ending in cuts(folded):
        for name in names.by_stem.get(stem, ()):
            if ending in stem_of(name)[1]:
                scores.setdefault(name, 0.98)
    for stem in kazakh_stems(folded):
        if stem in names.by_name:
            scores.setdefault(stem, 0.97)
    if not scores and closeness < 1.0 and len(folded) >= _SHORTEST_GARBLED:
        known = names.by_sound
        hits = process.extract(sounds(folded), known.keys(), scorer=fuzz.ratio, score_cutoff=closeness * 100, limit=6)
        scores = {known[sound]: 0.95 * score / 100 for sound, score, _ in hits}
    found: dict[str, Match] = {}
    for folded_name, score in scores.items():
        for written, place in names.by_name[folded_name]:
            if place.kato not in found or found[place.kato].score < score:
                found[place.kato] = Match(place, written, score)
    return tuple(sorted(found.values(), key=lambda match: (-match.score, match.place.rank, match.place.kato)))


@cache
def load_gazetteer() -> Gazetteer:
    """Return the gazetteer of the package, read once. Raises ConfigurationError naming the line it refuses."""
    folder = resources.files("pipelines.calls.place")
    with folder.joinpath("kato.csv.gz").open("rb") as raw:
        places = read_places(io.StringIO(gzip.decompress(raw.read()).decode()))
    with folder.joinpath("old_names.csv").open(encoding="utf-8") as file:
        return Gazetteer(places, read_old_names(file, {place.kato for place in places}))


def read_places(lines: Iterable[str]) -> tuple[Place, ...]:
    """Return the places of a table kato, kind, ru, kk. Raises ConfigurationError naming the line it refuses."""
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    places: list[Place] = []
    for line, row in enumerate(csv.reader(lines), start=1):
        if line == 1:
            continue
        kind = kinds.get(row[1]) if len(row) == _COLUMNS else None
        if kind is None or len(row[0]) != _CODE_DIGITS or not row[2]:
            raise ConfigurationError(
                f"kato.csv.gz, line {line}: not a place", advice="Make it anew with scripts/import_kato.py."
            )
        places.append(Place(row[0], kind, row[2], row[3] or row[2]))
    return tuple(places)


def read_old_names(lines: Iterable[str], codes: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return (name, code) of a table name, kato, source. Raises ConfigurationError naming the line it refuses."""
    also: list[tuple[str, str]] = []
    for line, row in enumerate(csv.DictReader(lines), start=2):
        if row["kato"] not in codes or not row["name"] or not row["source"]:
            raise ConfigurationError(
                f"old_names.csv, line {line}: no such place, or no name or source",
                advice="Give the name, a nine-digit code of КАТО and where the name is from.",
            )
        also.append((row["name"], row["kato"]))
    return tuple(also)
