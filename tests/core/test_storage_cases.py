"""Fire cases in both databases: facts step by step, undo, closing, imports that overwrite nobody, models."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.case_records import CauseHypothesis, CauseSuggestion, FactValue, FireCase
from core.cases import CaseFilter, CaseModelVersion, CaseState, ModelState
from core.errors import Conflict, InvalidInput, NotFound
from core.storage.case_models import CaseModelStore
from core.storage.cases import CaseStore
from core.storage.database import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> CaseStore:
    return CaseStore(database)


def fire(case_id: str = "a", cause: str | None = None, territory: str | None = None, **facts: FactValue) -> FireCase:
    known = facts or {"object": "14.4", "storeys": 2.0, "witnesses": True}
    return FireCase(case_id, known, date(2026, 1, 5), cause, "Дом", "f.csv, row 2", territory)


def suggestion(*causes: str) -> CauseSuggestion:
    ranked = tuple(CauseHypothesis(c, 0.5 / (i + 1), 0.1, i == 0) for i, c in enumerate(causes))
    return CauseSuggestion("suggested", ranked, 0.9, (), "m1")


def test_a_case_comes_back_as_it_was_entered(store: CaseStore) -> None:
    made = store.create(fire(), "account:1")
    assert store.case("a") == made
    assert made.case == fire()
    assert (made.state, made.edited) == (CaseState.OPEN, True)
    assert store.create(fire(), "account:1").case == made.case
    with pytest.raises(Conflict):
        store.create(fire(object="1.1"), "account:1")
    with pytest.raises(Conflict):
        store.create(fire(), "account:2")
    with pytest.raises(NotFound):
        store.case("b")


def test_facts_are_entered_step_by_step_and_undone(store: CaseStore) -> None:
    store.create(fire(), "account:1")
    case, changes = store.edit("a", {"storeys": 5.0, "witnesses": None, "object": "14.4"}, (), "account:2")
    assert case.case.facts == {"object": "14.4", "storeys": 5.0}
    assert [(c.fact, c.value, c.before) for c in changes] == [("storeys", 5.0, 2.0), ("witnesses", None, True)]
    case, changes = store.edit("a", {"material": "вата"}, ("storeys",), "account:3")
    assert case.case.facts == {"object": "14.4", "storeys": 2.0, "material": "вата"}
    assert changes[0].undone_by == "account:3"
    with pytest.raises(Conflict):
        store.edit("a", {}, ("storeys",), "account:3")
    assert store.changes("a") == changes
    assert store.create(fire(), "account:1").case.facts["material"] == "вата"  # the first request, sent again


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.one_of(st.none(), st.booleans(), st.floats(0, 9))), max_size=6))
def test_undoing_all_changes_gives_the_first_facts_back(
    store: CaseStore, edits: list[tuple[str, FactValue | None]]
) -> None:
    case_id = f"case {datetime.now(UTC).timestamp()}"
    first: dict[str, FactValue] = {"x": 1.0, "y": True}
    store.create(fire(case_id, **first), "account:1")
    for fact, value in edits:
        store.edit(case_id, {fact: value}, (), "account:1")
    for change in reversed(store.changes(case_id)):
        store.edit(case_id, {}, (change.fact,), "account:1")
    assert store.case(case_id).case.facts == first


def test_closing_scores_what_was_suggested(store: CaseStore) -> None:
    store.create(fire(), "account:1")
    store.add_suggestion("a", {"object": "14.4"}, suggestion("3.1", "10.1"), "account:1")
    store.add_suggestion("a", {}, suggestion("1"), "account:1")
    closed = store.close("a", "10.1", "account:2")
    assert (closed.state, closed.case.cause, closed.closed_by) == (CaseState.CLOSED, "10.1", "account:2")
    first, second = store.suggestions("a")
    assert first.score is not None
    assert (first.score.rank, first.score.probability, first.score.in_set) == (2, 0.25, False)
    assert second.score is not None
    assert second.score.rank is None
    assert store.close("a", "10.1", "account:2").case == closed.case
    with pytest.raises(Conflict):
        store.close("a", "1", "account:2")
    with pytest.raises(Conflict):
        store.edit("a", {"storeys": 1.0}, (), "account:2")
    opened, _ = store.edit("a", {"storeys": 1.0}, ("cause",), "account:2")
    assert (opened.state, opened.case.cause, opened.case.facts["storeys"]) == (CaseState.OPEN, None, 1.0)
    assert store.suggestions("a")[0].score is None


def test_an_import_repeated_changes_nothing_and_overwrites_nobody(store: CaseStore) -> None:
    batch = [fire("a", "1"), fire("b"), fire("c", "3.1")]
    saved = store.save_imported(batch, "account:1", "job-1")
    assert (saved.added, saved.changed, saved.unchanged) == (3, 0, 0)
    assert store.save_imported(batch, "account:1", "job-2").unchanged == 3
    store.edit("b", {"material": "пух"}, (), "account:2")
    again = [fire("a", "2"), fire("b", object="1.1"), fire("d")]
    saved = store.save_imported(again, "account:1", "job-3")
    assert (saved.added, saved.changed, saved.unchanged, saved.kept) == (1, 1, 0, ("b",))
    assert store.case("b").case.facts["material"] == "пух"
    assert store.case("a").case.cause == "2"
    reopened, _ = store.edit("a", {}, ("cause",), "account:2")
    assert reopened.state is CaseState.OPEN


def test_the_list_is_paged_filtered_and_kept_to_the_territory(store: CaseStore) -> None:
    store.save_imported([fire(f"c{i}", "1" if i % 2 else None, f"71101{i}000") for i in range(5)], "account:1", "job")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = store.cases(limit=2, cursor=cursor)
        seen += [case.case.id for case in page.cases]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == ["c0", "c1", "c2", "c3", "c4"]
    assert store.count(CaseFilter(state=CaseState.CLOSED)) == 2
    assert store.count(CaseFilter(cause="1", since=date(2026, 1, 5), until=date(2026, 1, 6))) == 2
    assert store.count(CaseFilter(import_id="other")) == 0
    assert [c.case.id for c in store.cases(territory="711013000").cases] == ["c3"]
    assert store.count(territory="710000000") == 5
    assert store.count(territory="x") == 0
    with pytest.raises(NotFound):
        store.case("c1", territory="751110000")
    with pytest.raises(InvalidInput):
        store.cases(cursor="x")
    assert [case.id for case in store.closed_cases()] == ["c1", "c3"]


def test_only_one_model_answers(database: Database) -> None:
    models = CaseModelStore(database)
    assert models.active() is None

    def version(name: str, state: ModelState) -> CaseModelVersion:
        now = datetime.now(UTC)
        return CaseModelVersion(name, state, now, "account:1", "0" * 64, 10, {"top1": 0.5}, "# Card", "b" * 64)

    first = models.add(version("m1", ModelState.ACTIVE))
    assert models.active() == first
    models.add(version("m2", ModelState.ACTIVE))
    models.add(version("m3", ModelState.REFUSED))
    assert {model.version: model.state for model in models.all()} == {
        "m1": ModelState.RETIRED,
        "m2": ModelState.ACTIVE,
        "m3": ModelState.REFUSED,
    }
    assert models.activate("m1").state is ModelState.ACTIVE
    active = models.active()
    assert active is not None
    assert active.version == "m1"
    with pytest.raises(Conflict):
        models.add(version("m1", ModelState.ACTIVE))
    with pytest.raises(Conflict):
        models.activate("m3")
    with pytest.raises(NotFound):
        models.activate("m9")
