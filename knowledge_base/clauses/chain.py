"""Which numbers at line starts are clause numbers: the most plausible rising chain of them.

A line that begins with «5.2 м», a year or a reference («5.3.12 настоящих норм») looks like a clause. Each candidate is
weighed by its typography and by what stands before it, each pair by how well the second follows the first (next
sibling, first child, next of a parent); the best chain through all candidates of a scope is the numbering.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge_base.clauses.markers import Key

_WINDOW = 250
_NEXT = 3.0
_RESTART = 1.0
_FARTHEST = 14  # a jump over more numbers is as unlikely as over so many: an extract leaves many out
_ONE: tuple[int, int] = (1, 0)


@dataclass(frozen=True)
class Candidate:
    """A number that may open a clause."""

    place: int  # index in the scope
    key: Key
    last: Key
    weight: float
    zone: int  # changes at each heading above the numbers: a run may begin anew


def follows(before: Key, after: Key) -> float | None:
    """Score how well `after` comes next to `before` in a numbering; None when it does not rise."""
    if after <= before:
        return None
    same = 0
    while same < len(before) and same < len(after) and before[same] == after[same]:
        same += 1
    tail = after[same + 1 :]
    if same == len(before):
        rise = after[same]
        score = _NEXT if rise == _ONE else 1.0 - 0.3 * (rise[0] - 1)
    else:
        gap = after[same][0] - before[same][0]
        inserted = after[same][1]
        if (gap == 1 and inserted <= 1) or (gap == 0 and inserted == before[same][1] + 1):
            score = _NEXT
        else:
            score = 1.2 - 0.25 * min(max(gap, 1), _FARTHEST)
        depth = len(before) - same - 1
        if depth == 0 and gap > 1:
            score += 0.3
    return score - sum(0.3 if part == _ONE else 1.0 for part in tail)


def best_chain(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the heaviest chain of `candidates`, in order; runs may restart at 1 under a new heading."""
    best: list[float] = []
    back: list[int] = []
    for i, candidate in enumerate(candidates):
        first = candidate.key[0]
        start = 2.0 if candidate.key == (_ONE,) else 1.0 - 0.25 * (min(first[0], 1000) - 1) / len(candidate.key)
        if first[0] >= 1000:  # «А.1», of an appendix
            start = 1.0 - 0.25 * (candidate.key[1][0] - 1) if len(candidate.key) > 1 else start
        top, source = max(start, -2.0), -1
        for j in range(i - 1, max(-1, i - _WINDOW), -1):
            before = candidates[j]
            link = follows(before.last, candidate.key)
            if candidate.key == (_ONE,) and before.zone != candidate.zone:
                link = _RESTART if link is None else max(link, _RESTART)
            if link is not None and best[j] + link > top:
                top, source = best[j] + link, j
        best.append(top + candidate.weight)
        back.append(source)
    if not best:
        return []
    at = max(range(len(best)), key=best.__getitem__)
    if best[at] <= 0:
        return []
    chain = []
    while at >= 0:
        chain.append(candidates[at])
        at = back[at]
    return chain[::-1]
