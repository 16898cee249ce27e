"""Reads the tables of this package and its users' mappings: YAML and CSV, refused with the line that is wrong."""

import csv
import io
from collections.abc import Iterator
from importlib.resources import files
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InvalidInput

_MOST_BYTES = 4 * 1024 * 1024


class Row(BaseModel):
    """A row of a table: nothing that is not known, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


_Table = TypeVar("_Table", bound=BaseModel)


def packaged(name: str) -> str:
    """Return the text of a file of this package."""
    return files("pipelines.cases").joinpath(name).read_text(encoding="utf-8")


def read_yaml(text: str, table: type[_Table], name: str) -> _Table:
    """Return the table written in YAML; raise `InvalidInput` that names the file, the line and what is wrong there."""
    advice = "docs/eval-formats.md describes the format"
    if len(text) > _MOST_BYTES:
        raise InvalidInput(f"{name} has more than {_MOST_BYTES} characters", advice=advice)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise InvalidInput(f"{name} uses YAML aliases", advice="write each part out")
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InvalidInput(f"{name}{where}: not YAML", advice=advice) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name}: a value of the YAML cannot be read", advice=advice) from error
    try:
        return table.model_validate(given)
    except ValidationError as error:
        places = [
            f"line {_line(text, e['loc'])}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5]
        ]
        raise InvalidInput(f"{name}, {'; '.join(places)}", advice=advice) from error


def read_csv(text: str, table: type[_Table], name: str) -> Iterator[_Table]:
    """Give the rows of a CSV table; raise `InvalidInput` that names the file, the line and what is wrong there."""
    reader = csv.DictReader(io.StringIO(text), strict=True)
    for number, row in enumerate(reader, start=2):
        try:
            yield table.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise InvalidInput(f"{name}, line {number}: {where}: {first['msg']}", advice="mend the row") from error


def _line(text: str, location: tuple[int | str, ...]) -> int:
    """Return the 1-based line of the deepest node on the way to `location`."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return 1
    for step in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            node = found
        else:
            break
    return int(node.start_mark.line) + 1
