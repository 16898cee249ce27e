"""Opens a table of cases: CSV, packed CSV, XLSX. Rows stream; what a file claims to be is checked by its bytes."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import InvalidInput, NotFound, NotReadable
from pipelines.cases.classifier import folded
from pipelines.cases.mapping import CaseMapping
from pipelines.cases.unpacking import Limited

Cell = str | int | float | bool | datetime | date | time | None
_SAMPLE_BYTES = 256 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_KAZAKH_1048 = "ҚқҺһҰұӘәӨөҒғҮүҢң".encode("kz1048")
"""Letters of Kazakh in the code page KZ-1048, where CP1251 has Serbian and Ukrainian ones; the two agree on Russian."""


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read at all; `detail` says why."""

    detail: str


class Table(Protocol):
    """A table with a header. `rows` gives the row's number as a spreadsheet shows it, and its cells."""

    kind: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]

    def rows(self) -> Iterator[tuple[int, Sequence[Cell] | BadRow]]:
        """Give the rows below the header, once."""
        ...

    def progress(self) -> float:
        """Return the share of the file that is read, 0..1."""
        ...


@contextmanager
def open_table(path: Path, mapping: CaseMapping, max_unpacked_bytes: int) -> Iterator[Table]:
    """Open the file and find its header.

    Raises `NotFound`, `NotReadable` (not a table, an old XLS, damaged), `InvalidInput` (columns that the mapping names
    are missing or stand twice), `TooLarge` (it unpacks to more than the limit).
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise NotFound(f"the file {path.name} cannot be read", advice="check the path") from error
    with raw:
        magic = raw.read(8)
        raw.seek(0)
        if magic.startswith(b"PK\x03\x04"):
            from pipelines.cases.workbooks import open_workbook

            with open_workbook(path, mapping.sheet, max_unpacked_bytes) as table:
                check_header(table.header, mapping)
                yield table
            return
        if magic.startswith(b"\xd0\xcf\x11\xe0"):
            raise NotReadable(f"{path.name} is a workbook of the old kind (XLS)", advice="save it as XLSX or CSV")
        packed = magic.startswith(b"\x1f\x8b")
        stream: BinaryIO = gzip.open(raw) if packed else raw  # type: ignore[assignment]  # noqa: SIM115
        try:
            yield _csv_table(path, raw, stream, packed, mapping, max_unpacked_bytes)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise NotReadable(f"{path.name} is a damaged gzip file", advice="pack it again") from error


def check_header(header: Sequence[str], mapping: CaseMapping) -> None:
    """Raise `InvalidInput` unless every column of the mapping stands in the header once."""
    names = [folded(name) for name in header]
    missing = sorted(column for column in mapping.columns if folded(column) not in names)
    if missing:
        raise InvalidInput(
            f"the file has no column {', '.join(map(repr, missing[:10]))}, which the mapping {mapping.name!r} names",
            advice=f"choose another mapping, or mend it; the file's columns: {', '.join(header)[:1000]}",
        )
    twice = sorted(column for column in mapping.columns if names.count(folded(column)) > 1)
    if twice:
        raise InvalidInput(f"the column {twice[0]!r} stands twice in the header", advice="rename one of them")


class CsvTable:
    """A CSV file."""

    kind = "csv"

    def __init__(self, text: io.TextIOWrapper, raw: BinaryIO, size: int, encoding: str, delimiter: str) -> None:
        self.encoding = encoding
        self.delimiter = delimiter
        self._raw = raw
        self._size = max(size, 1)
        self._reader = csv.reader(text, delimiter=delimiter)
        first = next(self._reader, [])
        if len(first) == 1 and first[0].lower().startswith("sep="):  # a line that Excel puts before the header
            first = next(self._reader, [])
        self.header = tuple(name.strip() for name in first)

    def rows(self) -> Iterator[tuple[int, Sequence[Cell] | BadRow]]:
        """Give the rows below the header, once."""
        number = 1
        while True:
            number += 1
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, BadRow(f"not CSV: {error}")
                continue
            if not row or not any(row):
                yield number, ()
            elif len(row) != len(self.header):
                yield number, BadRow(f"{len(row)} cells under {len(self.header)} columns")
            else:
                yield number, row

    def progress(self) -> float:
        """Return the share of the file that is read, 0..1."""
        return min(self._raw.tell() / self._size, 1.0)


def _csv_table(
    path: Path, raw: BinaryIO, stream: BinaryIO, packed: bool, mapping: CaseMapping, max_unpacked_bytes: int
) -> CsvTable:
    sample = stream.read(_SAMPLE_BYTES)
    stream.seek(0)
    if not sample.strip():
        raise InvalidInput(f"the file {path.name} is empty", advice="choose the file again")
    encoding = mapping.encoding or _encoding_of(sample)
    if encoding != "utf-16" and sample.count(0) * 20 > len(sample):
        raise NotReadable(f"{path.name} is not a table", advice="send CSV (also .csv.gz) or XLSX")
    head = sample.decode(_codec(encoding), errors="replace").lstrip("\ufeff")
    delimiter = mapping.delimiter or _delimiter_of(head, mapping)
    limited = Limited(stream, max_unpacked_bytes) if packed else stream
    errors = "replace" if encoding == "utf-16" else "surrogateescape"
    text = io.TextIOWrapper(limited, encoding=_codec(encoding), errors=errors, newline="")
    table = CsvTable(text, raw, path.stat().st_size, encoding, delimiter)
    check_header(table.header, mapping)
    return table


def _codec(encoding: str) -> str:
    return {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def _encoding_of(sample: bytes) -> str:
    """Tell UTF-16 by its mark, UTF-8 by being valid, and else a code page of Cyrillic."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        # The sample may end inside a letter: the decoder is told that more may come.
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=len(sample) < _SAMPLE_BYTES)
    except UnicodeDecodeError:
        return "kz1048" if any(byte in _KAZAKH_1048 for byte in sample) else "cp1251"
    return "utf-8"


def _delimiter_of(head: str, mapping: CaseMapping) -> str:
    """Choose the separator under which the header holds most of the mapping's columns."""
    wanted = {folded(column) for column in mapping.columns}

    def held(delimiter: str) -> int:
        for row in csv.reader(io.StringIO(head), delimiter=delimiter):
            if not (len(row) == 1 and row[0].lower().startswith("sep=")):
                return len(wanted & {folded(name) for name in row})
        return 0

    try:
        return max(_DELIMITERS, key=held)
    except csv.Error as error:
        raise NotReadable("the first line is not the header of a CSV file", advice="send CSV or XLSX") from error
