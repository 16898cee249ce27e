"""Makes `eval-calls/{tune,report}/calls.jsonl` from `source/eval-calls.yaml`: labelled calls that nobody made.

Usage: python samples/make_eval_calls.py

The format is that of docs/eval-formats.md. There is no audio: times are those of a speaker of 2.2 words a second.
"""

import csv
import gzip
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

SAMPLES = Path(__file__).resolve().parent
SOURCE = SAMPLES / "source" / "eval-calls.yaml"
KATO = SAMPLES.parent / "pipelines" / "calls" / "place" / "kato.csv.gz"
WORDS_A_SECOND = 2.2
PAUSE_S = 0.4
HALVES = {"t": "tune", "r": "report"}
CHANNELS = {"o": ("operator", "operator"), "c": ("caller", "caller"), "x": ("caller", "third_party")}
QUALITY_ITEMS = (
    "greeted",
    "asked_address",
    "confirmed_address",
    "asked_phone",
    "asked_injured",
    "gave_instructions",
    "closed_politely",
)
ADDRESS = ("region", "district", "settlement", "street", "house", "flat", "landmark", "kato")
_MARK = re.compile(r"\[([^|\]]+)\|([a-z_]+)(-?)\]")
_TYPES = {"village": "село ", "township": "посёлок "}


def main() -> int:
    """Write both halves; returns the exit code."""
    sources = yaml.safe_load(SOURCE.read_text("utf-8"))
    with gzip.open(KATO, "rt", encoding="utf-8") as lines:
        places = {row["kato"]: row for row in csv.DictReader(lines)}
    for letter, half in HALVES.items():
        calls = [call(source, places) for source in sources if source["id"].startswith(letter)]
        target = SAMPLES / "eval-calls" / half / "calls.jsonl"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(f"{json.dumps(c, ensure_ascii=False)}\n" for c in calls), "utf-8")
        sys.stdout.write(f"{half}: {len(calls)} calls\n")
    return 0


def call(source: Mapping[str, Any], places: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """Return one line of calls.jsonl."""
    truth, people = source["truth"], source["people"]
    dialogue, keywords = spoken(source["turns"])
    return {
        "id": source["id"],
        "set": HALVES[source["id"][0]],
        "kind": "written",
        "files": {"stereo": f"audio/{source['id']}.flac"},
        "duration_s": dialogue[-1]["end_s"],
        "sample_rate": 8_000,
        "channels": {"left": "caller", "right": "operator"},
        "language": source.get("language", "ru"),
        "dialogue": dialogue,
        "keywords": keywords,
        "card": {
            "incident_type": truth["type"],
            "services": [str(service) for service in truth["services"]],
            "services_optional": [str(service) for service in truth.get("optional", ())],
            "address": address(source["at"], places),
            "injured_count": people["injured"],
            "dead_count": 0,
            "people_trapped": people["trapped"],
            "trapped_count": people.get("trapped_count", 0),
            "children_involved": people["children"],
            "callback_phone": people.get("phone"),
            "caller_name": people.get("name"),
            "hazards": source["hazards"],
        },
        "is_false_call": truth["class"] == "false",
        "urgency": truth["urgency"],
        "distress": truth["distress"],
        "background_events": [],
        "qa": {item: item in source["qa"] for item in QUALITY_ITEMS},
        "audio": {"caller_snr_db": None, "operator_snr_db": None, "crosstalk_db": None},
        "call_class": truth["class"],
    }


def spoken(turns: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the turns with their times, and the marked phrases."""
    dialogue: list[dict[str, Any]] = []
    keywords: list[dict[str, Any]] = []
    at = 0.5
    for line in turns.splitlines():
        who, _, marked = line.partition(": ")
        channel, speaker = CHANNELS[who.strip()]
        plain, phrases, last = "", [], 0
        for mark in _MARK.finditer(marked):
            plain += marked[last : mark.start()]
            phrases.append((len(plain.split()), mark[1], mark[2], not mark[3]))
            plain, last = plain + mark[1], mark.end()
        plain += marked[last:]
        end = at + len(plain.split()) / WORDS_A_SECOND
        dialogue.append(
            {
                "channel": channel,
                "speaker": speaker,
                "text": plain,
                "start_s": round(at, 2),
                "end_s": round(end, 2),
                "style": "normal",
                "overlaps_previous": False,
            }
        )
        for before, phrase, category, asserted in phrases:
            start = at + before / WORDS_A_SECOND
            keywords.append(
                {
                    "phrase": phrase,
                    "category": category,
                    "channel": channel,
                    "start_s": round(start, 2),
                    "end_s": round(start + len(phrase.split()) / WORDS_A_SECOND, 2),
                    "asserted": asserted,
                    "time_quality": "estimated",
                }
            )
        at = end + PAUSE_S
    return dialogue, keywords


def address(at: Mapping[str, Any], places: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """Return the address; what is above the settlement follows from its code, as the classifier has it."""
    found: dict[str, object] = dict.fromkeys(ADDRESS)
    found.update({name: at[name] for name in ("street", "house", "flat", "landmark") if name in at})
    evidence = {name: "spoken" for name in ADDRESS if found[name] is not None}
    if "kato" in at:
        place = places[str(at["kato"])]
        region, district = places[place["kato"][:2] + "0" * 7], places.get(place["kato"][:4] + "0" * 5)
        named = f"{_TYPES.get(place['kind'], '')}{place['ru']}"
        found.update(region=region["ru"], settlement=named, kato=place["kato"])
        evidence |= {"region": "gazetteer", "settlement": "spoken"}
        if district is not None and district is not place and region is not place:
            found["district"], evidence["district"] = district["ru"], "gazetteer"
    found["evidence"] = evidence
    return found


if __name__ == "__main__":
    sys.exit(main())
