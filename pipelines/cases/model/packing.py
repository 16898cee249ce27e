"""A model of causes as bytes: a NumPy archive of arrays and one JSON text. Nothing in it can run."""

import io
import json
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from pipelines.cases.model.encoding import read_encoder
from pipelines.cases.model.learned import LearnedModel, View
from pipelines.cases.model.likeness import read_likeness
from pipelines.cases.model.networks import read_networks

FORMAT = 1
_ABOUT = "about"


def pack(model: LearnedModel) -> bytes:
    """Return the model as bytes, for a blob; `unpack` makes the same model of them."""
    views = [
        {
            "facts": list(view.facts),
            "encoder": view.encoder.as_json(),
            "temperature": view.temperature,
            "network_share": view.network_share,
        }
        for view in model.views
    ]
    about = {
        "format": FORMAT,
        "version": model.version,
        "causes": list(model.causes),
        "coverage": model.coverage,
        "threshold": model.threshold,
        "views": views,
    }
    arrays: dict[str, NDArray[np.generic]] = {
        _ABOUT: np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8)
    }
    for number, view in enumerate(model.views):
        arrays |= {f"{number}.networks.{name}": array for name, array in view.networks.arrays().items()}
        arrays |= {f"{number}.likeness.{name}": array for name, array in view.likeness.arrays().items()}
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def unpack(content: bytes) -> LearnedModel:
    """Return the model. Raises `ModelError` when the bytes are not a model of this format."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(arrays.pop(_ABOUT).tobytes())
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']}")
        views = tuple(_view(row, number, arrays) for number, row in enumerate(about["views"]))
        return LearnedModel(
            about["version"], tuple(about["causes"]), float(about["coverage"]), float(about["threshold"]), views
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"the stored model of causes cannot be read ({type(error).__name__})",
            advice="activate another version, or train again: `qorgan cases train`",
        ) from error


def _view(row: Mapping[str, object], number: int, arrays: Mapping[str, NDArray[np.float32]]) -> View:
    def part(name: str) -> dict[str, NDArray[np.float32]]:
        start = f"{number}.{name}."
        return {key[len(start) :]: array for key, array in arrays.items() if key.startswith(start)}

    encoder, facts = row["encoder"], row["facts"]
    if not isinstance(encoder, dict) or not isinstance(facts, list):
        raise TypeError("a view without an encoder")
    return View(
        tuple(facts),
        read_encoder(encoder),
        read_networks(part("networks")),
        read_likeness({**part("likeness")}),
        float(str(row["temperature"])),
        float(str(row["network_share"])),
    )
