"""Bytes of unknown encoding -> text, also where one file mixes encodings."""

import codecs
from collections.abc import Sequence

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE_BYTE = ("cp1251", "kz1048", "koi8_r", "cp866", "mac_cyrillic")  # what Russian and Kazakh files come in
_COMMON = frozenset("оеаинтсрвлкмдпыуяіғқңөүұәһ ОЕАИНТС")
_CONTROLS = frozenset(range(32)) - {0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1B}
_MOST_CONTROLS = 0.002


def is_binary(data: bytes) -> bool:
    """Whether the bytes are no text of any encoding we know."""
    sample = data[:65536]
    if sample.startswith(tuple(bom for bom, _ in _BOMS)) or _wide_encoding(sample):
        return False
    return sum(byte in _CONTROLS for byte in sample) > _MOST_CONTROLS * len(sample)


def decode(data: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding, "a+b" where lines are in two."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, errors="replace"), name.removesuffix("-sig")
    wide = _wide_encoding(data[:65536])
    if wide:
        return data.decode(wide, errors="replace"), wide
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_lines(data.splitlines(keepends=True))


def _wide_encoding(sample: bytes) -> str:
    """UTF-16 without a mark: the high bytes of its letters take very few values."""
    if len(sample) < 8:
        return ""
    even, odd = sample[0::2], sample[1::2]
    for high, name in ((odd, "utf-16-le"), (even, "utf-16-be")):
        share = sum(byte in (0x00, 0x04, 0x20) for byte in high) / len(high)
        if share > 0.95 and len(set(high)) <= 8 and (high.count(0) or high.count(4)):
            return name
    return ""


def _decode_lines(lines: Sequence[bytes]) -> tuple[str, str]:
    """Lines that are valid UTF-8 are read so, all others in the one single-byte encoding that suits them best."""
    foreign = [line for line in lines if not _is_utf8(line)]
    single = _single_byte(b"".join(foreign))
    text = "".join(line.decode("utf-8" if _is_utf8(line) else single, errors="replace") for line in lines)
    has_utf8 = any(_is_utf8(line) and not line.isascii() for line in lines)
    return text, f"utf-8+{single}" if has_utf8 else single


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _single_byte(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = max(_SINGLE_BYTE, key=lambda name: _cyrillic_score(data, name))
    if _cyrillic_score(data, best) > 0.5:
        return best
    guess = from_bytes(data[:65536]).best()
    return guess.encoding if guess is not None else "cp1251"


def _cyrillic_score(data: bytes, name: str) -> float:
    """Share of the bytes over 127 that become the commonest small letters, less those that become rare signs."""
    high = bytes(byte for byte in data[:65536] if byte > 127)
    if not high:
        return 0.0
    text = high.decode(name, errors="replace")
    common = sum(char in _COMMON for char in text)
    odd = sum(not char.isalpha() and char not in "«»–—№“”…§°\u00a0·±" for char in text)
    return (common - 3 * odd) / len(text)
