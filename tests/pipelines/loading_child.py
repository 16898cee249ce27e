"""A process to be killed: loads one act through the real pipeline, each step held back once its work is done.

Usage: loading_child.py RECORDS_URL FOLDER
"""

import sys
import time
from pathlib import Path

from core.blobs import FolderBlobs
from core.jobs.records import JobState, State, Step
from core.jobs.service import Jobs, system_database_url
from core.settings import IndexSettings, Settings
from core.storage.acts import ActStore
from core.storage.database import Database
from knowledge_base.index.factory import open_index
from pipelines.acts.loading import PIPELINE, ActLoading
from tests.hashing_embedder import DIMENSIONS, HashingEmbedder

ACT = """СП РК 9.99-101-2024
ПРОБНЫЙ СВОД ПРАВИЛ ДЛЯ ПРОВЕРКИ
1 ОБЩИЕ ПОЛОЖЕНИЯ
1.1 Настоящий пробный документ составлен для проверки загрузки и силы не имеет.
1.2 Проходы между рядами оставляют свободными на всю ширину.
2 ТРЕБОВАНИЯ
2.1 Двери кладовой закрывают на ночь.
2.2 Ключи хранят у дежурного:
1) основной;
2) запасной.
"""


def held(step: Step, folder: Path) -> Step:
    """Return the step, which notes when it has begun and when its work is done, and waits for leave to end."""

    def run(state: State) -> State:
        note(folder, f"begin {step.name}")
        result = step.run(state)
        note(folder, f"worked {step.name}")
        deadline = time.monotonic() + 120
        while not (folder / f"allow-{step.name}").exists():
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.01)
        note(folder, f"end {step.name}")
        return result

    return Step(step.name, run)


def note(folder: Path, line: str) -> None:
    with (folder / "notes").open("a") as notes:
        notes.write(f"{line}\n")


def main(url: str, folder: Path) -> None:
    database = Database(url)
    database.upgrade()
    settings = Settings(data_dir=folder / "data", index=IndexSettings())
    index = open_index(settings, dimension=DIMENSIONS)
    blobs = FolderBlobs(folder / "data" / "blobs")
    loading = ActLoading(blobs, ActStore(database), index, HashingEmbedder(), settings.uploads)
    jobs = Jobs(system_database_url(url), poll_s=0.05)
    jobs.register(PIPELINE, tuple(held(step, folder) for step in loading.steps()))
    jobs.launch()
    state: State = {"source": blobs.put(ACT.encode()), "name": "trial.txt"}
    job = jobs.wait(jobs.enqueue(PIPELINE, state, key="one"), 120)
    jobs.shutdown()
    count = index.count()
    index.close()
    if job.state is not JobState.DONE:
        sys.exit(f"{job.state}: {job.error}")
    note(folder, f"points {count}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
