"""Scores of cards against truth."""

from hypothesis import given
from hypothesis import strategies as st

from core.call_records import Analysis, CardField, IncidentCard, QualityItem
from eval.calls.cards import QUALITY_ITEMS, Tally, score_card, summarise, tally

TRUTH: dict[str, object] = {
    "call_class": "emergency",
    "urgency": 1,
    "qa": {name: name != "asked_phone" for name in QUALITY_ITEMS},
    "card": {
        "incident_type": "explosion",
        "services": ["101", "103", "102"],
        "services_optional": ["104"],
        "injured_count": 2,
        "dead_count": 0,
        "people_trapped": True,
        "children_involved": False,
        "callback_phone": None,
        "caller_name": "Семён",
    },
}


def analysis(**fields: str | int | bool | tuple[str, ...]) -> Analysis:
    return Analysis(
        card=IncidentCard(tuple(CardField(name, value, 0.9) for name, value in fields.items())),
        quality=tuple(QualityItem(name, name != "greeted") for name in QUALITY_ITEMS),
    )


def services(*ids: str) -> bool:
    return score_card(analysis(services=ids), TRUTH).exact["services"]


def test_order_after_the_lead_is_free_and_optional_services_may_be_there() -> None:
    assert services("101", "102", "103")
    assert services("101", "104", "103", "102")
    assert not services("103", "101", "102")
    assert not services("101", "103")
    assert not services("101", "103", "102", "109")
    assert not services()


def test_a_false_call_wants_no_services() -> None:
    truth = {**TRUTH, "card": {"services": [], "services_optional": []}}
    assert score_card(analysis(services=()), truth).exact["services"]
    assert not score_card(analysis(services=("101",)), truth).exact["services"]


def test_one_call_is_scored_item_by_item() -> None:
    score = score_card(
        analysis(incident_type="explosion", urgency=2, call_class="emergency", injured_count=1, caller_name="Семен"),
        TRUTH,
    )
    assert all(score.exact[name] for name in ("incident_type", "call_class", "caller_name"))
    assert score.exact["callback_phone"]  # absent, and not known
    assert not score.exact["urgency"]
    assert score.flags["injured"] == Tally(hits=1)
    assert score.flags["people_trapped"] == Tally(misses=1)
    figures = summarise([score])
    assert figures["incident_type_accuracy"] == 1
    assert figures["flags_f1"] == 2 / 3
    assert figures["quality_asked_phone_f1"] == 0  # said, not so
    assert figures["quality_greeted_f1"] == 0  # so, not said
    assert figures["false_call_precision"] == 1


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_f1_is_between_nothing_and_all(decisions: list[tuple[bool, bool]]) -> None:
    total = sum((tally(said, true) for said, true in decisions), Tally())
    assert 0 <= total.f1 <= 1
    assert (total.f1 == 1) == all(said == true for said, true in decisions)
    assert min(total.precision, total.recall) <= total.f1 + 1e-9 or total.hits == 0
