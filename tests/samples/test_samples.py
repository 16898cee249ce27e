"""The samples: the acts are what their sources make, both languages say the same, and every gold quote stands there."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from docx import Document

from core.settings import UploadSettings
from knowledge_base.clauses.metadata import Sidecar
from knowledge_base.clauses.parse import parse
from pipelines.acts.readers import read

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
ACTS = ("demo-1", "demo-2")


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_samples", SAMPLES / "make_samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _rows(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (SAMPLES / name).read_text("utf-8").splitlines()]


def _text_of(file: str) -> str:
    path = SAMPLES / "acts" / file
    if path.suffix == ".docx":
        document = Document(str(path))
        lines = [p.text for p in document.paragraphs]
        lines += [" | ".join(cell.text for cell in row.cells) for table in document.tables for row in table.rows]
        return "\n".join(lines)
    return path.read_text("utf-8")


def test_acts_are_what_their_sources_make(maker: ModuleType) -> None:
    superseded = maker.to_text(maker.parts_of("demo-1", "superseded"))
    assert (SAMPLES / "acts" / "demo-1_2023.kk+ru.txt").read_bytes() == superseded
    page = maker.to_html(maker.parts_of("demo-2", "current"), "ДЕМО-2")
    assert (SAMPLES / "acts" / "demo-2_2025.kk+ru.html").read_bytes() == page
    current = _text_of("demo-1_2025.kk+ru.docx")
    for part in maker.parts_of("demo-1", "current"):
        for text in [part.text, *(" | ".join(row) for row in part.rows)]:
            assert text in current


@pytest.mark.parametrize("act", ACTS)
def test_both_languages_have_the_same_clauses_and_numbers(maker: ModuleType, act: str) -> None:
    shapes = []
    for language in ("ru", "kk"):
        source = (SAMPLES / "source" / f"{act}.{language}.txt").read_text("utf-8")
        parts = list(maker.read_source(source, "current"))
        openings = [
            re.match(r"(\d+(?:-\d+)?[.)])? ?", part.text).group(1) for part in parts if part.kind == "paragraph"
        ]  # type: ignore[union-attr]
        tables = [[row[1:] for row in part.rows[1:]] for part in parts if part.kind == "table"]
        figures = [sorted(re.findall(r"\d+(?:[,:]\d+)?", part.text)) for part in parts if part.kind == "paragraph"]
        shapes.append((openings, tables, figures))
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("redaction", ["superseded", "current"])
def test_every_act_says_it_is_not_law(maker: ModuleType, act: str, redaction: str) -> None:
    titles = " ".join(part.text for part in maker.parts_of(act, redaction) if part.kind == "title")
    assert "без юридической силы" in titles
    assert "заңдық күші жоқ" in titles


def test_every_file_has_its_sidecar_row() -> None:
    rows = _rows("acts/acts.jsonl")
    files = {path.name for path in (SAMPLES / "acts").iterdir()} - {"acts.jsonl"}
    assert {row["file"] for row in rows} == files


def test_redactions_of_one_act_follow_each_other() -> None:
    old, new = (row for row in _rows("acts/acts.jsonl") if row["number"] == "ДЕМО-1")
    assert old["valid_to"] == new["valid_from"]


def test_gold_quotes_stand_in_their_files() -> None:
    questions = _rows("questions.jsonl")
    assert len(questions) == 20
    for question in questions:
        gold = question["gold"]
        assert isinstance(gold, list)
        assert bool(gold) is question["answerable"]
        for one in gold:
            assert one["quote"] in _text_of(one["file"]), question["id"]


@pytest.mark.parametrize("file", [row["file"] for row in _rows("acts/acts.jsonl")])
def test_acts_are_cut_without_loss_and_every_clause_has_its_twin(file: str) -> None:
    document = read(SAMPLES / "acts" / file, file, UploadSettings())
    sidecar = next(row for row in _rows("acts/acts.jsonl") if row["file"] == file)
    parsed = parse(document, Sidecar.from_mapping(sidecar))
    assert parsed.report.share_in_clauses == 1.0
    assert not parsed.report.missing_numbers
    assert not parsed.report.twins_not_tied
    assert all(clause.twin_id for clause in parsed.clauses)
    assert parsed.act.number == sidecar["number"]
    assert str(parsed.redaction.valid_from) == sidecar["valid_from"]
