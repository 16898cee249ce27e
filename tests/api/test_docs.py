"""The commands and requests of the pages for people are ones that exist."""

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from fastapi.testclient import TestClient

from api.cli.main import app

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("dispatcher.md", "inspector.md", "administrator.md", "integrator.md")


def _blocks(language: str) -> Iterator[str]:
    for page in PAGES:
        yield from re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def _commands() -> list[str]:
    text = "\n".join(_blocks("bash")).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


def _qorgan() -> list[list[str]]:
    found = []
    for line in _commands():
        inner = re.search(r"\.venv/bin/qorgan ([^|)]*)", line)
        if inner:
            found.append(shlex.split(inner[1]))
    return found


def _requests() -> list[list[str]]:
    return [shlex.split(line) for line in _commands() if line.startswith("curl")]


@pytest.mark.parametrize("words", _qorgan(), ids=" ".join)
def test_a_command_has_these_options(words: list[str]) -> None:
    command = typer.main.get_command(app)
    context = command.make_context("qorgan", list(words), resilient_parsing=True)
    while hasattr(command, "get_command"):
        name, command, words = command.resolve_command(context, words)
        context = command.make_context(name, list(words), parent=context, resilient_parsing=False)
    assert context.params


@pytest.mark.parametrize("words", _requests(), ids=lambda words: words[2])
def test_a_request_goes_to_a_route_that_is_there(words: list[str], anonymous: TestClient) -> None:
    address = next(word for word in words if word.startswith("$URL")).removeprefix("$URL").partition("?")[0]
    body = "-d" in words or "-F" in words
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if body else "GET"
    shape = re.sub(r"\b[A-Z_]+_ID\b", "{}", address)
    routes = {
        (verb.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, verbs in anonymous.get("/openapi.json").json()["paths"].items()
        for verb in verbs
    }
    assert (method, shape.replace("/switches/assistant", "/switches/{}")) in routes
    for flag, given in itertools.pairwise(words):
        if flag == "-d":
            assert json.loads(given)


def test_the_json_is_json() -> None:
    blocks = list(_blocks("json"))
    assert len(blocks) == 2
    assert all(json.loads(block) for block in blocks)


def test_every_page_is_found_from_the_first() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [page for page in PAGES if f"({page})" not in index] == []
