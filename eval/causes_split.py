"""Makes a folder for `qorgan eval causes` of one table and its mapping: train.csv before a day, test.csv from it on.

python -m eval.causes_split TABLE.csv.gz MAPPING.yaml DIR --at 2019-07-01
"""

import argparse
import csv
import gzip
import io
import shutil
from datetime import date, datetime
from pathlib import Path

from core.errors import InvalidInput
from pipelines.cases.mapping import CaseMapping, load_mapping


def split(table: Path, mapping_file: Path, folder: Path, at: date) -> tuple[int, int]:
    """Write train.csv, test.csv and mapping.yaml into `folder`; return how many rows each table got.

    Raises InvalidInput when the mapping has no date, the table lacks its column, or a day cannot be read.
    """
    mapping = load_mapping(mapping_file)
    if mapping.date is None:
        raise InvalidInput(f"the mapping {mapping.name!r} has no `date`", advice="name the column of the day")
    folder.mkdir(parents=True, exist_ok=True)
    raw = gzip.decompress(table.read_bytes()) if table.suffix == ".gz" else table.read_bytes()
    reader = csv.DictReader(io.StringIO(raw.decode(mapping.encoding or "utf-8-sig"), newline=""))
    header = list(reader.fieldnames or ())
    if mapping.date.column not in header:
        raise InvalidInput(f"{table.name} has no column {mapping.date.column!r}", advice="check the mapping")
    counts = [0, 0]
    train, test = folder / "train.csv", folder / "test.csv"
    with train.open("w", encoding="utf-8", newline="") as before, test.open("w", encoding="utf-8", newline="") as after:
        writers = [csv.DictWriter(stream, header) for stream in (before, after)]
        for writer in writers:
            writer.writeheader()
        for number, row in enumerate(reader, start=2):
            later = _day(mapping, row[mapping.date.column], number) >= at
            writers[later].writerow(row)
            counts[later] += 1
    shutil.copyfile(mapping_file, folder / "mapping.yaml")
    return counts[0], counts[1]


def _day(mapping: CaseMapping, text: str, row: int) -> date:
    assert mapping.date is not None
    try:
        if mapping.date.format == "iso":
            return datetime.fromisoformat(text.strip()).date()
        return datetime.strptime(text.strip(), mapping.date.format).date()  # noqa: DTZ007
    except ValueError as error:
        detail = f"row {row}, column {mapping.date.column!r}: no day in the format {mapping.date.format!r}"
        raise InvalidInput(detail, advice="mend the cell or the mapping's format") from error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("mapping", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at", type=date.fromisoformat, required=True)
    given = parser.parse_args()
    print("train, test rows:", *split(given.table, given.mapping, given.folder, given.at))  # noqa: T201
