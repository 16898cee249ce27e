"""Makes the sample acts in `samples/acts` from the texts in `samples/source`: plain text, DOCX and HTML.

Run from anywhere: `python samples/make_samples.py`. The same sources give the same content.

In a source, `# ` opens a line of the title, `## ` a heading, `|` a row of a table (the first is its header); any other
line is a paragraph. `[[old => new]]` is what an amendment changed: the superseded redaction holds the left side, the
redaction in force the right one; a line that is left empty is not there.
"""

import html
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH

FOLDER = Path(__file__).resolve().parent
_CHANGE = re.compile(r"\[\[(.*?) => (.*?)\]\]")
_FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)

Redaction = Literal["superseded", "current"]
Kind = Literal["title", "heading", "paragraph", "table"]


@dataclass(frozen=True)
class Part:
    """A paragraph, or a table with its rows."""

    kind: Kind
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def read_source(text: str, redaction: Redaction) -> Iterator[Part]:
    """Yield the parts of a source as they stand in one redaction."""
    rows: list[tuple[str, ...]] = []
    side = 1 if redaction == "superseded" else 2
    for raw in text.splitlines():
        line = _CHANGE.sub(lambda change: change.group(side), raw).strip()
        if line.startswith("|"):
            rows.append(tuple(line[1:].split("|")))
            continue
        if rows:
            yield Part("table", rows=tuple(rows))
            rows = []
        if line.startswith("## "):
            yield Part("heading", line[3:])
        elif line.startswith("# "):
            yield Part("title", line[2:])
        elif line:
            yield Part("paragraph", line)
    if rows:
        yield Part("table", rows=tuple(rows))


def to_text(parts: list[Part]) -> bytes:
    """Return plain text; the cells of a row are parted by ` | `."""
    lines = []
    for part in parts:
        if part.kind in ("title", "heading"):
            lines += ["", part.text, ""]
        elif part.kind == "table":
            lines += [" | ".join(row) for row in part.rows]
        else:
            lines.append(part.text)
    return ("\n".join(lines).strip() + "\n").encode()


def to_html(parts: list[Part], title: str) -> bytes:
    """Return an HTML page."""
    body = []
    for part in parts:
        if part.kind == "title":
            body.append(f'<p align="center"><b>{html.escape(part.text)}</b></p>')
        elif part.kind == "heading":
            body.append(f"<h3>{html.escape(part.text)}</h3>")
        elif part.kind == "table":
            rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in part.rows)
            body.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
        else:
            body.append(f"<p>{html.escape(part.text)}</p>")
    head = f'<meta charset="utf-8">\n<title>{html.escape(title)}</title>'
    page = f"<!DOCTYPE html>\n<html>\n<head>\n{head}\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    return page.encode()


def to_docx(parts: list[Part]) -> bytes:
    """Return a DOCX; the times inside are fixed, so that making it again changes nothing."""
    document = Document()
    for part in parts:
        if part.kind == "table":
            table = document.add_table(rows=0, cols=len(part.rows[0]))
            table.style = "Table Grid"
            for row in part.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
            continue
        paragraph = document.add_paragraph()
        run = paragraph.add_run(part.text)
        run.bold = part.kind in ("title", "heading")
        if part.kind == "title":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    made, fixed = BytesIO(), BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, _FIRST_ZIP_DATE), source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def parts_of(act: str, redaction: Redaction) -> list[Part]:
    """Return the Kazakh text of an act and, after it, the Russian one."""
    sources = [FOLDER / "source" / f"{act}.{language}.txt" for language in ("kk", "ru")]
    return [part for source in sources for part in read_source(source.read_text("utf-8"), redaction)]


def main() -> None:
    """Write all sample acts."""
    acts = FOLDER / "acts"
    acts.mkdir(exist_ok=True)
    (acts / "demo-1_2023.kk+ru.txt").write_bytes(to_text(parts_of("demo-1", "superseded")))
    (acts / "demo-1_2025.kk+ru.docx").write_bytes(to_docx(parts_of("demo-1", "current")))
    (acts / "demo-2_2025.kk+ru.html").write_bytes(to_html(parts_of("demo-2", "current"), "ДЕМО-2"))


if __name__ == "__main__":
    main()
