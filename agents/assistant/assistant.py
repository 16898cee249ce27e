"""The quote answer: from a question to verified quotes, without any language model."""

from collections.abc import Callable
from datetime import date

from agents.assistant.context import Abstained, Answered, Ask, Knowledge, Step
from agents.assistant.messages import message
from agents.assistant.quotes import cite_whole
from agents.assistant.steps.compose import compose
from agents.assistant.steps.find_quote import find_quote
from agents.assistant.steps.guard import guard
from agents.assistant.steps.judge import judge
from agents.assistant.steps.look_up import look_up
from agents.assistant.steps.search import search
from agents.assistant.steps.understand import understand
from agents.assistant.steps.verify import verify
from core.errors import InvalidInput, TooLarge
from core.languages import Language
from core.records import Abstention, Answer

STEPS: tuple[Step, ...] = (
    guard,  # language, intent; refuses what is no question about norms
    understand,  # acts, references and quotes it names
    look_up,  # references -> clauses
    find_quote,  # quoted words -> their clause
    search,  # everything else -> clauses found
    judge,  # sure enough?
    compose,  # clauses -> verbatim sentences
    verify,  # every quote is in its source, or is not shown
)


class QuoteAssistant:
    """Answers questions from what `knowledge()` returns at the time of asking."""

    def __init__(self, knowledge: Callable[[], Knowledge], *, max_chars: int, today: Callable[[], date]) -> None:
        self._knowledge = knowledge
        self._max_chars = max_chars
        self._today = today

    def answer(self, question: str, *, language: Language | None = None, as_of: date | None = None) -> Answer:
        """Return verified quotes, or an abstention with its reason.

        Raises InvalidInput on an empty question and TooLarge on one over `search.max_question_chars`.
        """
        if not question.strip():
            raise InvalidInput("the question is empty", advice="ask a question in Russian, Kazakh or English")
        if len(question) > self._max_chars:
            raise TooLarge(
                f"the question has {len(question)} characters, the limit is {self._max_chars}",
                advice="shorten it, or raise search.max_question_chars",
            )
        knowledge = self._knowledge()
        ask = Ask(" ".join(question.split()), knowledge, as_of or self._today(), language)
        try:
            for step in STEPS:
                ask = step(ask)
        except Answered as outcome:
            ask = verify(outcome.ask)
        except Abstained as outcome:
            return _abstention(ask, outcome)
        if not ask.claims:
            text = message("low_confidence.default", ask.spoken)
            return _abstention(ask, Abstained(Abstention.UNVERIFIED, text))
        return Answer("answered", ask.spoken, ask.claims, ask.warnings, ask.as_of, dict(knowledge.versions))


def _abstention(ask: Ask, outcome: Abstained) -> Answer:
    nearest = tuple(c for clause in outcome.nearest if (c := cite_whole(ask, clause)))
    return Answer(
        "abstained",
        ask.spoken,
        (),
        ask.warnings,
        ask.as_of,
        dict(ask.knowledge.versions),
        outcome.reason,
        outcome.message,
        nearest,
    )
