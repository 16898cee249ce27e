"""Results as a table for people."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table


def print_result(result: Mapping[str, object], console: Console) -> None:
    """Print the metrics of a result with their intervals, and the figures by kind where there are any."""
    table = Table(title=f"qorgan eval {result['task']}")
    for column in ("metric", "value", "95 % interval", "n"):
        table.add_column(column, justify="left" if column == "metric" else "right")
    intervals = result["intervals"]
    assert isinstance(intervals, Mapping)
    for name, measure in intervals.items():
        interval = "" if measure["low"] == measure["high"] else f"{measure['low']:.3f} … {measure['high']:.3f}"
        table.add_row(name, f"{measure['value']:.3f}", interval, str(measure["n"]))
    console.print(table)
    by_kind = result.get("by_kind")
    if isinstance(by_kind, Mapping):
        kinds = Table(title="by kind of question")
        for column in ("kind", "n", "answered", "recall@5", "facts"):
            kinds.add_column(column, justify="left" if column == "kind" else "right")
        for kind, row in by_kind.items():
            cells = [str(row.get(key, "")) for key in ("n", "answered", "recall_at_5", "facts_present")]
            kinds.add_row(kind, *cells)
        console.print(kinds)
