"""`qorgan ask`, `qorgan search`."""

from datetime import datetime
from typing import Annotated

import typer

from api.cli.output import AsJson, console, print_json, print_table
from api.cli.start import ACTOR, whole_service
from core.languages import Language
from core.records import Answer, Citation

_AsOf = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Norms in force on this day; today unless given.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(ask)
    app.command()(search)


def ask(
    question: Annotated[str, typer.Argument(help="In Russian, Kazakh or English.")],
    language: Annotated[Language | None, typer.Option(help="Language of the question; found out unless given.")] = None,
    as_of: _AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question with verified quotes, or say why there is no answer."""
    from api.asking import Question
    from api.asking import ask as ask_service
    from api.schemas.answers import answer_out

    with whole_service() as services:
        answer = ask_service(services, ACTOR, Question(question, language, as_of.date() if as_of else None))
    if as_json:
        print_json(answer_out(answer).model_dump(mode="json"))
    else:
        _print_answer(answer)


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    language: Annotated[Language | None, typer.Option(help="Only clauses in this language.")] = None,
    act: Annotated[list[str] | None, typer.Option(help="Only this act (id); may be given again.")] = None,
    as_of: _AsOf = None,
    limit: Annotated[int, typer.Option(min=1, max=50)] = 10,
    as_json: AsJson = False,
) -> None:
    """Find clauses, best first."""
    from api.asking import check_question
    from api.schemas.norms import FoundOut, act_out, clause_out

    with whole_service() as services:
        found = services.search.find(
            check_question(services, query),
            language=language,
            act_ids=tuple(act or ()),
            as_of=as_of.date() if as_of else None,
            limit=limit,
        )
    if as_json:
        shown = [FoundOut(score=hit.score, act=act_out(hit.act), clause=clause_out(hit.clause)) for hit in found]
        print_json([hit.model_dump(mode="json") for hit in shown])
        return
    rows = [(f"{hit.score:.4f}", hit.act.number, hit.clause.number, _short(hit.clause.text)) for hit in found]
    print_table(("score", "act", "clause", "text"), rows)


def _print_answer(answer: Answer) -> None:
    out = console()
    for warning in answer.warnings:
        out.print(f"! {warning}", markup=False, style="yellow", soft_wrap=True)
    if answer.abstention is not None:
        out.print(f"[{answer.abstention.value}] {answer.message}", markup=False, style="cyan", soft_wrap=True)
    elif answer.message:
        out.print(answer.message, markup=False)
    citations = [citation for claim in answer.claims for citation in claim.citations]
    if not citations and answer.nearest:
        out.print("\nNearest found, not an answer:", style="dim")
    for citation in citations or answer.nearest:
        out.print()
        out.print(f"«{citation.quote}»", markup=False, soft_wrap=True)
        out.print(f"  {citation.act_title}", markup=False, style="dim", soft_wrap=True)
        out.print(f"  {_place(citation)}", markup=False, style="dim", soft_wrap=True)


def _place(citation: Citation) -> str:
    since = f"redaction of {citation.valid_from}" if citation.valid_from else "redaction without a date"
    page = f", page {citation.page}" if citation.page else ""
    return f"{citation.act_number}, {citation.clause_label}, {since}{page} ({citation.verified.value})"


def _short(text: str, width: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"
