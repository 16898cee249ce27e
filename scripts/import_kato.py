"""Makes `pipelines/calls/place/kato.csv.gz` from a table of the classifier КАТО (НК РК 11).

    python scripts/import_kato.py kato.csv pipelines/calls/place/kato.csv.gz

The table given has the columns kato, kato_version, level (oblast, district, sub_district, settlement), type_code,
name_ru, name_kk, as the public extracts of the classifier of the Bureau of National Statistics do. Names of places and
their codes are facts of an official document. What is left out: rural districts (с.о.), which nobody names on the
telephone. What is made: the kind of a place as a word of ours, the name without its abbreviation. The same table gives
the same bytes.
"""

import csv
import gzip
import io
import re
import sys
from pathlib import Path

KINDS = (
    (r"г\.\s*", "city"),
    (r"п\.\s*", "township"),
    (r"с\.\s*им\.\s*", "village"),
    (r"с\.\s*", "village"),
    (r"отг\.ст\.|ст\.\s*", "station"),
    (r"рзд\.?\s*", "siding"),
    (r"уч\.\s*|участок\s+", "site"),
    (r"зимовка\s*", "wintering"),
)
KAZAKH_TAIL = re.compile(
    r"\s+(?:облысы|атын\.?\s*ауданы|ауданы|Қ\.Ә\.|Г\.А\.|қ\.|ќ\.|к\.|атын\.?\s*а\.|а\.|ст\.|р\.|рзд\.?|ж\.|уч\.|қыстауы)$"
)
RURAL_DISTRICT = re.compile(r"(?:^|\s)(?:с\.о|с\.а|п\.а|г\.а|р\.а)\.?(?:\s|$|[А-ЯӘҒҚҢӨҰҮІ]|им)")


def place_of(row: dict[str, str]) -> tuple[str, str, str, str] | None:
    """Return (kato, kind, ru, kk), or None for a rural district."""
    code, level, ru = row["kato"], row["level"], " ".join(row["name_ru"].split())
    kk = KAZAKH_TAIL.sub("", " ".join(row["name_kk"].split()))
    if level == "oblast":
        return (code, "capital", ru.removeprefix("г."), kk) if ru.startswith("г.") else (code, "region", ru, kk)
    if level == "district":
        if ru.endswith("Г.А."):
            return code, "city_area", ru, kk
        return code, "district", ru.replace("Район", "район").replace("район им.", "район имени "), kk
    if "район" in ru and re.fullmatch(r"район .*|.*ский район", ru):
        return code, "city_district", ru.replace("район им.", "район имени "), kk
    if RURAL_DISTRICT.search(ru):
        return None
    for prefix, kind in KINDS:
        if match := re.match(prefix, ru):
            return code, kind, ru[match.end() :], kk
    return code, "other", ru, kk


def main(source: Path, target: Path) -> None:
    """Write the table of places to `target`."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("kato", "kind", "ru", "kk"))
    for row in rows:
        if (place := place_of(row)) is not None and place[2]:
            writer.writerow((*place[:3], "" if place[3] == place[2] else place[3]))
    with target.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
        packed.write(text.getvalue().encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
