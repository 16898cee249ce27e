"""Asking the assistant: the limits, the switch, the audit and the metrics that surround every answer."""

import time
from dataclasses import dataclass
from datetime import date

from api.contract import Services
from core.errors import InvalidInput, TooLarge
from core.languages import Language
from core.records import Answer
from core.security.tokens import digest
from core.storage.switches import Capability
from core.telemetry import metrics, request_id


@dataclass(frozen=True)
class Question:
    """A question that may be answered."""

    text: str
    language: Language | None = None
    as_of: date | None = None


def check_question(services: Services, text: str) -> str:
    """Return the question without outer white space; raises `InvalidInput` when empty, `TooLarge` when too long."""
    question = text.strip()
    if not any(sign.isalnum() for sign in question):
        raise InvalidInput("the question is empty", advice="ask in words, in Russian, Kazakh or English")
    limit = services.settings.search.max_question_chars
    if len(question) > limit:
        raise TooLarge(
            f"the question has {len(question)} characters",
            advice=f"shorten it to {limit} characters (setting search.max_question_chars)",
        )
    return question


def ask(services: Services, actor: str, question: Question) -> Answer:
    """Return the answer, counted and audited by digests and ids only. Raises `SwitchedOff` when turned off."""
    services.security.switches.require_on(Capability.ASSISTANT)
    text = check_question(services, question.text)
    began = time.perf_counter()
    answer = services.assistant.answer(text, language=question.language, as_of=question.as_of)
    metrics.ANSWER_SECONDS.observe(time.perf_counter() - began)
    reason = answer.abstention.value if answer.abstention else ""
    metrics.ANSWERS.labels(answer.status, reason, answer.question_language.value).inc()
    clauses = [citation.clause_id for claim in answer.claims for citation in claim.citations]
    services.security.audit.append(
        actor=actor,
        action="answer",
        subject=digest(text),
        detail={
            "status": answer.status,
            "reason": reason,
            "language": answer.question_language.value,
            "as_of": answer.as_of.isoformat(),
            "clauses": ",".join(clauses),
            "request_id": request_id.current(),
        },
    )
    return answer
