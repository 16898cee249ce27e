"""The made-up fires are what their script makes, and they can be imported."""

import importlib.util
import sys
from pathlib import Path

from pipelines.cases.classifier import causes
from pipelines.cases.importing import CaseImport
from pipelines.cases.mapping import load_mapping

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FIRES = SAMPLES / "cases" / "fires.csv"


def test_the_table_is_what_the_script_makes() -> None:
    spec = importlib.util.spec_from_file_location("make_cases", SAMPLES / "make_cases.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = maker
    spec.loader.exec_module(maker)
    lines = [",".join(maker.COLUMNS)] + [row["номер"] for row in maker.rows()]
    written = FIRES.read_text("utf-8").splitlines()
    assert written[0] == lines[0]
    assert [line.split(",")[0] for line in written[1:]] == lines[1:]
    assert maker.rows() == maker.rows()


def test_they_are_imported_with_causes_of_the_classifier() -> None:
    reading = CaseImport(FIRES, load_mapping(SAMPLES / "cases" / "mapping.yaml"))
    cases = list(reading)
    assert len(cases) == reading.report.rows == 600
    assert set(reading.report.issues) <= {"contradiction"}
    closed = {case.cause for case in cases if case.cause}
    assert len(closed) == 9
    assert closed <= set(causes().codes)
    assert all(case.title.startswith("Демонстрационный случай") for case in cases)
