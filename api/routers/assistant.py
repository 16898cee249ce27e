"""Questions to the norms."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import Needs, ServicesDep
from api.asking import Question, ask
from api.schemas.answers import AnswerOut, QuestionIn, answer_out
from api.sse import event, stream, wants_events
from core.security.permissions import Permission
from core.security.principal import Principal

router = APIRouter(tags=["assistant"])


@router.post(
    "/v1/assistant/answers",
    response_model=AnswerOut,
    responses={200: {"content": {"text/event-stream": {"example": "event: quote\ndata: {...}\n\nevent: answer\n..."}}}},
)
def answer_question(
    asked: QuestionIn,
    request: Request,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.ASK))],
) -> AnswerOut | Response:
    """Answer with verified quotes, or abstain with a typed reason.

    With `Accept: text/event-stream` the quotes come one by one as `quote` events, then the whole as `answer`.
    """
    answer = ask(services, principal.actor, Question(asked.question, asked.language, asked.as_of))
    shown = answer_out(answer)
    return stream(_events(shown)) if wants_events(request) else shown


def _events(answer: AnswerOut) -> Iterator[bytes]:
    for claim in answer.claims:
        yield event("quote", claim)
    yield event("answer", answer)
