"""The converter of the sound model: on a checkpoint of our own making."""

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import ModelError
from core.models import yamnet
from core.models.onnx_file import Node, Port, onnx_bytes
from core.models.tensor_bundle import read_variables


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A LevelDB block whose keys share what they can, with its trailer."""
    out, before = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return out + struct.pack("<II", 0, 1)


def checkpoint(variables: dict[str, NDArray[np.float32]]) -> tuple[bytes, bytes]:
    """Index and data of a checkpoint that holds `variables`."""
    data = b""
    entries = [(b"", b"\x08\x01")]
    for name, values in sorted(variables.items()):
        dims = b"".join(b"\x12" + varint(len(varint(n)) + 1) + b"\x08" + varint(n) for n in values.shape)
        proto = b"\x08\x01\x12" + varint(len(dims)) + dims
        if data:
            proto += b"\x20" + varint(len(data))
        proto += b"\x28" + varint(values.nbytes) + b"\x35" + b"\0\0\0\0"
        entries.append((name.encode(), proto))
        data += values.astype("<f4").tobytes()
    first = block(entries)
    trailer = b"\0" * 5
    place = varint(0) + varint(len(first))
    index = block([(entries[-1][0], place)])
    handles = varint(0) + varint(0) + varint(len(first) + 5) + varint(len(index))
    footer = handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    return first + trailer + index + trailer + footer, data


def yamnet_variables() -> dict[str, NDArray[np.float32]]:
    """Random variables of the shapes YAMNet has."""
    random = np.random.default_rng(3)
    found: dict[str, NDArray[np.float32]] = {}

    def add(layer: int, name: str, *shape: int, low: float = -0.05, high: float = 0.05) -> None:
        path = f"layer-1/layer/_func/_yamnet/layer_with_weights-{layer}/{name}/.ATTRIBUTES/VARIABLE_VALUE"
        found[path] = random.uniform(low, high, shape).astype(np.float32)

    def normalisation(layer: int, channels: int) -> None:
        add(layer, "beta", channels)
        add(layer, "moving_mean", channels)
        add(layer, "moving_variance", channels, low=0.5, high=1.5)

    add(0, "kernel", 3, 3, 1, 32)
    normalisation(1, 32)
    channels = 32
    for number, wider in enumerate((64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)):
        add(2 + 4 * number, "depthwise_kernel", 3, 3, channels, 1)
        normalisation(3 + 4 * number, channels)
        add(4 + 4 * number, "kernel", 1, 1, channels, wider)
        normalisation(5 + 4 * number, wider)
        channels = wider
    add(54, "kernel", 1024, 521)
    add(54, "bias", 521)
    return found


def test_a_checkpoint_gives_back_what_was_put_in() -> None:
    variables = {"a/b": np.arange(6, dtype=np.float32).reshape(2, 3), "a/c": np.ones(200, np.float32)}
    found = read_variables(*checkpoint(variables))
    assert set(found) == set(variables)
    for name, values in variables.items():
        assert np.array_equal(found[name], values)


@pytest.mark.parametrize("cut", [0, 1, 40, 60])
def test_a_damaged_checkpoint_is_refused(cut: int) -> None:
    index, data = checkpoint({"a": np.ones(300, np.float32)})
    with pytest.raises(ModelError):
        read_variables(index[:cut], data)
    with pytest.raises(ModelError):
        read_variables(index, data[:100])


def test_a_written_network_computes_what_it_says() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    weights = {"w": np.arange(6, dtype=np.float32).reshape(3, 2), "b": np.asarray([1, -100], np.float32)}
    nodes = [Node("Gemm", ("x", "w", "b"), "y"), Node("Relu", ("y",), "z")]
    session = onnxruntime.InferenceSession(onnx_bytes("t", nodes, weights, Port("x", ("n", 3)), Port("z", ("n", 2))))
    x = np.asarray([[1, 2, 3], [0, 1, 0]], np.float32)
    assert np.allclose(session.run(None, {"x": x})[0], np.maximum(x @ weights["w"] + weights["b"], 0))


def test_the_converted_model_runs_and_is_the_same_each_time(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    index, data = checkpoint(yamnet_variables())
    (tmp_path / yamnet.INDEX_NAME).write_bytes(index)
    (tmp_path / yamnet.DATA_NAME).write_bytes(data)
    (tmp_path / yamnet.CLASSES_NAME).write_text("index,mid,display_name\n0,/m/09x0r,Speech\n")
    shares: list[float] = []
    for name in ("one", "two"):
        yamnet.convert(tmp_path, tmp_path / name, shares.append)
    written = tmp_path / "one" / yamnet.MODEL_NAME
    assert written.read_bytes() == (tmp_path / "two" / yamnet.MODEL_NAME).read_bytes()
    assert shares[-1] == 1.0
    scores = onnxruntime.InferenceSession(str(written)).run(
        None, {"patches": np.random.default_rng(1).normal(size=(2, 1, 96, 64)).astype(np.float32)}
    )[0]
    assert scores.shape == (2, 521)
    assert ((scores > 0) & (scores < 1)).all()


def test_another_checkpoint_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    index, data = checkpoint({"other": np.ones(3, np.float32)})
    (tmp_path / yamnet.INDEX_NAME).write_bytes(index)
    (tmp_path / yamnet.DATA_NAME).write_bytes(data)
    with pytest.raises(ModelError, match="layer_with_weights-0"):
        yamnet.convert(tmp_path, tmp_path / "out", lambda _: None)
