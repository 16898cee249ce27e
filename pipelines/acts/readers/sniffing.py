"""What kind of file the bytes are. The name is not believed."""

import io
import re
import zipfile
from pathlib import PurePath
from typing import Literal

from core.errors import NotReadable, TooLarge
from core.settings import UploadSettings
from pipelines.acts.readers.decoding import decode, is_binary

Kind = Literal["pdf", "docx", "html", "text"]

_ADVICE = "Load a PDF, a DOCX, an HTML page or a plain text."
_HTML = re.compile(
    r"<!doctype html|<html[\s>]|<body[\s>]|<(?:div|p|table|article)(?:\s[^<>]*)?>.*</", re.IGNORECASE | re.DOTALL
)
_OTHERS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office file (DOC or XLS)", "Save it as DOCX or PDF."),
    (b"{\\rtf", "an RTF file", "Save it as DOCX or PDF."),
    (b"\x89PNG", "a PNG picture", "Put the pages into one PDF."),
    (b"\xff\xd8\xff", "a JPEG picture", "Put the pages into one PDF."),
    (b"II*\x00", "a TIFF picture", "Put the pages into one PDF."),
    (b"MM\x00*", "a TIFF picture", "Put the pages into one PDF."),
    (b"AT&TFORM", "a DjVu file", "Convert it to PDF."),
    (b"Rar!", "a RAR archive", "Unpack it and load the files one by one."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it and load the files one by one."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it and load the files one by one."),
)
_BIGGEST_RATIO = 200.0  # of a member's size to its packed size; office XML packs to about 1:10
_RATIO_FROM_BYTES = 8 * 1024 * 1024  # members smaller than this cannot do harm
_MOST_MEMBERS = 20_000


def sniff(data: bytes, name: str, limits: UploadSettings) -> Kind:
    """Return the kind of the file by its content.

    Raises NotReadable, saying what the file seems to be, for a kind that is not read, and TooLarge for a packed file
    that would unpack to more than `max_unpacked_bytes`.
    """
    if not data.strip(b"\x00 \r\n\t"):
        raise NotReadable("The file is empty.", advice="Get the file again from its source.")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if PurePath(name).suffix.lower() == ".pdf":
        raise NotReadable(
            f"The file is named as a PDF but is {_describe(data)}.",
            advice="Get the PDF again from its source, or give the file its right name. " + _ADVICE,
        )
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(data, limits)
    for signature, what, advice in _OTHERS:
        if data.startswith(signature):
            raise NotReadable(f"The file is {what}.", advice=advice)
    if is_binary(data):
        raise NotReadable("The file is binary data of an unknown kind.", advice=_ADVICE)
    head = decode(data[:16384])[0].lstrip("\ufeff \r\n\t")
    if _HTML.search(head):
        return "html"
    if head.startswith("<?xml"):
        raise NotReadable("The file is XML of a kind that is not read.", advice=_ADVICE)
    return "text"


def _describe(data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        return "a ZIP package"
    for signature, what, _ in _OTHERS:
        if data.startswith(signature):
            return what
    if is_binary(data):
        return "binary data of an unknown kind"
    return "an HTML page" if _HTML.search(decode(data[:16384])[0]) else "plain text"


def _sniff_zip(data: bytes, limits: UploadSettings) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
    except zipfile.BadZipFile as error:
        raise NotReadable(
            "The packed file (DOCX or ZIP) is damaged or cut short.", advice="Get the file again from its source."
        ) from error
    check_unpacked_size(members, limits)
    names = {member.filename for member in members}
    if "word/document.xml" in names:
        return "docx"
    if any(n.startswith("xl/") for n in names):
        raise NotReadable("The file is an Excel workbook.", advice="Save it as PDF or DOCX.")
    if any(n.startswith("ppt/") for n in names):
        raise NotReadable("The file is a PowerPoint presentation.", advice="Save it as PDF.")
    if "content.xml" in names:
        raise NotReadable("The file is an OpenDocument file.", advice="Save it as DOCX or PDF.")
    if any(n.startswith("word/") for n in names):
        raise NotReadable(
            "The DOCX has no word/document.xml: its text is missing.", advice="Open it in an editor and save it again."
        )
    raise NotReadable("The file is a ZIP archive.", advice="Unpack it and load the files one by one.")


def check_unpacked_size(members: list[zipfile.ZipInfo], limits: UploadSettings) -> None:
    """Refuse a package by what its directory declares; what is really unpacked is counted again while reading."""
    advice = "Load it in parts, or raise the setting uploads.max_unpacked_bytes."
    total = sum(member.file_size for member in members)
    if total > limits.max_unpacked_bytes:
        raise TooLarge(
            f"The file unpacks to {total} bytes, over the limit of {limits.max_unpacked_bytes}.", advice=advice
        )
    if len(members) > _MOST_MEMBERS:
        raise TooLarge(f"The file packs {len(members)} files, more than any document.", advice=advice)
    for member in members:
        if member.file_size > _RATIO_FROM_BYTES and member.file_size > _BIGGEST_RATIO * max(1, member.compress_size):
            raise TooLarge(
                f"A part of the file unpacks to {member.file_size} bytes from {member.compress_size}: "
                "no document packs so well.",
                advice="Open it in an editor and save it again.",
            )
