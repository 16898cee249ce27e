"""The model of causes: trained on a small made-up region, asked through its port."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.blobs import FolderBlobs
from core.case_records import FactValue, FireCase
from core.cases import CaseModelVersion, ModelState
from core.errors import Conflict, InvalidInput, ModelError
from pipelines.cases.model.calibration import best_temperature, in_set, log_loss, set_threshold, tempered
from pipelines.cases.model.encoding import learn_encoder
from pipelines.cases.model.figures import judge
from pipelines.cases.model.learned import LearnedModel
from pipelines.cases.model.likeness import LikenessPlan
from pipelines.cases.model.networks import NetworkPlan
from pipelines.cases.model.packing import pack, unpack
from pipelines.cases.model.port import CaseModel
from pipelines.cases.model.training import Trained, TrainingPlan, nested, train
from pipelines.cases.model.updating import update
from pipelines.cases.schema import shipped_schema

SCENE = ("object", "place_of_origin", "storeys", "month")
VIEWS = nested([SCENE, ("district",), ("ignition_source",)])
PLAN = TrainingPlan(NetworkPlan(members=2, hidden=16, epochs=10, batch=32), LikenessPlan(landmarks=120), periods=2)
OBJECTS = ("жилой дом одноквартирный", "жилой дом многоквартирный", "баня на участке", "легковой автомобиль", "гараж")
PLACES = ("комната", "кухня", "парилка", "отсек двигателя", "чердак")
CAUSES = ("печь", "проводка", "курение", "поджог")
SOURCES = {"печь": "дымоход", "проводка": "провод", "курение": "сигарета", "поджог": "спички"}


def made_up(n: int, seed: int = 1, noise: float = 0.3) -> list[FireCase]:
    """Fires whose cause hangs on the object and the season, with noise."""
    rng = np.random.default_rng(seed)
    cases = []
    for number in range(n):
        day = date(2024, 1, 1) + timedelta(days=int(number * 360 / n))
        thing, place = str(rng.choice(OBJECTS)), str(rng.choice(PLACES))
        winter = day.month in (11, 12, 1, 2, 3)
        usual = (
            "печь" if "баня" in thing or (winter and "одно" in thing) else "проводка" if "авто" in thing else "курение"
        )
        cause = usual if rng.random() > noise else str(rng.choice(CAUSES))
        facts: dict[str, FactValue] = {
            "object": thing,
            "place_of_origin": place,
            "storeys": float(rng.integers(1, 10)),
            "month": str(day.month),
            "district": f"район {rng.integers(1, 6)}",
            "ignition_source": SOURCES[cause],
        }
        kept = {fact: value for fact, value in facts.items() if rng.random() > 0.05}
        cases.append(FireCase(f"case-{seed}-{number:04}", kept, day, cause))
    return cases


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(made_up(400), VIEWS, PLAN)


@pytest.fixture(scope="module")
def model(trained: Trained) -> LearnedModel:
    return trained.model


def facts_of(case: FireCase, *left_out: str) -> dict[str, FactValue]:
    return {fact: value for fact, value in case.facts.items() if fact not in left_out}


any_facts = st.fixed_dictionaries(
    {},
    optional={
        "object": st.sampled_from([*OBJECTS, "теплоход", "баня новая", ""]),
        "place_of_origin": st.sampled_from([*PLACES, "нигде"]),
        "storeys": st.one_of(st.floats(-5, 500), st.just("много")),
        "month": st.sampled_from(["1", "7", "12", "13", "май"]),
        "district": st.text(max_size=12),
        "ignition_source": st.sampled_from([*SOURCES.values(), "лазер"]),
        "notes": st.text(max_size=12),
    },
)


@settings(max_examples=60, deadline=None)
@given(facts=any_facts)
def test_any_facts_give_probabilities_and_a_set(model: LearnedModel, facts: Mapping[str, FactValue]) -> None:
    port: CaseModel = model
    chances = port.predict(facts)
    assert chances.shape == (len(port.causes),)
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    assert (chances >= 0).all()
    assert port.causes[int(chances.argmax())] in port.prediction_set(chances)


def test_one_by_one_is_the_same_as_many_at_once(model: LearnedModel) -> None:
    cases = [facts_of(case, *left) for case, left in zip(made_up(6, 9), [(), ("object",), VIEWS[-1]] * 2, strict=True)]
    many = model.predict_many(cases)
    assert np.allclose(many, np.array([model.predict(facts) for facts in cases]), atol=1e-6)


def test_learning_beats_the_base_rates_and_the_source_helps(model: LearnedModel) -> None:
    fresh = made_up(300, 7)
    scene = [replace(case, facts=facts_of(case, "ignition_source")) for case in fresh]
    by_scene, with_source = judge(model, scene), judge(model, fresh)
    assert by_scene.metrics["top1"] > 0.6
    assert with_source.metrics["top1"] > by_scene.metrics["top1"] + 0.1
    assert 0.83 <= by_scene.metrics["set_coverage"] <= 0.97


def test_the_same_cases_make_the_same_model(trained: Trained) -> None:
    cases = made_up(400)
    again = train(list(reversed(cases)), VIEWS, PLAN)
    assert again.model.version == trained.model.version
    assert again.data_hash == trained.data_hash
    asked = [case.facts for case in cases[:20]]
    assert np.array_equal(again.model.predict_many(asked), trained.model.predict_many(asked))


def test_facts_that_are_not_used_change_nothing(model: LearnedModel) -> None:
    facts = facts_of(made_up(1)[0])
    assert np.array_equal(model.predict(facts), model.predict({**facts, "notes": "печь", "culprit_known": True}))


def test_the_ignition_source_plays_no_part_until_it_is_entered(model: LearnedModel) -> None:
    facts = facts_of(made_up(1)[0], "ignition_source")
    before = model.predict(facts)
    after = model.predict({**facts, "ignition_source": "дымоход"})
    stove = model.causes.index("печь")
    assert after[stove] > before[stove]


def test_a_value_never_seen_is_known_by_its_words(model: LearnedModel) -> None:
    stove = model.causes.index("печь")
    chances = model.predict({"object": "баня из бруса"})
    assert chances[stove] > model.predict({"object": "теплоход"})[stove]
    assert np.allclose(model.predict({"object": "теплоход"}), model.predict({}))


def test_winter_is_known_from_months_that_are_like_it() -> None:
    cases = [case for case in made_up(500) if case.occurred_on is not None and case.occurred_on.month <= 8]
    model = train(cases, [SCENE], PLAN).model
    stove = model.causes.index("печь")
    house = {"object": OBJECTS[0], "place_of_origin": "комната"}
    assert model.predict({**house, "month": "12"})[stove] > model.predict({**house, "month": "6"})[stove] + 0.1


def test_known_values_are_as_they_were_written(model: LearnedModel) -> None:
    assert model.known_values("object") == set(OBJECTS)
    assert model.known_values("storeys") == frozenset()
    assert model.known_values("notes") == frozenset()


def test_a_model_goes_through_bytes_unchanged(model: LearnedModel) -> None:
    again = unpack(pack(model))
    asked = [case.facts for case in made_up(20, 5)]
    assert np.array_equal(again.predict_many(asked), model.predict_many(asked))
    assert (again.version, again.causes, again.threshold, again.facts) == (
        model.version,
        model.causes,
        model.threshold,
        model.facts,
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x80\x04N."])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ModelError):
        unpack(content)


def test_too_little_to_learn_from_is_said() -> None:
    with pytest.raises(InvalidInput, match="closed cases"):
        train(made_up(20), VIEWS, PLAN)
    with pytest.raises(InvalidInput, match="1 causes"):
        train([replace(case, cause="печь") for case in made_up(100)], VIEWS, PLAN)


def test_cases_without_a_day_are_learnt_from() -> None:
    cases = [replace(case, occurred_on=None if i % 3 else case.occurred_on) for i, case in enumerate(made_up(120))]
    assert train(cases, [SCENE], PLAN).cases == 120


# --- calibration ------------------------------------------------------------------------------------------------------


def overconfident(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, 6))
    honest = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    labels = np.array([rng.choice(6, p=line) for line in honest])
    return tempered(honest, 0.4), labels


def test_a_temperature_calibrates_what_is_too_sure() -> None:
    chances, labels = overconfident(3000, 1)
    temperature = best_temperature(chances, labels)
    later, truth = overconfident(3000, 2)
    assert temperature > 1.5
    assert log_loss(tempered(later, temperature), truth) < log_loss(later, truth) - 0.1


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_hold_the_cause_as_often_as_stated(coverage: float) -> None:
    chances, labels = overconfident(4000, 3)
    threshold = set_threshold(chances, labels, coverage)
    later, truth = overconfident(4000, 4)
    members = in_set(later, threshold)
    assert members[np.arange(len(truth)), truth].mean() == pytest.approx(coverage, abs=0.02)
    assert members.any(axis=1).all()


def test_too_few_cases_make_the_set_of_all() -> None:
    chances, labels = overconfident(5, 1)
    assert in_set(chances, set_threshold(chances, labels, 0.9)).all()


def test_the_encoder_leaves_out_a_fact_nobody_has() -> None:
    encoder = learn_encoder([{"object": "дом"}, {"object": "дом"}], ["object", "structure"])
    assert [code.fact for code in encoder.facts] == ["object"]


# --- versions ---------------------------------------------------------------------------------------------------------


class Kept:
    """Versions in memory, as the database keeps them."""

    def __init__(self) -> None:
        self.rows: list[CaseModelVersion] = []

    def add(self, model: CaseModelVersion) -> CaseModelVersion:
        if model.state is ModelState.ACTIVE:
            self.rows = [replace(row, state=ModelState.RETIRED) for row in self.rows]
        self.rows.append(model)
        return model

    def active(self) -> CaseModelVersion | None:
        return next((row for row in self.rows if row.state is ModelState.ACTIVE), None)


@pytest.mark.slow
def test_a_worse_model_does_not_replace_a_better_one(tmp_path: Path) -> None:
    versions, blobs = Kept(), FolderBlobs(tmp_path)
    good = [replace(case, id=f"good-{case.id}") for case in made_up(300)]
    first = update(good, shipped_schema(), versions, blobs, actor="test", plan=PLAN)
    assert first.replaced
    assert first.version.blob is not None
    assert "Model of fire causes" in first.version.card
    with pytest.raises(Conflict, match="these very cases"):
        update(good, shipped_schema(), versions, blobs, actor="test", plan=PLAN)

    # causes drawn by lot, and no source found that would tell them
    spoilt = [
        replace(case, facts={fact: value for fact, value in case.facts.items() if fact != "ignition_source"})
        for case in made_up(300, 3, noise=1.0)
    ]
    refused = update(spoilt, shipped_schema(), versions, blobs, actor="test", plan=PLAN)
    assert not refused.replaced
    assert refused.version.state is ModelState.REFUSED
    assert refused.version.blob is None
    assert refused.comparison.current is not None
    active = versions.active()
    assert active is not None
    assert active.version == first.version.version

    with pytest.raises(InvalidInput, match="reason"):
        update(spoilt, shipped_schema(), versions, blobs, actor="test", force_reason=" ", plan=PLAN)
    forced = update(spoilt, shipped_schema(), versions, blobs, actor="test", force_reason="новый округ", plan=PLAN)
    assert forced.replaced
    assert "новый округ" in forced.version.note
    assert forced.version.created_at <= datetime.now(UTC)
