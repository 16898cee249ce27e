"""A whole call, put together for the API, the pages and the command line."""

from api.schemas.calls import (
    CallBriefOut,
    CallOut,
    DecisionOut,
    MissingQuestionOut,
    QualityItemOut,
    SegmentOut,
    TagOut,
    card_out,
)
from core.calls import Call
from core.storage.calls import CallStore


def call_out(store: CallStore, call: Call) -> CallOut:
    """Return the call with all that is kept of it."""
    return CallOut(
        **CallBriefOut.model_validate(call).model_dump(),
        created_at=call.created_at,
        legs=call.legs,
        versions=call.versions,
        audio_url=f"/v1/calls/{call.id}/audio" if call.sound_sha256 else None,
        segments=[SegmentOut.model_validate(one) for one in store.segments(call.id)],
        tags=[TagOut.model_validate(one) for one in store.tags(call.id)],
        card=card_out(store.card(call.id)),
        missing=[MissingQuestionOut.model_validate(one) for one in store.missing(call.id)],
        quality=[QualityItemOut.model_validate(one) for one in store.quality(call.id)],
        decisions=[DecisionOut.model_validate(one) for one in store.decisions(call.id)],
    )
