"""`qorgan bench search`: what one search costs as the base grows, and whether the graph still finds the nearest.

For each size a process of its own (so that memory is that size's) loads synthetic clauses into the index the settings
ask for and asks single questions, with and without a filter (language, jurisdiction, in force on a day). The peer in
the same run is brute force: one numpy product over all vectors, which is also the truth that recall is measured by.
"""

import argparse
import json
import multiprocessing
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
from numpy.typing import NDArray

from core.settings import Settings
from eval.bench.synthetic import AS_OF, BLOCK, Floats, SyntheticClauses, point_id
from knowledge_base.index.factory import open_index
from knowledge_base.index.port import DIMENSION, NO_FILTERS, ClauseIndex, Filters, Hit, SparseVector

Ask = Callable[[int], Sequence[Hit]]
"""Answers the question of a row."""

SIZES = (10_000, 100_000, 1_000_000)
BUDGET_SIZE, BUDGET_P95_MS, BUDGET_RECALL, BUDGET_GROWTH = 100_000, 60.0, 0.98, 2.0

_QUESTIONS = 200
_BASELINE_QUESTIONS = 30
_ARM_LIMIT = 50
_TOP = 10
_RRF_K = 60
_WARM_UP = 20
_FILTERS = Filters(languages=frozenset({"ru"}), jurisdictions=frozenset({"KZ"}), in_force_on=AS_OF)


@dataclass(frozen=True)
class Latency:
    """Of single questions, milliseconds; `p95_low`..`p95_high`: bootstrap 95 % interval.

    `cpu_ms`: the processor's time of all the process's threads, mean of a question: what the machine's other work
    lengthens least, and what growth is judged by.
    """

    n: int
    cpu_ms: float
    p50_ms: float
    p95_ms: float
    p95_low_ms: float
    p95_high_ms: float


@dataclass(frozen=True)
class SizeResult:
    """What was measured at one size."""

    clauses: int
    upsert_per_s: float
    flush_s: float  # building the graph
    load_per_s: float  # with it
    disk_mb: float
    resident_mb: float  # of the process with the index open, after the questions
    resident_own_mb: float  # of it not backed by files
    latency: dict[str, Latency]  # "dense", "lexical", "hybrid", each also "+filter"; "numpy" is the peer
    recall_at_10: float
    recall_at_10_filtered: float
    recall_low: float  # bootstrap 95 % interval of recall_at_10
    recall_high: float


def run(settings: Settings, sizes: Sequence[int] = SIZES, out: Path | None = None) -> dict[str, object]:
    """Measure every size, write the report to `out` as JSON where given, and return it."""
    results: list[SizeResult] = []
    for size in sorted(sizes):
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as fresh:
            results.append(fresh.submit(_measure, settings, size).result())
        report = _report(settings, results)
        if out is not None:
            out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def lines(report: dict[str, object]) -> list[str]:
    """Return the report as lines of a Markdown table, one column for each size."""
    sizes = report["sizes"]
    assert isinstance(sizes, list)
    rows: list[tuple[str, Callable[[dict[str, object]], str]]] = [
        ("upserts a second", lambda s: f"{s['upsert_per_s']:,.0f}"),
        ("building the graph, s", lambda s: f"{s['flush_s']:.1f}"),
        ("loaded a second, all in all", lambda s: f"{s['load_per_s']:,.0f}"),
        ("on disk, MB", lambda s: f"{s['disk_mb']:,.0f}"),
        ("resident, MB (own, MB)", lambda s: f"{s['resident_mb']:,.0f} ({s['resident_own_mb']:,.0f})"),
        ("recall@10 (95 %)", lambda s: f"{s['recall_at_10']:.3f} ({s['recall_low']:.3f}..{s['recall_high']:.3f})"),
        ("recall@10 with a filter", lambda s: f"{s['recall_at_10_filtered']:.3f}"),
    ]
    table = ["| clauses | " + " | ".join(f"{s['clauses']:,}" for s in sizes) + " |", "|---|" + "---|" * len(sizes)]
    table += [f"| {name} | " + " | ".join(cell(s) for s in sizes) + " |" for name, cell in rows]
    for arm in sizes[0]["latency"]:
        cells = [s["latency"][arm] for s in sizes]
        shown = [f"{c['p50_ms']:.2f} / {c['p95_ms']:.2f} / {c['cpu_ms']:.2f}" for c in cells]
        table.append(f"| {arm}, p50 / p95 / CPU ms | " + " | ".join(shown) + " |")
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a command line; return 0 when every budget that was measured is met."""
    parser = argparse.ArgumentParser(prog="qorgan bench search", description=__doc__)
    parser.add_argument("--sizes", default=",".join(str(size) for size in SIZES), help="comma-separated clause counts")
    parser.add_argument("--out", type=Path, default=None, help="write the report to this JSON file")
    asked = parser.parse_args(arguments)
    report = run(Settings(), [int(size) for size in asked.sizes.split(",")], asked.out)
    budgets = report["budgets"]
    assert isinstance(budgets, dict)
    verdicts = [
        f"{name}: {'met' if budget['met'] else 'MISSED'} ({budget['value']:.3f}, budget {budget['budget']})"
        for name, budget in budgets.items()
    ]
    sys.stdout.write("\n".join([*lines(report), "", *verdicts]) + "\n")
    return 0 if all(budget["met"] for budget in budgets.values()) else 1


def _measure(settings: Settings, size: int) -> SizeResult:
    base = settings.data_dir / "bench"
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base, prefix="search-") as name:
        folder = Path(name)
        chosen = settings.index.model_copy(update={"collection": folder.name})
        index = open_index(settings.model_copy(update={"data_dir": folder, "index": chosen}))
        try:
            return _measure_in(index, size, folder)
        finally:
            index.close()
            shutil.rmtree(folder / "index", ignore_errors=True)


def _measure_in(index: ClauseIndex, size: int, folder: Path) -> SizeResult:
    clauses = SyntheticClauses(size)
    vectors_file = folder / "vectors.f32"
    frequency = np.zeros(2**18, dtype=np.int64)
    passes = np.zeros(size, dtype=np.bool_)
    upsert_s = 0.0
    with vectors_file.open("wb") as file:
        for block in clauses.blocks():
            points = list(block.points())
            started = time.perf_counter()
            index.upsert(points)
            upsert_s += time.perf_counter() - started
            file.write(block.dense.tobytes())
            np.add.at(frequency, np.concatenate([terms.indices for terms in block.lexical]), 1)
            in_russian = np.array([language == "ru" for language in block.languages])
            passes[block.start : block.start + len(points)] = in_russian & ~block.lapsed
    started = time.perf_counter()
    index.flush()
    flush_s = time.perf_counter() - started
    dense, lexical = clauses.questions(_QUESTIONS, frequency)
    asks: dict[str, Ask] = {}
    for suffix, filters in (("", NO_FILTERS), ("+filter", _FILTERS)):
        asks |= {arm + suffix: ask for arm, ask in _arms(index, dense, lexical, filters).items()}
    latency, found = _time(asks, _QUESTIONS)
    memory = psutil.Process().memory_info()
    disk = sum(path.stat().st_blocks * 512 for path in (folder / "index").rglob("*") if path.is_file())
    vectors = np.memmap(vectors_file, dtype=np.float32, mode="r", shape=(size, DIMENSION))
    latency |= _time({"numpy": lambda row: [_brute_force(vectors, dense[row])]}, _BASELINE_QUESTIONS)[0]
    recalls = _recalls(found["dense"], vectors, dense, np.ones(size, dtype=np.bool_))
    filtered = _recalls(found["dense+filter"], vectors, dense, passes)
    low, high = _interval(recalls, np.mean)
    return SizeResult(
        clauses=size,
        upsert_per_s=size / upsert_s,
        flush_s=flush_s,
        load_per_s=size / (upsert_s + flush_s),
        disk_mb=disk / 1e6,
        resident_mb=memory.rss / 1e6,
        resident_own_mb=(memory.rss - memory.shared) / 1e6,
        latency=latency,
        recall_at_10=float(np.mean(recalls)),
        recall_at_10_filtered=float(np.mean(filtered)),
        recall_low=low,
        recall_high=high,
    )


def _arms(index: ClauseIndex, dense: Floats, lexical: list[SparseVector], filters: Filters) -> dict[str, Ask]:
    def hybrid(row: int) -> Sequence[Hit]:
        return _fuse(index.dense(dense[row], _ARM_LIMIT, filters), index.lexical(lexical[row], _ARM_LIMIT, filters))

    return {
        "dense": lambda row: index.dense(dense[row], _ARM_LIMIT, filters),
        "lexical": lambda row: index.lexical(lexical[row], _ARM_LIMIT, filters),
        "hybrid": hybrid,
    }


def _fuse(*arms: Sequence[Hit]) -> list[Hit]:
    """Reciprocal rank fusion (Cormack et al. 2009) with the paper's k of 60."""
    scores: dict[str, float] = {}
    for hits in arms:
        for rank, hit in enumerate(hits, start=1):
            scores[hit.id] = scores.get(hit.id, 0.0) + 1.0 / (_RRF_K + rank)
    best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [Hit(point, point, score) for point, score in best[:_ARM_LIMIT]]


def _time(asks: dict[str, Ask], n: int) -> tuple[dict[str, Latency], dict[str, list[Sequence[Hit]]]]:
    """Ask every question of each in turn, so that what else the machine does meets all of them alike."""
    spent = {name: np.empty(n) for name in asks}
    worked = {name: np.empty(n) for name in asks}
    found: dict[str, list[Sequence[Hit]]] = {name: [] for name in asks}
    for row in range(min(_WARM_UP, n)):
        for ask in asks.values():
            ask(row)
    for row in range(n):
        for name, ask in asks.items():
            started, worked_before = time.perf_counter(), time.process_time()
            hits = ask(row)
            worked[name][row] = (time.process_time() - worked_before) * 1000
            spent[name][row] = (time.perf_counter() - started) * 1000
            found[name].append(hits)
    return {name: _latency(values, worked[name]) for name, values in spent.items()}, found


def _latency(spent: NDArray[np.float64], worked: NDArray[np.float64]) -> Latency:
    low, high = _interval(spent, _p95)
    return Latency(spent.size, float(worked.mean()), float(np.median(spent)), _p95(spent), low, high)


def _brute_force(vectors: Floats, query: Floats) -> Hit:
    scores = vectors @ query
    best = np.argpartition(-scores, _TOP)[:_TOP]
    number = int(best[np.argmax(scores[best])])
    return Hit(point_id(number), point_id(number), float(scores[number]))


def _recalls(
    found: list[Sequence[Hit]], vectors: Floats, dense: Floats, passes: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return for each question the share of the true `_TOP` nearest that were among the first `_TOP` found."""
    best = np.full((len(dense), _TOP), -np.inf, dtype=np.float32)
    numbers = np.zeros((len(dense), _TOP), dtype=np.int64)
    for start in range(0, len(vectors), 10 * BLOCK):
        block = vectors[start : start + 10 * BLOCK]
        scores = np.where(passes[start : start + len(block)], dense @ block.T, -np.inf)
        scores = np.concatenate([best, scores], axis=1)
        labels = np.concatenate([numbers, np.tile(np.arange(start, start + len(block)), (len(dense), 1))], axis=1)
        top = np.argpartition(-scores, _TOP, axis=1)[:, :_TOP]
        best, numbers = np.take_along_axis(scores, top, 1), np.take_along_axis(labels, top, 1)
    return np.array(
        [
            len({hit.id for hit in hits[:_TOP]} & {point_id(int(number)) for number in row}) / _TOP
            for hits, row in zip(found, numbers, strict=True)
        ]
    )


def _p95(values: NDArray[np.float64]) -> float:
    return float(np.percentile(values, 95))


def _interval(values: NDArray[np.float64], statistic: Callable[[NDArray[np.float64]], float]) -> tuple[float, float]:
    """Return the bootstrap 95 % interval of a statistic."""
    rng = np.random.default_rng(0)
    drawn = [float(statistic(rng.choice(values, size=values.size))) for _ in range(1000)]
    return float(np.percentile(drawn, 2.5)), float(np.percentile(drawn, 97.5))


def _report(settings: Settings, results: list[SizeResult]) -> dict[str, object]:
    first, last = results[0], results[-1]
    growth = {
        str(result.clauses): {
            arm: {
                "p50": result.latency[arm].p50_ms / first.latency[arm].p50_ms,
                "p95": result.latency[arm].p95_ms / first.latency[arm].p95_ms,
                "cpu": result.latency[arm].cpu_ms / first.latency[arm].cpu_ms,
            }
            for arm in result.latency
        }
        for result in results
    }
    budgets: dict[str, dict[str, object]] = {}

    def check(name: str, value: float, budget: float, met: bool) -> None:
        budgets[name] = {"value": value, "budget": budget, "met": met}

    for result in results:
        if result.clauses == BUDGET_SIZE:
            p95 = max(result.latency["hybrid"].p95_ms, result.latency["hybrid+filter"].p95_ms)
            check("hybrid_p95_ms_at_100k", p95, BUDGET_P95_MS, p95 <= BUDGET_P95_MS)
            recall = min(result.recall_at_10, result.recall_at_10_filtered)
            check("recall_at_10_at_100k", recall, BUDGET_RECALL, recall >= BUDGET_RECALL)
    if (first.clauses, last.clauses) == (10_000, 1_000_000):
        for arm in ("hybrid", "hybrid+filter"):
            ratio = last.latency[arm].cpu_ms / first.latency[arm].cpu_ms
            check(f"{arm}_cpu_growth_10k_to_1m", ratio, BUDGET_GROWTH, ratio <= BUDGET_GROWTH)
    return {
        "task": "bench search",
        "sizes": [asdict(result) for result in results],
        "growth_from_first_size": growth,
        "budgets": budgets,
        "questions": _QUESTIONS,
        "index": settings.index.model_dump(exclude={"api_key", "url"}),
        "machine": {"cpus": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()},
    }


if __name__ == "__main__":
    sys.exit(main())
