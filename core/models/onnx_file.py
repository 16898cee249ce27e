"""Write a small ONNX model: enough of the format for a plain network, without the package `onnx`.

Field numbers are those of onnx/onnx.proto (IR version 8). What is written is a pure function of what is given, so
that checksums of converted models can be pinned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Attribute = int | str | tuple[int, ...]

_IR_VERSION = 8
_OPSET = 13
_FLOAT = 1
_TYPE_INT, _TYPE_STRING, _TYPE_INTS = 2, 3, 7


@dataclass(frozen=True)
class Node:
    """One operation; `output` is the name of what it gives."""

    operation: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Port:
    """An input or output of the network: float32; a dimension is a size, or a name where it is free."""

    name: str
    shape: tuple[int | str, ...]


def onnx_bytes(
    name: str, nodes: Sequence[Node], weights: "Mapping[str, NDArray[np.float32]]", source: Port, result: Port
) -> bytes:
    """Return the bytes of an ONNX file."""
    graph = b"".join(_bytes(1, _node(node)) for node in nodes)
    graph += _text(2, name)
    graph += b"".join(_bytes(5, _tensor(key, value)) for key, value in weights.items())
    graph += _bytes(11, _port(source)) + _bytes(12, _port(result))
    opset = _text(1, "") + _number(2, _OPSET)
    return _number(1, _IR_VERSION) + _text(2, "qorgan") + _bytes(7, graph) + _bytes(8, opset)


def _node(node: Node) -> bytes:
    message = b"".join(_text(1, name) for name in node.inputs) + _text(2, node.output) + _text(3, node.output)
    message += _text(4, node.operation)
    return message + b"".join(_bytes(5, _attribute(name, value)) for name, value in node.attributes.items())


def _attribute(name: str, value: Attribute) -> bytes:
    message = _text(1, name)
    if isinstance(value, int):
        return message + _number(3, value) + _number(20, _TYPE_INT)
    if isinstance(value, str):
        return message + _text(4, value) + _number(20, _TYPE_STRING)
    return message + b"".join(_number(8, item) for item in value) + _number(20, _TYPE_INTS)


def _tensor(name: str, values: "NDArray[np.float32]") -> bytes:
    message = b"".join(_number(1, size) for size in values.shape)
    return message + _number(2, _FLOAT) + _text(8, name) + _bytes(9, values.astype("<f4").tobytes())


def _port(port: Port) -> bytes:
    dims = b"".join(_bytes(1, _number(1, d) if isinstance(d, int) else _text(2, d)) for d in port.shape)
    tensor = _number(1, _FLOAT) + _bytes(2, dims)
    return _text(1, port.name) + _bytes(2, _bytes(1, tensor))


def _number(field_number: int, value: int) -> bytes:
    return _varint(field_number << 3) + _varint(value)


def _text(field_number: int, value: str) -> bytes:
    return _bytes(field_number, value.encode())


def _bytes(field_number: int, value: bytes) -> bytes:
    return _varint(field_number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
