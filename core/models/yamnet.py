"""Turn the TensorFlow checkpoint of YAMNet into an ONNX network.

YAMNet (Apache-2.0, github.com/tensorflow/models/tree/master/research/audioset/yamnet) is MobileNet v1 over patches of
96 frames x 64 log-mel bands, with 521 independent classes of AudioSet. Its layers, strides and the normalisation
(epsilon 1e-4, no scale) are those of `yamnet.py` and `params.py` there. Each batch normalisation is folded into the
convolution before it. Everything written is a pure function of the input bytes.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ModelError
from core.models.onnx_file import Node, Port, onnx_bytes
from core.models.tensor_bundle import read_variables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INDEX_NAME = "variables.index"
DATA_NAME = "variables.data-00000-of-00001"
CLASSES_NAME = "yamnet_class_map.csv"
MODEL_NAME = "model.onnx"

PATCH_FRAMES = 96
MEL_BANDS = 64
CLASSES = 521

_SEPARABLE_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
_EPSILON = 1e-4
_PREFIX = "layer-1/layer/_func/_yamnet/layer_with_weights-"
_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


def convert(raw: Path, folder: Path, report: Callable[[float], None]) -> None:
    """Write `model.onnx` and the class map to `folder` from the checkpoint in `raw`.

    The network takes `patches`, float32 (n, 1, 96, 64), and gives `scores`, float32 (n, 521), 0..1.

    Raises:
        ModelError: the checkpoint is not YAMNet's.
    """
    variables = read_variables((raw / INDEX_NAME).read_bytes(), (raw / DATA_NAME).read_bytes())
    report(0.3)
    try:
        nodes, weights = _network(variables)
    except KeyError as error:
        raise ModelError(
            f"the checkpoint has no {error}, which YAMNet has", advice="Correct the model's `take` in the manifest."
        ) from error
    report(0.6)
    folder.mkdir(parents=True, exist_ok=True)
    source = Port("patches", ("n", 1, PATCH_FRAMES, MEL_BANDS))
    (folder / MODEL_NAME).write_bytes(onnx_bytes("yamnet", nodes, weights, source, Port("scores", ("n", CLASSES))))
    shutil.copyfile(raw / CLASSES_NAME, folder / CLASSES_NAME)
    report(1.0)


def _network(variables: "dict[str, NDArray[np.float32]]") -> "tuple[list[Node], dict[str, NDArray[np.float32]]]":
    import numpy as np

    nodes: list[Node] = []
    weights: dict[str, NDArray[np.float32]] = {}

    def variable(layer: int, name: str) -> "NDArray[np.float32]":
        return variables[f"{_PREFIX}{layer}/{name}{_SUFFIX}"]

    def convolve(layer: int, kernel: "NDArray[np.float32]", stride: int, groups: int) -> None:
        """Add one convolution with its normalisation (the next layer) and its rectifier."""
        deviation = np.sqrt(variable(layer + 1, "moving_variance") + np.float32(_EPSILON))
        name = f"conv{layer}"
        weights[f"{name}.weight"] = kernel / deviation[:, None, None, None]
        weights[f"{name}.bias"] = variable(layer + 1, "beta") - variable(layer + 1, "moving_mean") / deviation
        size = kernel.shape[2]
        attributes: dict[str, int | str | tuple[int, ...]] = {
            "auto_pad": "SAME_UPPER",
            "group": groups,
            "kernel_shape": (size, size),
            "strides": (stride, stride),
        }
        before = nodes[-1].output if nodes else "patches"
        nodes.append(Node("Conv", (before, f"{name}.weight", f"{name}.bias"), name, attributes))
        nodes.append(Node("Relu", (name,), f"{name}.relu"))

    convolve(0, variable(0, "kernel").transpose(3, 2, 0, 1), stride=2, groups=1)
    for number, stride in enumerate(_SEPARABLE_STRIDES):
        layer = 2 + 4 * number
        depthwise = variable(layer, "depthwise_kernel").transpose(2, 3, 0, 1)
        convolve(layer, depthwise, stride=stride, groups=depthwise.shape[0])
        convolve(layer + 2, variable(layer + 2, "kernel").transpose(3, 2, 0, 1), stride=1, groups=1)
    last = 2 + 4 * len(_SEPARABLE_STRIDES)
    weights["dense.weight"] = variable(last, "kernel")
    weights["dense.bias"] = variable(last, "bias")
    nodes.append(Node("GlobalAveragePool", (nodes[-1].output,), "pooled"))
    nodes.append(Node("Flatten", ("pooled",), "embedding", {"axis": 1}))
    nodes.append(Node("Gemm", ("embedding", "dense.weight", "dense.bias"), "logits"))
    nodes.append(Node("Sigmoid", ("logits",), "scores"))
    return nodes, weights
