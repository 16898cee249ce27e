"""Read the variables of a TensorFlow checkpoint without TensorFlow.

A checkpoint ("tensor bundle") is two files. `variables.index` is a table of sorted strings in the format of LevelDB:
blocks of entries whose keys share prefixes, an index block, and a footer of 48 bytes with its place. Each value is a
`BundleEntryProto`: 1 dtype, 2 shape (2 dim (1 size)), 3 shard, 4 offset, 5 size. `variables.data-00000-of-00001`
holds the values themselves, little-endian. Sources: tensorflow/core/protobuf/tensor_bundle.proto and
tensorflow/core/lib/io/format.cc.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_DT_FLOAT = 1
_VARINT, _LENGTH_DELIMITED = 0, 2


@dataclass
class _Entry:
    dtype: int = 0
    shape: list[int] = field(default_factory=list)
    shard: int = 0
    offset: int = 0
    size: int = 0


def read_variables(index: bytes, data: bytes) -> "dict[str, NDArray[np.float32]]":
    """Return the float32 variables of a checkpoint of one shard, by name; others are left out.

    Raises:
        ModelError: the bytes are not such a checkpoint.
    """
    import numpy as np

    try:
        found = {}
        for name, entry in _entries(index):
            if entry.dtype != _DT_FLOAT or not name:
                continue
            if entry.shard != 0 or entry.offset + entry.size > len(data):
                raise ValueError(f"{name} lies outside the data")
            values = np.frombuffer(data, "<f4", entry.size // 4, entry.offset)
            found[name] = values.reshape(entry.shape).astype(np.float32)
    except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
        raise ModelError(
            f"the checkpoint cannot be read: {error}", advice="Run `qorgan models pull` again for this model."
        ) from error
    return found


def _entries(index: bytes) -> Iterator[tuple[str, _Entry]]:
    footer = index[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise ValueError("the index has no table footer")
    position = 0
    handle = []
    for _ in range(4):  # offset and size of the meta index, then of the index
        number, position = _varint(footer, position)
        handle.append(number)
    for _, place in _block(index, handle[2], handle[3]):
        offset, after = _varint(place, 0)
        size, _ = _varint(place, after)
        for key, value in _block(index, offset, size):
            yield key.decode("utf-8"), _entry(value)


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of one block; its trailer is a byte of compression (0: none) and a checksum."""
    if offset + size >= len(table) or table[offset + size] != 0:
        raise ValueError("a block is cut or compressed")
    block = table[offset : offset + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end = len(block) - 4 - 4 * restarts
    position = 0
    key = b""
    while position < end:
        shared, position = _varint(block, position)
        own, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + own]
        position += own
        yield key, block[position : position + length]
        position += length


def _entry(message: bytes) -> _Entry:
    entry = _Entry()
    for number, value in _fields(message):
        if number == 2 and isinstance(value, bytes):
            for dim_number, dim in _fields(value):
                if dim_number == 2 and isinstance(dim, bytes):
                    entry.shape.append(next((int(v) for n, v in _fields(dim) if n == 1 and isinstance(v, int)), 0))
        elif isinstance(value, int):
            match number:
                case 1:
                    entry.dtype = value
                case 3:
                    entry.shard = value
                case 4:
                    entry.offset = value
                case 5:
                    entry.size = value
    return entry


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield field numbers and values of a protobuf message."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        wire = key & 7
        if wire == _VARINT:
            number, position = _varint(message, position)
            yield key >> 3, number
            continue
        if wire == _LENGTH_DELIMITED:
            length, position = _varint(message, position)
        elif wire in {1, 5}:
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"unknown wire type {wire}")
        yield key >> 3, message[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")
