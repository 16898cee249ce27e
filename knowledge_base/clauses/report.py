"""What a load found and what it could not: the load report."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise

from core.languages import Language
from core.records import Clause, Level
from knowledge_base.clauses.joining import visible
from knowledge_base.clauses.markers import Key, latin_to_cyrillic, to_key
from knowledge_base.clauses.model import FURNITURE, LeftOut, Node
from knowledge_base.clauses.tongues import letters_of

_SAMPLES = 5
_SAMPLE_LENGTH = 160
_MIXED_SCRIPT = re.compile(r"(?=\w*[а-яёА-ЯЁ])(?=\w*[a-zA-Z])[^\W\d_]{3,}")


@dataclass(frozen=True)
class Loss:
    """Source text in no clause, for one reason."""

    reason: str
    count: int
    characters: int
    samples: tuple[str, ...]


@dataclass(frozen=True)
class LoadReport:
    """Figures of one load; plain types only, so that it is JSON as it stands (`to_json`)."""

    clauses: dict[str, dict[str, int]]  # language -> level -> count
    characters: int  # of the source, white space aside
    share_in_clauses: float  # of the body: page furniture (running heads, page numbers, contents) aside
    share_of_all: float  # page furniture counted as lost
    left_out: tuple[Loss, ...]
    missing_numbers: tuple[str, ...]  # «5.2: 5.2.7» under their parent
    duplicates: tuple[str, ...]  # paths printed more than once
    language_share: dict[str, float]  # of the characters in clauses
    language_mix: tuple[str, ...]  # clauses that read as another language than their own
    suspicious_text: tuple[str, ...]  # broken words, mixed scripts
    repealed: int
    twins_tied: int
    twins_not_tied: tuple[str, ...]
    warnings: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, object]:
        """Return the report as a JSON-able mapping."""
        return asdict(self)


def count_covered(root: Node) -> int:
    """Return the number of visible source characters that stand in the tree."""
    total = 0
    for node in root.walk():
        total += sum(visible(line.text) for line in node.lines)
        total += node.cell_characters
    return total


def make_report(
    clauses: Sequence[Clause],
    covered: int,
    left: Sequence[LeftOut],
    untied: Sequence[str],
    warnings: Sequence[str] = (),
) -> LoadReport:
    """Return the report on `clauses`; `covered` counts source characters in them, `left` is what is in none."""
    losses = _losses(left)
    lost = sum(loss.characters for loss in losses)
    furniture = sum(loss.characters for loss in losses if loss.reason in FURNITURE)
    total = covered + lost
    labels = {clause.id: _name(clause) for clause in clauses}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for clause in clauses:
        counts[clause.language.value][clause.level.value] += 1
    return LoadReport(
        clauses={language: dict(counter) for language, counter in counts.items()},
        characters=total,
        share_in_clauses=round(covered / max(total - furniture, 1), 4),
        share_of_all=round(covered / max(total, 1), 4),
        left_out=losses,
        missing_numbers=missing_numbers(clauses),
        duplicates=_duplicates(clauses),
        language_share=_language_share(clauses),
        language_mix=tuple(_name(clause) for clause in clauses if _foreign(clause)),
        suspicious_text=_suspicious(clauses),
        repealed=sum(clause.repealed for clause in clauses),
        twins_tied=sum(clause.twin_id is not None for clause in clauses) // 2,
        twins_not_tied=tuple(labels[one] for one in untied),
        warnings=tuple(warnings),
    )


def _losses(left: Sequence[LeftOut]) -> tuple[Loss, ...]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in left:
        by_reason[one.reason].append(one.text)
    return tuple(
        Loss(
            reason,
            len(texts),
            sum(visible(text) for text in texts),
            tuple(text[:_SAMPLE_LENGTH] for text in dict.fromkeys(texts))[:_SAMPLES],
        )
        for reason, texts in sorted(by_reason.items())
    )


def _name(clause: Clause) -> str:
    return f"{clause.language}: " + "/".join(f"{step.level}:{step.number}" for step in clause.path)


def missing_numbers(clauses: Sequence[Clause]) -> tuple[str, ...]:
    """Return the numbers that a run jumps over, as «language: parent path: number»."""
    runs: dict[tuple[Language, str], list[Key]] = defaultdict(list)
    for clause in clauses:
        if clause.level not in (Level.CLAUSE, Level.ARTICLE, Level.SECTION, Level.CHAPTER, Level.SUBCLAUSE):
            continue
        numbers = [to_key(part.strip()) for part in _printed_together(clause)]
        keys = [key for key in numbers if key is not None]
        if not keys:
            continue
        home = "/".join(f"{s.level}:{s.number}" for s in clause.path[:-1] if s.level not in (Level.PART, Level.SECTION))
        if clause.level is Level.ARTICLE or (clause.level is Level.CLAUSE and len(keys[0]) == 1):
            keep = (Level.ARTICLE, Level.APPENDIX, Level.FORM)
            home = "/".join(f"{s.level}:{s.number}" for s in clause.path[:-1] if s.level in keep)
        runs[(clause.language, f"{home} {clause.level if len(keys[0]) == 1 else 'numbered'}")].extend(keys)
    missing: list[str] = []
    for (language, home), keys in runs.items():
        for before, after in pairwise(keys):
            if len(before) == len(after) and before[:-1] == after[:-1] and 1 < after[-1][0] - before[-1][0] <= 30:
                prefix = ".".join(_printed(part) for part, _ in before[:-1])
                jumped = (_printed(n) for n in range(before[-1][0] + 1, after[-1][0]))
                missing.extend(f"{language}: {home}: {prefix + '.' if prefix else ''}{n}" for n in jumped if n)
    return tuple(missing)


def _printed_together(clause: Clause) -> list[str]:
    """The numbers a clause stands for: «2, 3. Исключены», «2 – 4. Исключены» lapsed in one."""
    number = clause.number.rstrip(")*")
    if clause.repealed and (m := re.fullmatch(r"(\d+)\s?[–-]\s?(\d+)", number)):
        first, last = int(m.group(1)), int(m.group(2))
        if first < last <= first + 200:
            return [str(one) for one in range(first, last + 1)]
    return re.split(r",\s?|\s(?:и|және)\s", number)


def _printed(part: int) -> str:
    """A component of a key as printed; "" for letters that lists pass over (ГОСТ 1.5: ё, з, й, о, ч, ъ, ы, ь)."""
    letter = chr(part - 1000) if part >= 1000 else ""
    return "" if letter in set("ёзйочъыь") else letter or str(part)


def _duplicates(clauses: Sequence[Clause]) -> tuple[str, ...]:
    counted = Counter(_name(c) for c in clauses if c.number and c.level not in (Level.NOTE, Level.ROW, Level.TABLE))
    return tuple(f"{name} x{n}" for name, n in counted.items() if n > 1)


def _language_share(clauses: Sequence[Clause]) -> dict[str, float]:
    counted: Counter[str] = Counter()
    for clause in clauses:
        if clause.level not in (Level.SUBCLAUSE,):
            counted[clause.language.value] += len(clause.text)
    total = sum(counted.values()) or 1
    return {language: round(n / total, 4) for language, n in counted.items()}


def _foreign(clause: Clause) -> bool:
    if clause.level in (Level.ROW, Level.TABLE, Level.PREAMBLE) or len(clause.text) < 60:
        return False
    scores = letters_of(clause.text)
    best = max(scores, key=lambda one: scores[one])
    return best is not clause.language and scores[best] > 0.7


def _suspicious(clauses: Sequence[Clause]) -> tuple[str, ...]:
    found: list[str] = []
    for clause in clauses:
        if clause.level in (Level.SUBCLAUSE, Level.NOTE):
            continue
        for word in _MIXED_SCRIPT.findall(clause.text):
            mended = latin_to_cyrillic(word)
            if not re.search(r"[a-zA-Z]", mended):
                found.append(f"{_name(clause)}: mixed scripts in {word!r}")
        if re.search(
            r"(?:(?<!\w)[а-я]\s){5,}|[^\s\w]{8,}|\ufffd",
            clause.text.replace("_", " ").replace("-", " ").replace(".", " "),
        ):
            found.append(f"{_name(clause)}: broken text")
    return tuple(dict.fromkeys(found))
