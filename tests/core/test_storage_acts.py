"""Acts and clauses in the database: what goes in comes out, loading again changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput, NotFound
from core.languages import Language
from core.records import Act, Box, Clause, Level, PathStep, Redaction, RedactionStatus
from core.storage.acts import ActStore, Saved
from core.storage.database import Database

ACT = Act(
    id=Act.make_id("KZ", "order", "77"),
    jurisdiction="KZ",
    kind="order",
    number="77",
    titles={Language.RU: "О пробных правилах", Language.KK: "Сынақ қағидалары туралы"},
    aliases=("ПП-77",),
    issuer="Проба",
    adopted_on=date(2020, 2, 29),
)
REDACTION = Redaction(
    id="redaction-1",
    act_id=ACT.id,
    valid_from=date(2021, 1, 1),
    valid_to=None,
    status=RedactionStatus.IN_FORCE,
    languages=(Language.RU, Language.KK),
    source_name="77.docx",
    source_sha256="0" * 64,
)
REPORT: dict[str, object] = {"coverage": 0.991, "levels": {"clause": 2}}


def clause(number: str, language: Language = Language.RU, **changes: object) -> Clause:
    path = (PathStep(Level.CHAPTER, "1"), PathStep(Level.CLAUSE, number))
    base = Clause(
        id=Clause.make_id(REDACTION.id, language, path),
        act_id=ACT.id,
        redaction_id=REDACTION.id,
        language=language,
        level=Level.CLAUSE,
        number=number,
        path=path,
        breadcrumb=("Глава 1. Общее",),
        heading="",
        text=f"{number}. Двери открываются наружу.",
        ordinal=int(number),
        page=3,
        box=Box(72.0, 100.5, 500.25, 120.0),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
def store(database_url: str) -> Iterator[ActStore]:
    database = Database(database_url)
    database.upgrade()
    yield ActStore(database)
    database.close()


def bilingual() -> list[Clause]:
    ru, kk = clause("1"), clause("1", Language.KK, text="1. Есіктер сыртқа ашылады.")
    child = clause("2", level=Level.ROW, parent_id=ru.id, cells=("а", "1,2"), columns=("что", "м"), repealed=True)
    return [replace(ru, twin_id=kk.id), replace(kk, twin_id=ru.id), child]


def test_what_was_saved_is_read_back(store: ActStore) -> None:
    clauses = bilingual()
    saved = store.save_redaction(ACT, REDACTION, clauses, REPORT)
    ru, kk, child = clauses
    assert saved == Saved(added=(ru.id, kk.id, child.id), changed=(), removed=())
    assert store.acts() == (ACT,)
    assert store.act(ACT.id) == ACT
    assert store.redactions(ACT.id) == store.redactions() == (REDACTION,)
    assert store.redaction(REDACTION.id) == REDACTION
    assert store.clauses(REDACTION.id) == (kk, ru, child)
    assert store.clauses(REDACTION.id, Language.RU) == (ru, child)
    assert store.clause(child.id) == child
    assert list(store.clauses_by_id([child.id, "none", ru.id]).items()) == [(child.id, child), (ru.id, ru)]
    assert store.children(ru.id) == (child,)
    assert store.find_by_number(ACT.id, "1") == store.find_by_number(None, "1") == (kk, ru)
    assert store.find_by_number("another act", "1") == ()
    assert store.numbered_together("another act") == ()
    assert store.report(REDACTION.id) == REPORT
    assert sorted(c.id for c in store.all_clauses()) == sorted(c.id for c in clauses)


def test_saving_again_changes_nothing(store: ActStore) -> None:
    store.save_redaction(ACT, REDACTION, bilingual(), REPORT)
    assert store.save_redaction(ACT, REDACTION, bilingual(), REPORT) == Saved((), (), ())
    assert len(store.clauses(REDACTION.id)) == 3
    assert len(store.acts()) == len(store.redactions()) == 1


def test_a_new_parse_touches_only_what_differs(store: ActStore) -> None:
    ru, kk, child = bilingual()
    store.save_redaction(ACT, REDACTION, [ru, kk, child], REPORT)
    changed = replace(child, text="другое", parent_id=None, box=None)
    new = clause("5")
    saved = store.save_redaction(ACT, REDACTION, [replace(ru, twin_id=None), changed, new], {"coverage": 1})
    assert (saved.added, saved.removed) == ((new.id,), (kk.id,))
    assert set(saved.changed) == {ru.id, child.id}
    assert store.clauses(REDACTION.id) == (replace(ru, twin_id=None), changed, new)
    assert store.report(REDACTION.id) == {"coverage": 1}


def test_another_redaction_leaves_the_first_alone(store: ActStore) -> None:
    store.save_redaction(ACT, REDACTION, [clause("1")], REPORT)
    second = replace(REDACTION, id="redaction-2", valid_from=date(2025, 1, 1))
    moved = replace(clause("1"), id="clause-of-2", redaction_id=second.id, text="иначе")
    store.save_redaction(replace(ACT, titles={Language.EN: "On trial rules"}, aliases=("77-П",)), second, [moved], {})
    assert store.clauses(REDACTION.id) == (clause("1"),)
    assert [r.id for r in store.redactions(ACT.id)] == ["redaction-1", "redaction-2"]
    assert set(store.act(ACT.id).titles) == {Language.RU, Language.KK, Language.EN}
    assert store.act(ACT.id).aliases == ("ПП-77", "77-П")


def test_validity_is_set(store: ActStore) -> None:
    store.save_redaction(ACT, REDACTION, [clause("1")], REPORT)
    end = date(2025, 1, 1)
    changed = store.set_redaction_validity(
        REDACTION.id,
        valid_from=REDACTION.valid_from,
        valid_to=end,
        status=RedactionStatus.SUPERSEDED,
        replaced_by="redaction-2",
    )
    assert changed == store.redaction(REDACTION.id)
    assert (changed.valid_to, changed.status, changed.replaced_by) == (end, RedactionStatus.SUPERSEDED, "redaction-2")
    with pytest.raises(InvalidInput):
        store.set_redaction_validity(
            REDACTION.id, valid_from=end, valid_to=date(2020, 1, 1), status=RedactionStatus.IN_FORCE
        )


@pytest.mark.parametrize(
    "wrong",
    [
        [clause("1"), clause("1")],
        [clause("1", act_id="another")],
        [clause("1", redaction_id="another")],
        [clause("1", parent_id="nowhere")],
        [clause("1", twin_id="nowhere")],
        [clause("1", text="а\x00б")],
    ],
)
def test_clauses_that_do_not_fit_are_refused_whole(store: ActStore, wrong: list[Clause]) -> None:
    with pytest.raises(InvalidInput):
        store.save_redaction(ACT, REDACTION, [*wrong, clause("9")], REPORT)
    assert store.acts() == ()


def test_what_is_not_there_is_not_found(store: ActStore) -> None:
    for read in (store.act, store.redaction, store.clause, store.report):
        with pytest.raises(NotFound):
            read("none")
    with pytest.raises(NotFound):
        store.set_redaction_validity("none", valid_from=None, valid_to=None, status=RedactionStatus.UNKNOWN)
    assert store.clauses("none") == store.children("none") == store.redactions("none") == ()


words = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40)
any_clause = st.builds(
    clause,
    st.integers(0, 10**6).map(str),
    st.sampled_from(Language),
    heading=words,
    text=words,
    breadcrumb=st.lists(words, max_size=3).map(tuple),
    cells=st.lists(words, max_size=3).map(tuple),
    columns=st.lists(words, max_size=3).map(tuple),
    page=st.none() | st.integers(1, 3000),
    box=st.none() | st.builds(Box, *(st.floats(0, 5000),) * 4),
    repealed=st.booleans(),
)


@given(clauses=st.lists(any_clause, max_size=6, unique_by=lambda c: c.id))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_clauses_replace_any_others(store: ActStore, clauses: list[Clause]) -> None:
    before = {c.id for c in store.clauses(REDACTION.id)}
    saved = store.save_redaction(ACT, REDACTION, clauses, {})
    after = {c.id: c for c in clauses}
    assert {c.id: c for c in store.clauses(REDACTION.id)} == after
    assert set(saved.added) == after.keys() - before
    assert set(saved.removed) == before - after.keys()
    assert store.save_redaction(ACT, REDACTION, clauses, {}) == Saved((), (), ())


@pytest.mark.slow
def test_a_hundred_thousand_clauses(store: ActStore) -> None:
    clauses = [clause(str(n), text=f"{n}. " + "Слово " * 60) for n in range(100_000)]
    assert len(store.save_redaction(ACT, REDACTION, clauses, REPORT).added) == 100_000
    assert store.save_redaction(ACT, REDACTION, clauses, REPORT) == Saved((), (), ())
    assert sum(1 for _ in store.all_clauses()) == 100_000
    assert len(store.save_redaction(ACT, REDACTION, clauses[:10], REPORT).removed) == 99_990
