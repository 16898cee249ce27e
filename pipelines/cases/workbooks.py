"""XLSX: read row by row, never calculated. A formula gives the value stored with it; macros are not looked at."""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidInput, NotReadable, TooLarge
from pipelines.cases.tables import BadRow, Cell

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

_MOST_COLUMNS = 2000
_CHUNK = 1024 * 1024
_ADVICE = "save it again as XLSX, or as CSV"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    SyntaxError,
    EOFError,
)
"""What openpyxl lets through from a damaged file."""
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NAME?", "#NULL!"})


class SheetTable:
    """One sheet of a workbook."""

    kind = "xlsx"
    encoding = ""
    delimiter = ""

    def __init__(self, sheet: "ReadOnlyWorksheet", formulas: "ReadOnlyWorksheet | None") -> None:
        self._total = max(int(sheet.max_row or 0), 1)
        for one in (sheet, formulas):
            if one is not None:
                one.reset_dimensions()  # what a file says of its size may be wrong
        self._rows = sheet.iter_rows(values_only=True)
        self._formulas = formulas.iter_rows(values_only=True) if formulas is not None else None
        self._read = 0
        first = self._next()
        while first is not None and not any(cell is not None for cell in first[0]):
            first = self._next()
        cells = list(first[0]) if first else []
        while cells and cells[-1] is None:
            cells.pop()
        self.header = tuple("" if cell is None else str(cell).strip() for cell in cells[:_MOST_COLUMNS])
        if not self.header:
            raise InvalidInput("the sheet is empty", advice="name another one under `sheet` in the mapping")

    def rows(self) -> Iterator[tuple[int, Sequence[Cell] | BadRow]]:
        """Give the rows below the header, once."""
        width = len(self.header)
        while (read := self._next()) is not None:
            values, formulas = read
            cells = [*values[:width], *repeat(None, width - len(values))]
            beyond = [cell for cell in values[width:] if cell is not None]
            uncounted = [i for i in range(min(width, len(formulas))) if cells[i] is None and formulas[i] is not None]
            if beyond:
                yield self._read, BadRow("there are cells beyond the last column of the header")
            elif uncounted:
                column = self.header[uncounted[0]]
                yield (
                    self._read,
                    BadRow(f"the formula under {column!r} has no stored value: save the workbook in its program"),
                )
            elif all(cell is None for cell in cells):
                yield self._read, ()
            else:
                yield self._read, [None if cell in _ERRORS else cell for cell in cells]

    def progress(self) -> float:
        """Return the share of the rows that is read, 0..1."""
        return min(self._read / self._total, 1.0)

    def _next(self) -> tuple[tuple[Cell, ...], tuple[Cell, ...]] | None:
        try:
            values = next(self._rows, None)
            formulas = next(self._formulas, ()) if self._formulas is not None else ()
        except _DAMAGE as error:
            raise NotReadable(f"the sheet is damaged after row {self._read}", advice=_ADVICE) from error
        if values is None:
            return None
        self._read += 1
        return values, formulas


@contextmanager
def open_workbook(path: Path, sheet: str | None, max_unpacked_bytes: int) -> Iterator[SheetTable]:
    """Open a sheet, the first one unless named. Raises `NotReadable`, `InvalidInput`, `TooLarge`."""
    import openpyxl

    has_formulas = _look_inside(path, max_unpacked_bytes)
    with ExitStack() as stack:
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            stack.callback(book.close)
            names = [one.title for one in book.worksheets]
            written = None
            if has_formulas:
                written = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
                stack.callback(written.close)
        except _DAMAGE as error:
            raise NotReadable(f"{path.name} is not a readable workbook", advice=_ADVICE) from error
        if not names or (sheet is not None and sheet not in names):
            raise InvalidInput(f"the workbook has no sheet {sheet or ''!r}", advice=f"its sheets: {names}"[:500])
        name = sheet or names[0]
        yield SheetTable(book[name], written[name] if written is not None else None)


def _look_inside(path: Path, max_unpacked_bytes: int) -> bool:
    """Tell whether a sheet holds formulas. Raises `NotReadable`, and `TooLarge` before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > max_unpacked_bytes:
                raise TooLarge(
                    f"the workbook unpacks to more than {max_unpacked_bytes} bytes",
                    advice="split it, or raise cases.max_unpacked_bytes",
                )
            if not any(member.filename == "xl/workbook.xml" for member in members):
                raise NotReadable(f"{path.name} is a ZIP archive, not a workbook", advice="send CSV or XLSX")
            found = False
            for member in members:
                if not member.filename.endswith((".xml", ".rels")):
                    continue
                with archive.open(member) as part:
                    if b"<!DOCTYPE" in part.read(4096):
                        raise NotReadable(f"{path.name} declares entities", advice="save it again as XLSX")
                if not found and member.filename.startswith("xl/worksheets/"):
                    found = _holds(archive, member, b"<f")
            return found
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise NotReadable(f"{path.name} is a damaged workbook", advice="save it again as XLSX or CSV") from error


def _holds(archive: zipfile.ZipFile, member: zipfile.ZipInfo, tag: bytes) -> bool:
    """Tell whether a sheet's XML has the tag `<f>`."""
    with archive.open(member) as part:
        end = b""
        while chunk := part.read(_CHUNK):
            text = end + chunk
            if any(tag + closing in text for closing in (b">", b" ", b"/")):
                return True
            end = text[-4:]
    return False
