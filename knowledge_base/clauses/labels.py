"""A clause's place in words: «ст. 410 ч. 1 п. 2)», «табл. 1, п. 8.1.13», «5.2.3-тармақ», "art. 410 part 1"."""

import re

from core.languages import Language
from core.records import Act, Clause, Level, PathStep

_ACTS: dict[Language, dict[str, str]] = {
    Language.RU: {
        "order": "приказ № {n}",
        "decree": "постановление № {n}",
        "law": "закон № {n}",
        "code": "кодекс № {n}",
        "decision": "решение № {n}",
    },
    Language.KK: {
        "order": "№ {n} бұйрық",
        "decree": "№ {n} қаулы",
        "law": "№ {n} заң",
        "code": "№ {n} кодекс",
        "decision": "№ {n} шешім",
    },
    Language.EN: {
        "order": "order No. {n}",
        "decree": "decree No. {n}",
        "law": "law No. {n}",
        "code": "code No. {n}",
        "decision": "decision No. {n}",
    },
}
"""Names of kinds of acts whose number says nothing by itself."""

_HEADINGS = frozenset({Level.PART, Level.CHAPTER, Level.SECTION, Level.PREAMBLE})

_WORDS: dict[Language, dict[str, str]] = {
    Language.RU: {
        "part": "раздел {n}",
        "chapter": "глава {n}",
        "section": "параграф {n}",
        "article": "ст. {n}",
        "article_part": "ч. {n}",
        "article_item": "п. {n})",
        "clause": "п. {n}",
        "subclause": "подп. {n})",
        "note": "примечание {n}",
        "appendix": "приложение {n}",
        "form": "форма {n}",
        "table": "табл. {n}",
        "row": "строка {n}",
        "row_item": "подпункт {n})",
        "row_clause": "п. {n}",
        "preamble": "преамбула",
    },
    Language.KK: {
        "part": "{n}-бөлім",
        "chapter": "{n}-тарау",
        "section": "{n}-параграф",
        "article": "{n}-бап",
        "article_part": "{n}-бөлік",
        "article_item": "{n}) тармақша",
        "clause": "{n}-тармақ",
        "subclause": "{n}) тармақша",
        "note": "{n}-ескертпе",
        "appendix": "{n}-қосымша",
        "form": "{n} нысаны",
        "table": "{n}-кесте",
        "row": "{n}-жол",
        "row_item": "{n}) тармақша",
        "row_clause": "{n}-тармақ",
        "preamble": "кіріспе",
    },
    Language.EN: {
        "part": "part {n}",
        "chapter": "chapter {n}",
        "section": "section {n}",
        "article": "art. {n}",
        "article_part": "part {n}",
        "article_item": "item {n})",
        "clause": "clause {n}",
        "subclause": "item {n})",
        "note": "note {n}",
        "appendix": "appendix {n}",
        "form": "form {n}",
        "table": "table {n}",
        "row": "row {n}",
        "row_item": "item {n})",
        "row_clause": "item {n}",
        "preamble": "preamble",
    },
}
_BARE = {
    Language.RU: {"note": "примечание", "appendix": "приложение", "table": "таблица"},
    Language.KK: {"note": "ескертпе", "appendix": "қосымша", "table": "кесте"},
    Language.EN: {"note": "note", "appendix": "appendix", "table": "table"},
}
_ATTACHED = re.compile(
    r"(Правила|Инструкция|Методика|Положение|Регламент|Технический регламент|Перечень|Требования)(?!\w)", re.I
)
_ATTACHED_KK = re.compile(r"(қағидалар|нұсқаулы[қғ]|әдістеме|ереже|техникалық регламент)\w*$", re.I)


def visible_steps(path: tuple[PathStep, ...]) -> tuple[PathStep, ...]:
    """Return the steps by which people cite: without the chapters above a number, and without 5.2 before 5.2.3."""
    steps: list[PathStep] = []
    for i, step in enumerate(path):
        below = path[i + 1 :]
        if step.level in _HEADINGS and below:
            continue
        if step.level is Level.CLAUSE and any(
            other.level is Level.CLAUSE and other.number.startswith(step.number + ".") for other in below
        ):
            continue
        if not step.number and below and step.level in (Level.APPENDIX, Level.TABLE, Level.NOTE):
            continue
        if step.level is Level.ROW and any(
            other.level is Level.ROW and other.number.startswith(step.number + ".") for other in below
        ):
            continue
        steps.append(step)
    return tuple(steps)


def act_name(act: Act, language: Language) -> str:
    """Return an act's number as it is said: «приказ № 928»; «СП РК 2.02-101-2022» names its kind by itself."""
    if not act.number[:1].isdigit():
        return act.number
    return _ACTS[language].get(act.kind, "№ {n}").format(n=act.number)


def label(clause: Clause, language: Language | None = None) -> str:
    """Return the printable reference to `clause` in `language` (its own unless said)."""
    tongue = language or clause.language
    steps = visible_steps(clause.path)
    if clause.level is Level.CLAUSE and not clause.number:
        home = label_of_steps(visible_steps(clause.path[:-1]), tongue, attachment=_attachment(clause))
        return f"{home}, «{clause.heading}»"
    printed = not clause.cells or clause.cells[0].startswith(clause.number.rstrip(")"))
    if printed or clause.level is not Level.ROW:
        return label_of_steps(steps, tongue, attachment=_attachment(clause))
    above = label_of_steps(steps[:-1], tongue, attachment=_attachment(clause))
    counted = _WORDS[tongue]["row"].format(n=clause.number)
    return f"{above}, {counted}" if above else counted


def label_of_steps(steps: tuple[PathStep, ...], language: Language, attachment: str = "") -> str:
    """Return the printable form of citation steps (see `visible_steps`)."""
    article = any(step.level is Level.ARTICLE for step in steps)
    parts = [attachment] if attachment else []
    for i, step in enumerate(steps):
        parts.append(_word(step, steps[:i], language, article))
    words = [part for part in parts if part]
    spaced = article and language is not Language.KK
    text = (" " if spaced else ", ").join(words)
    return text.replace(" примечание", ", примечание").replace(" note", ", note") if spaced else text


def _word(step: PathStep, above: tuple[PathStep, ...], language: Language, article: bool) -> str:
    words = _WORDS[language]
    kind = step.level.value
    if step.level is Level.CLAUSE and article:
        kind = "article_part"
    elif step.level is Level.SUBCLAUSE and article:
        kind = "article_item" if step.number[:1].isdigit() else "subclause"
    elif step.level is Level.ROW:
        levels = [one.level for one in above]
        if Level.ROW in levels:
            kind = "row_item"
        elif Level.FORM not in levels and "." in step.number:
            kind = "row_clause"
    elif step.level is Level.SECTION and "." in step.number:
        kind = "clause"
    if not step.number:
        return _BARE[language].get(kind, words.get(kind, kind)).replace("{n}", "").strip()
    text = words[kind].format(n=step.number)
    if language is Language.KK and kind == "appendix" and not step.number[0].isdigit():
        return f"{step.number} қосымшасы"
    return text


def _attachment(clause: Clause) -> str:
    """The unnumbered document an order approves, by the first word of its name: «Правила, п. 849»."""
    inside = [i for i, step in enumerate(clause.path) if step.level is Level.APPENDIX and not step.number]
    if not inside or clause.level is Level.APPENDIX:
        return ""
    home = clause.path[: inside[-1]]
    explains = any(step.level is Level.FORM for step in home)
    for title in clause.breadcrumb:
        word = _ATTACHED.match(title) or _ATTACHED_KK.search(title)
        if word and not explains:
            return word.group(1).capitalize()
    return ""
