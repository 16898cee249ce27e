"""Measure the configured local embedder: `python -m knowledge_base.embedders.measure FILE`, a text on each line.

Prints texts per CPU-second, likeness to float32 on one thread, and the latency of a single question.
"""

import sys
import time
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.models import find_model, require
from core.settings import Settings
from knowledge_base.embedders.local import LocalEmbedder

_QUESTIONS = 60


def measure(settings: Settings, texts: list[str]) -> list[str]:
    """Return a header and a line for each arithmetic and number of threads."""
    model = find_model(settings, settings.models.embedder)
    folder = require(settings, model.name)
    lines = ["arithmetic  threads  texts/CPU-s  cosine min  question p50 ms  p95 ms  CPU ms"]
    reference: NDArray[np.float32] | None = None
    precisions: tuple[Literal["float32", "bfloat16"], ...] = ("float32", "bfloat16")
    for precision in precisions:
        for threads in (1, 2):
            embedder = LocalEmbedder(
                folder,
                name=model.name,
                dimensions=model.dimensions or 0,
                prefixes=model.prefixes,
                threads=threads,
                batch=settings.models.embed_batch,
                precision=precision,
            )
            embedder.embed_queries(["warm-up"])
            start = time.process_time()
            vectors = embedder.embed_passages(texts)
            rate = len(texts) / (time.process_time() - start)
            reference = vectors if reference is None else reference
            least = float((vectors * reference).sum(axis=1).min())
            wall, cpu = _questions(embedder)
            p50, p95 = np.percentile(wall, [50, 95])
            lines.append(
                f"{precision:<10}  {threads:>7}  {rate:>11.1f}  {least:>10.5f}  {p50:>15.1f}  {p95:>6.1f}"
                f"  {np.median(cpu):>6.1f}"
            )
    return lines


def _questions(embedder: LocalEmbedder) -> tuple[list[float], list[float]]:
    wall, cpu = [], []
    for number in range(_QUESTIONS):
        question = f"Какой ширины должен быть эвакуационный выход на {number} человек?"
        wall_0, cpu_0 = time.perf_counter(), time.process_time()
        embedder.embed_queries([question])
        wall.append(1000 * (time.perf_counter() - wall_0))
        cpu.append(1000 * (time.process_time() - cpu_0))
    return wall, cpu


if __name__ == "__main__":
    given = [line for line in Path(sys.argv[1]).read_text("utf-8").splitlines() if line.strip()]
    sys.stdout.write("\n".join(measure(Settings(), given)) + "\n")
