"""Real acts: shares, counts and quotes. Needs the evaluation data beside the checkout."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from core.settings import UploadSettings
from knowledge_base.clauses import ParsedAct, Sidecar, label, parse, parse_path, visible_steps

pytestmark = [pytest.mark.shared, pytest.mark.slow]


@cache
def load(folder: Path, file: str) -> ParsedAct:
    from pipelines.acts.readers import read

    rows = [json.loads(line) for line in (folder / "acts" / "acts.jsonl").read_text(encoding="utf-8").splitlines()]
    sidecar = next(Sidecar.from_mapping(row) for row in rows if row["file"] == file)
    return parse(read(folder / "acts" / file, file, UploadSettings()), sidecar)


def fold(text: str) -> str:
    return re.sub(r"[\s|\u00ad–—-]+", "", text.casefold())


FILES = {
    "СН РК 2.02-02-2023": "SN_RK_2.02-02-2023.kk+ru.pdf",
    "СП РК 2.02-101-2022": "SP_RK_2.02-101-2022.ru.pdf",
    "КоАП РК № 235-V": "KoAP_235-V.docx.txt",
    "Приказ МВД РК № 928 от 16.11.2015 (V1500012441)": "V1500012441.27-09-2022.rus.docx",
}


@pytest.mark.parametrize("file", FILES.values())
def test_nearly_all_of_the_source_is_in_clauses(shared_data: Path, file: str) -> None:
    report = load(shared_data / "regulations", file).report
    assert report.share_in_clauses >= 0.98
    assert report.duplicates == ()
    assert len(report.missing_numbers) <= 6


def test_quotes_stand_in_one_clause(shared_data: Path) -> None:
    folder = shared_data / "regulations"
    questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    golds = [gold for question in questions for gold in question["gold"]]
    texts = {doc: [fold(clause.text) for clause in load(folder, file).clauses] for doc, file in FILES.items()}
    found = sum(any(fold(gold["quote"]) in text for text in texts[gold["doc"]]) for gold in golds)
    assert found >= 0.96 * len(golds)


def test_parallel_clauses_are_twins(shared_data: Path) -> None:
    folder = shared_data / "regulations"
    act = load(folder, FILES["СН РК 2.02-02-2023"])
    pairs = [json.loads(x) for x in (folder / "kk_ru_clause_pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    numbers = {clause.id: clause.number for clause in act.clauses}
    tied = {clause.number for clause in act.clauses if clause.twin_id and numbers[clause.twin_id] == clause.number}
    assert sum(pair["clause"] in tied for pair in pairs) >= 0.99 * len(pairs)


@pytest.mark.parametrize("file", FILES.values())
def test_labels_are_read_back(shared_data: Path, file: str) -> None:
    clauses = [c for c in load(shared_data / "regulations", file).clauses if c.number and c.level.value != "preamble"]
    cited = [c for c in clauses if c.level.value not in ("part", "chapter", "section")]
    same = sum(parse_path(label(c)) == tuple(s for s in visible_steps(c.path) if s.number) for c in cited)
    assert same >= 0.99 * len(cited)
