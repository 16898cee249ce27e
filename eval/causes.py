"""`qorgan eval causes`: trains on a set's train.csv, measures on its test.csv beside baselines of the same facts."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.case_records import FireCase
from core.errors import InvalidInput
from core.settings import Settings
from eval.causes_baselines import labels_of, most_frequent, one_hot_regression
from eval.metrics import Measure, mean, statistic
from pipelines.cases.importing import CaseImport
from pipelines.cases.mapping import CaseMapping, load_mapping
from pipelines.cases.model.calibration import calibration_error, in_set
from pipelines.cases.model.encoding import Matrix
from pipelines.cases.model.learned import LearnedModel
from pipelines.cases.model.training import nested, train

Say = Callable[[str], None]
Labels = NDArray[np.int64]

LEAST_FOR_RECALL = 20
_TIMED = 200


@dataclass(frozen=True)
class Judged:
    """Probabilities of the test cases on one list of facts by one method, with its sets; shape (n, causes)."""

    chances: Matrix
    labels: Labels
    sets: NDArray[np.bool_] | None = None

    def top(self, k: int) -> NDArray[np.float64]:
        """Return per case whether the true cause is among the first k: 1 or 0."""
        first = np.argsort(-self.chances, axis=1, kind="stable")[:, :k]
        hits: Matrix = (first == self.labels[:, None]).any(axis=1).astype(np.float64)
        return hits


def run(data: Path, settings: Settings, out: Path | None = None, say: Say = lambda _: None) -> dict[str, object]:
    """Measure a set and return the result that is also written to `out`.

    Raises InvalidInput when the folder is not in the format of `docs/eval-formats.md`.
    """
    del settings  # nothing of a deployment changes what is measured
    mapping = load_mapping(data / "mapping.yaml")
    known, test = (_cases(data, name, mapping, say) for name in ("train", "test"))
    lists = {name: mapping.list_of(name) for name in ("scene", "full", *mapping.lists)}
    started = time.perf_counter()
    trained = train(known, nested([*lists.values()]), say=say)
    training_s = time.perf_counter() - started
    model = trained.model
    metrics: dict[str, Measure] = {}
    for name, facts in lists.items():
        say(f"measuring {name}: {len(facts)} facts")
        metrics |= measure(name, facts, known, test, model)
    metrics["suggestion_p95_ms"] = _latency(model, test)
    metrics["training_s"] = Measure(training_s, len(known), training_s, training_s)
    result: dict[str, object] = {
        "task": "causes",
        "metrics": {name: round(m.value, 4) for name, m in metrics.items()},
        "intervals": {name: m.as_json() for name, m in metrics.items()},
        "versions": {"model": model.version, "data": trained.data_hash, "mapping": mapping.name},
        "cases": _case_rows(model, lists["full"], test),
    }
    if out is not None:
        out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return result


def _cases(data: Path, name: str, mapping: CaseMapping, say: Say) -> list[FireCase]:
    path = next((p for p in (data / f"{name}.csv", data / f"{name}.csv.gz") if p.exists()), None)
    if path is None:
        raise InvalidInput(f"{data} has no {name}.csv(.gz)", advice="see docs/eval-formats.md for the format")
    reader = CaseImport(path, mapping)
    cases = [case for case in reader if case.cause is not None]
    report = reader.report
    left = sum(report.excluded.values())
    say(f"{name}: {len(cases)} closed cases of {report.rows} rows; {left} excluded, {report.refused} refused")
    if not cases:
        raise InvalidInput(f"{path.name} has no case with a cause", advice="check `cause` in mapping.yaml")
    return cases


def measure(
    name: str, facts: Sequence[str], known: Sequence[FireCase], test: Sequence[FireCase], model: LearnedModel
) -> dict[str, Measure]:
    """Return the figures of one list of facts: ours, the baselines', and the paired differences."""
    labels = labels_of(test, model.causes)
    chances = model.predict_many([_only(case, facts) for case in test])
    ours = Judged(chances, labels, in_set(chances, model.threshold))
    theirs_chances, threshold = one_hot_regression(known, test, facts)
    theirs = Judged(theirs_chances, labels, in_set(theirs_chances, threshold))
    metrics = {f"{key}_{name}": value for key, value in _figures(ours).items()}
    metrics |= {f"baseline_{key}_{name}": value for key, value in _figures(theirs).items()}
    for k in (1, 3, 5):
        metrics[f"gain_top{k}_{name}"] = mean((ours.top(k) - theirs.top(k)).tolist())
        metrics[f"baseline_frequent_top{k}_{name}"] = mean(Judged(most_frequent(known, test), labels).top(k).tolist())
        if "object" in facts or "property_use" in facts:
            fact = "object" if "object" in facts else "property_use"
            by_object = Judged(most_frequent(known, test, fact), labels)
            metrics[f"baseline_object_top{k}_{name}"] = mean(by_object.top(k).tolist())
    assert ours.sets is not None
    assert theirs.sets is not None
    metrics[f"gain_set_size_{name}"] = mean((ours.sets.sum(axis=1) - theirs.sets.sum(axis=1)).tolist())
    gain = statistic(range(len(labels)), lambda picked: _recall(ours, picked) - _recall(theirs, picked), 500)
    metrics[f"gain_macro_recall_20_{name}"] = gain
    if name == "full":  # the names without a list are of the full one
        for plain in ("set_coverage_90", "set_size_90", "macro_recall_20"):
            metrics[plain] = metrics[f"{plain}_full"]
            metrics[f"baseline_{plain}"] = metrics[f"baseline_{plain}_full"]
    return metrics


def _figures(judged: Judged) -> dict[str, Measure]:
    lines = range(len(judged.labels))
    figures = {f"top{k}": mean(judged.top(k).tolist()) for k in (1, 3, 5)}
    figures["ece"] = statistic(lines, lambda i: calibration_error(judged.chances[i], judged.labels[i]), 300)
    chances = np.where(judged.labels >= 0, judged.chances[lines, judged.labels], 0.0)
    figures["log_loss"] = mean((-np.log(np.maximum(chances, 1e-6))).tolist())
    if judged.sets is not None:
        held = np.where(judged.labels >= 0, judged.sets[lines, judged.labels], False)
        figures["set_coverage_90"] = mean(held.astype(np.float64).tolist())
        figures["set_size_90"] = mean(judged.sets.sum(axis=1).astype(np.float64).tolist())
    figures["macro_recall_20"] = statistic(lines, lambda i: _recall(judged, i), 300)
    return figures


def _recall(judged: Judged, picked: Sequence[int]) -> float:
    """Return the mean recall of the first cause over causes of at least 20 test cases (in the whole set)."""
    lines = np.asarray(picked)
    counts = np.bincount(judged.labels[judged.labels >= 0], minlength=judged.chances.shape[1])
    labels = judged.labels[lines]
    right = judged.chances[lines].argmax(axis=1) == labels
    recalls = [right[labels == c].mean() for c in np.flatnonzero(counts >= LEAST_FOR_RECALL) if (labels == c).any()]
    return float(np.mean(recalls)) if recalls else float("nan")


def _only(case: FireCase, facts: Sequence[str]) -> Mapping[str, str | float | bool]:
    return {fact: case.facts[fact] for fact in facts if fact in case.facts}


def _latency(model: LearnedModel, test: Sequence[FireCase]) -> Measure:
    spent = []
    for case in test[:_TIMED]:
        started = time.perf_counter()
        model.prediction_set(model.predict(case.facts))
        spent.append((time.perf_counter() - started) * 1000)
    value = float(np.percentile(spent, 95))
    return Measure(value, len(spent), value, value)


def _case_rows(model: LearnedModel, facts: Sequence[str], test: Sequence[FireCase]) -> list[dict[str, object]]:
    chances = model.predict_many([_only(case, facts) for case in test])
    rows: list[dict[str, object]] = []
    for case, line in zip(test, chances, strict=True):
        order = np.argsort(-line, kind="stable")[:5]
        said = [{"cause": model.causes[i], "probability": round(float(line[i]), 4)} for i in order]
        rows.append({"id": case.id, "cause": case.cause, "first": said, "set": sorted(model.prediction_set(line))})
    return rows
