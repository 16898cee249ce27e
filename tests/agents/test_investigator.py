import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.investigator.determining import Limits
from agents.investigator.evidence import log_odds
from agents.investigator.past_cases import PastCases
from agents.investigator.suggesting import ranking_history, suggest
from core.case_records import FactValue, FireCase
from core.records import Abstention
from pipelines.cases.model.training import train, views_of
from pipelines.cases.schema import shipped_schema
from tests.cause_samples import USUAL, PlainCauseModel, past_fires

_PAST = past_fires(1500)
_INDEX = PastCases(_PAST)
_MODEL = PlainCauseModel(_PAST)
_STOVE: dict[str, FactValue] = {"object": "1.2", "place_of_origin": "Печь", "heating": "stove", "power": "live"}

_facts = st.fixed_dictionaries(
    {},
    optional={
        **{
            fact: st.sampled_from(sorted({value for usual in USUAL.values() for value in usual[fact]}))
            for fact in ("object", "power", "place_of_origin", "heating")
        },
        "smoking": st.booleans(),
        "ignition_source": st.sampled_from(["Печь", "Сигарета", "Провод", "Вулкан"]),
        "storeys": st.floats(1, 9),
    },
)


def test_a_clear_case_is_suggested_with_evidence_and_cases_beside_it() -> None:
    found = suggest(FireCase("new", _STOVE), _MODEL, _INDEX)
    first = found.hypotheses[0]
    assert (found.status, first.cause, first.in_set) == ("suggested", "6.1", True)
    assert first.probability > first.base_rate
    assert first.arguments_for[0].fact in ("place_of_origin", "heating")
    assert [argument.fact for argument in first.arguments_against] == ["power"]
    assert {similar.cause for similar in first.like} == {"6.1"}
    assert "6.1" not in {similar.cause for similar in first.unlike}
    assert all(set(one.shared).isdisjoint(one.different) for one in (*first.like, *first.unlike))
    assert found.coverage == 0.9
    assert found.model_version == "plain-1"


@given(_facts)
@settings(max_examples=60, deadline=None)
def test_the_fact_named_first_moves_the_probability_most(facts: dict[str, FactValue]) -> None:
    found = suggest(FireCase("new", facts), _MODEL, _INDEX)
    whole = _MODEL.predict(facts)
    for hypothesis in found.hypotheses:
        number = _MODEL.causes.index(hypothesis.cause)
        moved = {
            fact: whole[number] - _MODEL.predict({f: v for f, v in facts.items() if f != fact})[number]
            for fact in facts
        }
        if hypothesis.arguments_for:
            named = hypothesis.arguments_for[0]
            assert moved[named.fact] == pytest.approx(max(moved.values()), abs=1e-9)
            without = _MODEL.predict({f: v for f, v in facts.items() if f != named.fact})
            assert named.log_odds == pytest.approx(float(log_odds(whole)[number] - log_odds(without)[number]))
        if hypothesis.arguments_against:
            assert moved[hypothesis.arguments_against[0].fact] == pytest.approx(min(moved.values()), abs=1e-9)


@given(_facts)
@settings(max_examples=60, deadline=None)
def test_checks_name_facts_not_known_and_gain_something(facts: dict[str, FactValue]) -> None:
    checks = suggest(FireCase("new", facts), _MODEL, _INDEX).next_checks
    assert not {check.fact for check in checks} & set(facts)
    gains = [check.gain_bits for check in checks]
    assert gains == sorted(gains, reverse=True)
    assert all(0 < gain <= np.log2(len(_MODEL.causes)) for gain in gains)
    assert all(sum(outcome.probability for outcome in check.outcomes) <= 1 + 1e-9 for check in checks)


def test_the_source_of_ignition_tells_most_until_it_is_known() -> None:
    found = suggest(FireCase("new", {"object": "1.1", "power": "live", "smoking": False}), _MODEL, _INDEX)
    assert found.next_checks[0].fact == "ignition_source"
    assert {outcome.cause for outcome in found.next_checks[0].outcomes} > {"3.1"}


def test_a_fact_that_tells_nothing_weighs_nothing() -> None:
    named = [FireCase(case.id, {**case.facts, "card": case.id}, cause=case.cause) for case in _PAST]
    weights = PastCases(named).weights
    assert weights["card"] < 0.02
    assert weights["storeys"] < 0.05
    assert weights["ignition_source"] == max(weights.values())


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, "too-few-facts"),
        ({"object": "1.1"}, "too-few-facts"),
        ({"object": "Космодром", "place_of_origin": "Печь", "heating": "stove", "power": "none"}, "unknown-object"),
        ({"object": "1.3", "power": "live", "place_of_origin": "Снаружи"}, "set-too-wide"),
    ],
)
def test_what_the_facts_do_not_carry_is_undetermined(facts: dict[str, FactValue], reason: str) -> None:
    found = suggest(FireCase("new", facts), _MODEL, _INDEX, limits=Limits(widest_share=0.5))
    assert (found.status, found.abstention) == ("undetermined", Abstention.UNDETERMINED)
    assert found.message_id == reason


def test_no_cause_is_named_because_the_others_fell_away() -> None:
    class OnlyAgainst(PlainCauseModel):
        """Every fact speaks against every cause but the first, of which none speaks for itself."""

        def predict(self, facts: object) -> np.ndarray:
            known = len(facts)  # type: ignore[arg-type]
            left = [0.94] + [0.02 - 0.002 * (known >= 3)] * 3
            return np.array([1 - sum(left[1:]), *left[1:]])

    found = suggest(FireCase("new", {**_STOVE, "smoking": True}), OnlyAgainst(_PAST), _INDEX, limits=Limits(3, 2.0))
    assert found.hypotheses[0].probability > 0.9
    assert (found.status, found.message_id) == ("undetermined", "by-elimination")


def test_a_value_never_seen_is_named_and_does_not_break_the_suggestion() -> None:
    found = suggest(FireCase("new", {**_STOVE, "ignition_source": "Вулкан"}), _MODEL, _INDEX)
    assert found.unknown_values == {"ignition_source": "Вулкан"}
    assert found.status == "suggested"


def test_nothing_past_is_no_reason_to_fail() -> None:
    found = suggest(FireCase("new", _STOVE), _MODEL, PastCases([]))
    assert found.hypotheses[0].cause == "6.1"
    assert found.hypotheses[0].like == ()
    assert found.next_checks == ()


def test_only_cases_a_person_may_see_stand_beside() -> None:
    visible = np.array([number % 7 == 0 for number in range(len(_INDEX))])
    found = suggest(FireCase("new", _STOVE), _MODEL, _INDEX, visible=visible)
    shown = {one.case_id for hypothesis in found.hypotheses for one in (*hypothesis.like, *hypothesis.unlike)}
    assert shown
    assert all(int(case_id.removeprefix("past-")) % 7 == 0 for case_id in shown)


def test_a_closed_case_is_not_its_own_precedent() -> None:
    itself = _PAST[3]
    found = suggest(itself, _MODEL, _INDEX)
    assert itself.id not in {one.case_id for h in found.hypotheses for one in (*h.like, *h.unlike)}


def test_base_rates_of_few_cases_are_drawn_to_those_of_all() -> None:
    rare = [*_PAST, FireCase("one", {"object": "Юрта"}, cause="1")]
    rates = PastCases(rare).base_rates("object", "Юрта")
    assert sum(rates.values()) == pytest.approx(1)
    overall = PastCases(rare).base_rates("object", None)
    assert overall["1"] < rates["1"] < 0.5


def test_the_ranking_moves_with_each_fact() -> None:
    states = [{}, {"object": "1.2"}, _STOVE]
    moved = ranking_history(states, _MODEL)
    assert [set(state) for state in moved] == [set(_MODEL.causes)] * 3
    assert moved[2]["6.1"] > moved[1]["6.1"] > moved[0]["6.1"]


@pytest.mark.slow
def test_a_hundred_thousand_cases_are_compared_within_the_budget() -> None:
    many = past_fires(100_000)
    index = PastCases(many)
    suggest(FireCase("new", _STOVE), _MODEL, index)
    took = []
    for _ in range(7):
        began = time.perf_counter()
        suggest(FireCase("new", _STOVE), _MODEL, index)
        took.append(time.perf_counter() - began)
    assert min(took) <= 0.05


@pytest.mark.slow
def test_evidence_is_faithful_to_the_trained_model() -> None:
    past = past_fires(250)
    model, index = train(past, views_of(shipped_schema(), past)).model, PastCases(past)
    for case in past_fires(12, seed=11):
        found = suggest(FireCase("new", case.facts), model, index)
        whole = model.predict(case.facts)
        for hypothesis in found.hypotheses[:3]:
            number = model.causes.index(hypothesis.cause)
            moved = {
                fact: whole[number] - model.predict({f: v for f, v in case.facts.items() if f != fact})[number]
                for fact in case.facts
            }
            if hypothesis.arguments_for:
                assert moved[hypothesis.arguments_for[0].fact] == pytest.approx(max(moved.values()), abs=1e-6)
            if hypothesis.arguments_against:
                assert moved[hypothesis.arguments_against[0].fact] == pytest.approx(min(moved.values()), abs=1e-6)
