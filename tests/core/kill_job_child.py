"""A process to be killed: runs one job whose steps note when they begin and end, and wait to be let on.

Usage: kill_job_child.py JOBS_URL FOLDER
"""

import sys
import time
from pathlib import Path

from core.jobs.records import State, Step
from core.jobs.service import Jobs

STEPS = ("read", "parse", "save")
NAME, KEY = "killed", "one"


def steps(folder: Path) -> tuple[Step, ...]:
    """Return steps that write `begin NAME` and `end NAME` to `folder/notes`; `allow-NAME` lets a step end."""

    def step(name: str) -> Step:
        def run(state: State) -> State:
            note(folder, f"begin {name}")
            deadline = time.monotonic() + 120
            while not (folder / f"allow-{name}").exists():
                if time.monotonic() > deadline:
                    raise TimeoutError
                time.sleep(0.01)
            note(folder, f"end {name}")
            return {**state, name: len(state)}

        return Step(name, run)

    return tuple(step(name) for name in STEPS)


def note(folder: Path, line: str) -> None:
    with (folder / "notes").open("a") as notes:
        notes.write(f"{line}\n")


def main(url: str, folder: Path) -> None:
    jobs = Jobs(url, poll_s=0.05)
    jobs.register(NAME, steps(folder))
    jobs.launch()
    job = jobs.wait(jobs.enqueue(NAME, {}, key=KEY), 120)
    jobs.shutdown()
    sys.exit(0 if job.result == {name: index for index, name in enumerate(STEPS)} else 1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
