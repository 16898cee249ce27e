"""A kept sound as a response: whole, or the range of bytes a player asks for."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from core.blobs import BlobStore

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_PIECE = 256 * 1024
_TYPE = "audio/wav"


def sound_response(blobs: BlobStore, digest: str, asked: str | None) -> Response:
    """Return the WAV, or the one range of it that `asked` (the header Range) names; 416 when it is outside.

    Several ranges at once, or something that is no range, give the whole (RFC 9110, 14.2).
    """
    size = blobs.size(digest)
    found = _RANGE.fullmatch((asked or "").strip())
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if found is None or found[0] == "bytes=-":
        headers["Content-Length"] = str(size)
        return StreamingResponse(_pieces(blobs.open(digest), 0, size), 200, headers, _TYPE)
    if found[1]:
        start, end = int(found[1]), min(int(found[2]) if found[2] else size - 1, size - 1)
    else:
        start, end = max(size - int(found[2]), 0), size - 1
    if start > end or start >= size:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers |= {"Content-Range": f"bytes {start}-{end}/{size}", "Content-Length": str(end - start + 1)}
    return StreamingResponse(_pieces(blobs.open(digest), start, end - start + 1), 206, headers, _TYPE)


def _pieces(stream: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    with stream:
        stream.seek(start)
        while length > 0 and (piece := stream.read(min(_PIECE, length))):
            length -= len(piece)
            yield piece
