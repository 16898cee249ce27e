"""A call as text for people."""

from typing import TYPE_CHECKING

from api.cli.output import console
from api.pages.wording import clock
from core.call_records import LegName, TagKind
from core.languages import Language

if TYPE_CHECKING:
    from api.schemas.calls import CallOut, EvidenceOut

_LEGS = {LegName.CALLER: "caller", LegName.OPERATOR: "operator", LegName.MIXED: "both"}
_STYLES = {LegName.CALLER: "cyan", LegName.OPERATOR: "green", LegName.MIXED: "cyan"}
NOTES = {
    "language-not-reliable": "the model does not write this language reliably: listen to the call",
    "no-speech": "nobody was heard",
    "one-channel": "one channel holds both sides: who says what is not known",
    "silent-leg": "one side was not heard at all",
    "truncated": "the file ends before its sound does",
    "clipping": "the sound was recorded too loud",
    "restored": "the call was finished from what was kept of it",
}


def print_call(call: "CallOut") -> None:
    """Print the transcript, what was noticed, the card, what was not asked, the quality of the conversation."""
    from pipelines.calls.card import question_text, type_names

    out = console()

    def line(text: str, style: str = "") -> None:
        out.print(text, markup=False, style=style, soft_wrap=True)

    length = f", {clock(call.duration_s)}" if call.duration_s is not None else ""
    line(f"\n{call.file_name or call.id}: {call.state.value}{length}", "bold")
    line(f"id {call.id}")
    for note in call.notes:
        line(f"note: {NOTES.get(note, note)}", "yellow")
    if call.failure is not None:
        line(f"{call.failure.detail.rstrip('.')}. {call.failure.advice}", "red")
        return
    line("\nTranscript", "bold")
    for segment in call.segments:
        line(f"  {clock(segment.start_s)}  {_LEGS[segment.leg]:<8}  {segment.text}", _STYLES[segment.leg])
    if call.tags:
        line("\nNoticed", "bold")
    for tag in call.tags:
        heard = f"«{tag.evidence.text}»" if tag.kind is TagKind.KEYWORD else tag.kind.value
        doubt = "" if tag.asserted else ", not said as a fact"
        line(f"  {clock(tag.evidence.start_s)}  {tag.label} ({heard}{doubt}, {tag.confidence:.0%})")
    line("\nCard", "bold")
    names = type_names()
    for field in call.card.fields:
        value = "; ".join(field.value) if isinstance(field.value, list) else field.value
        if field.name == "incident_type" and value in names:
            value = f"{value} ({names[str(value)].en})"
        by = "set by a person" if field.set_by == "person" else f"{field.confidence:.0%}{_heard(field.evidence)}"
        line(f"  {field.name:<18} {value}  [{by}]")
    if call.missing:
        line("\nNot asked yet", "bold")
    for question in call.missing:
        line(f"  {'!' if question.urgent else ' '} {question_text(question.id, Language.EN)}")
    if call.quality:
        line("\nConversation", "bold")
        line("  " + ", ".join(f"{'+' if item.done else '-'} {item.id.replace('_', ' ')}" for item in call.quality))


def _heard(evidence: "tuple[EvidenceOut, ...]") -> str:
    return f", «{evidence[0].text}»" if evidence and evidence[0].text else ""
