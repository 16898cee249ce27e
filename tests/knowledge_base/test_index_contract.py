"""What every adapter of `ClauseIndex` does alike: the same tests for the edge shard, local mode and a server."""

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from core.errors import ConfigurationError, InvalidInput, Unavailable
from core.records import Level
from core.settings import IndexSettings, Settings
from knowledge_base.index.client import ClientIndex
from knowledge_base.index.edge import EdgeIndex
from knowledge_base.index.factory import open_index
from knowledge_base.index.port import ClauseIndex, Filters, IndexPoint, SparseVector

DIM = 16
DAY = date(2024, 7, 1)
ADAPTERS = ("edge", "local", "server")


def make_index(kind: str, folder: Path) -> ClauseIndex:
    if kind == "edge":
        return EdgeIndex(folder, version="test", dimension=DIM)
    if kind == "local":
        return ClientIndex(":memory:", version="test", dimension=DIM)
    url = os.environ.get("QORGAN_QDRANT_URL", "")
    if not url:
        pytest.skip("no Qdrant server: QORGAN_QDRANT_URL is not set")
    return ClientIndex(url, version="test", collection=f"contract-{uuid.uuid4().hex}", dimension=DIM)


def remove(index: ClauseIndex) -> None:
    """Close the index and leave nothing of it on a server."""
    index.close()
    if isinstance(index, ClientIndex) and index.collection.startswith("contract-"):
        QdrantClient(url=os.environ["QORGAN_QDRANT_URL"]).delete_collection(index.collection)


@pytest.fixture(params=ADAPTERS)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ClauseIndex]:
    made = make_index(request.param, tmp_path / "index")
    yield made
    remove(made)


def sparse(**weights: float) -> SparseVector:
    return SparseVector(
        np.array([int(name[1:]) for name in weights], dtype=np.uint32),
        np.array(list(weights.values()), dtype=np.float32),
    )


def point(number: int, **changes: object) -> IndexPoint:
    axis = np.zeros(DIM, dtype=np.float32)
    axis[number % DIM] = 1.0
    made = IndexPoint(
        id=str(uuid.UUID(int=number + 1)),
        clause_id=f"clause-{number}",
        act_id="act",
        redaction_id="redaction",
        language="ru",
        jurisdiction="KZ",
        valid_from=None,
        valid_to=None,
        level=Level.CLAUSE,
        dense=axis,
        lexical=sparse(t1=1.0),
        content_hash=f"hash-{number}",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def random_points(n: int, seed: int = 0) -> list[IndexPoint]:
    rng = np.random.default_rng(seed)
    return [
        point(
            number,
            dense=rng.standard_normal(DIM).astype(np.float32),
            lexical=SparseVector(
                rng.choice(300, size=12, replace=False).astype(np.uint32), rng.random(12, dtype=np.float32) + 0.1
            ),
            act_id=f"act-{rng.integers(5)}",
            language=["ru", "kk", "en"][rng.integers(3)],
            valid_from=DAY + timedelta(days=int(rng.integers(-50, 50))),
        )
        for number in range(n)
    ]


def found(index: ClauseIndex, filters: Filters) -> set[str]:
    """The clauses both arms give for a query that every point answers; they must agree."""
    dense = {hit.clause_id for hit in index.dense(np.ones(DIM, dtype=np.float32), 1000, filters)}
    lexical = {hit.clause_id for hit in index.lexical(sparse(t1=1.0), 1000, filters)}
    assert dense == lexical
    return dense


def passes(p: IndexPoint, f: Filters) -> bool:
    return (
        (f.act_ids is None or p.act_id in f.act_ids)
        and (f.languages is None or p.language in f.languages)
        and (f.jurisdictions is None or p.jurisdiction in f.jurisdictions)
        and (f.redaction_ids is None or p.redaction_id in f.redaction_ids)
        and (
            f.in_force_on is None
            or (
                (p.valid_from is None or p.valid_from <= f.in_force_on)
                and (p.valid_to is None or f.in_force_on < p.valid_to)
            )
        )
    )


def test_an_empty_index_finds_nothing_and_asks_to_be_filled(index: ClauseIndex) -> None:
    assert index.count() == 0
    assert found(index, Filters()) == set()
    assert index.needs_rebuild
    index.mark_rebuilt()
    assert not index.needs_rebuild


@pytest.mark.parametrize(
    ("field", "filters"),
    [
        ("act_id", Filters(act_ids=frozenset({"a", "b"}))),
        ("language", Filters(languages=frozenset({"a", "b"}))),
        ("jurisdiction", Filters(jurisdictions=frozenset({"a", "b"}))),
        ("redaction_id", Filters(redaction_ids=frozenset({"a", "b"}))),
    ],
)
def test_a_filter_by_value_is_exact(index: ClauseIndex, field: str, filters: Filters) -> None:
    index.upsert(point(n, **{field: value}) for n, value in enumerate(["a", "b", "c", "A", "ab", ""]))
    assert found(index, filters) == {"clause-0", "clause-1"}


def test_an_empty_set_lets_nothing_pass(index: ClauseIndex) -> None:
    index.upsert([point(0)])
    for nothing in (
        Filters(act_ids=frozenset()),
        Filters(languages=frozenset()),
        Filters(jurisdictions=frozenset()),
        Filters(redaction_ids=frozenset()),
    ):
        assert found(index, nothing) == set()


def test_dates_hold_from_their_first_day_to_the_day_before_they_end(index: ClauseIndex) -> None:
    start, end = date(2022, 9, 1), date(2023, 6, 9)
    index.upsert(
        [
            point(0, valid_from=start, valid_to=end),
            point(1, valid_from=start),
            point(2, valid_to=end),
            point(3),
            point(4, valid_to=date.min),
            point(5, valid_from=date.max),
        ]
    )
    for day, expected in {
        start - timedelta(days=1): {2, 3},
        start: {0, 1, 2, 3},
        end - timedelta(days=1): {0, 1, 2, 3},
        end: {1, 3},
        date.min: {2, 3},
        date.max: {1, 3, 5},
    }.items():
        assert found(index, Filters(in_force_on=day)) == {f"clause-{n}" for n in expected}, day
    assert len(found(index, Filters())) == 6


def test_a_filter_acts_before_the_best_are_chosen(index: ClauseIndex) -> None:
    near = point(0).dense
    index.upsert(point(n, dense=near, language="kk") for n in range(200))
    index.upsert(point(n, dense=near + 0.5, language="ru", lexical=sparse(t1=0.1)) for n in range(200, 205))
    only = Filters(languages=frozenset({"ru"}))
    expected = {f"clause-{n}" for n in range(200, 205)}
    assert {hit.clause_id for hit in index.dense(near, 5, only)} == expected
    assert {hit.clause_id for hit in index.lexical(sparse(t1=1.0), 5, only)} == expected


def test_upserting_again_changes_nothing_and_a_new_content_replaces(index: ClauseIndex) -> None:
    index.upsert([point(0), point(1)])
    index.upsert([point(0), point(1)])
    assert index.count() == 2
    index.upsert([point(0, clause_id="other", language="kk", content_hash="new", lexical=sparse(t9=1.0))])
    assert index.count() == 2
    assert index.ids("redaction") == {point(0).id: "new", point(1).id: "hash-1"}
    assert [hit.clause_id for hit in index.lexical(sparse(t9=1.0), 5)] == ["other"]
    assert [hit.clause_id for hit in index.lexical(sparse(t1=1.0), 5)] == ["clause-1"]
    assert [hit.clause_id for hit in index.dense(point(0).dense, 5, Filters(languages=frozenset({"kk"})))] == ["other"]


def test_the_last_of_equal_ids_in_one_load_wins(index: ClauseIndex) -> None:
    index.upsert([point(0, content_hash="first"), point(0, content_hash="last")])
    assert index.ids("redaction") == {point(0).id: "last"}


def test_delete_removes_and_passes_over_what_is_not_there(index: ClauseIndex) -> None:
    index.upsert(point(n) for n in range(4))
    index.delete([point(1).id, point(3).id, str(uuid.uuid4())])
    index.delete([])
    assert index.count() == 2
    assert found(index, Filters()) == {"clause-0", "clause-2"}


def test_ids_are_those_of_one_redaction_however_many(index: ClauseIndex) -> None:
    index.upsert(point(n, redaction_id="big") for n in range(6000))
    index.upsert(point(n, redaction_id="small") for n in range(6000, 6003))
    assert index.ids("small") == {point(n).id: f"hash-{n}" for n in range(6000, 6003)}
    assert len(index.ids("big")) == 6000
    assert index.ids("none") == {}


def test_the_lexical_arm_is_a_plain_dot_product_of_shared_terms(index: ClauseIndex) -> None:
    index.upsert(
        [
            point(0, lexical=sparse(t1=2.0, t2=0.5)),
            point(1, lexical=sparse(t2=3.0, t4294967295=1.0)),
            point(2, lexical=sparse(t7=9.0)),
            point(3, lexical=SparseVector(np.array([], dtype=np.uint32), np.array([], dtype=np.float32))),
        ]
    )
    hits = index.lexical(sparse(t2=2.0, t1=1.0, t4294967295=4.0, t5=1.0), 10)
    assert [hit.clause_id for hit in hits] == ["clause-1", "clause-0"]
    assert [hit.score for hit in hits] == pytest.approx([10.0, 3.0])
    assert list(index.lexical(SparseVector(np.array([], np.uint32), np.array([], np.float32)), 5)) == []
    assert len(index.dense(np.ones(DIM, dtype=np.float32), 10)) == 4


def test_dense_scores_are_cosines_whatever_the_length(index: ClauseIndex) -> None:
    index.upsert([point(0, dense=np.full(DIM, 7.0, dtype=np.float32)), point(1, dense=-np.ones(DIM, dtype=np.float32))])
    hits = index.dense(np.full(DIM, 0.1, dtype=np.float32), 5)
    assert [hit.score for hit in hits] == pytest.approx([1.0, -1.0], abs=1e-5)


def test_ordering_is_that_of_brute_force(index: ClauseIndex) -> None:
    points = random_points(2000)
    index.upsert(points)
    index.flush()
    ids = [p.id for p in points]
    vectors = np.stack([p.dense / np.linalg.norm(p.dense) for p in points])
    terms = np.zeros((len(points), 300), dtype=np.float32)
    for row, p in enumerate(points):
        terms[row, p.lexical.indices] = p.lexical.values
    rng = np.random.default_rng(1)
    for filters in (Filters(), Filters(act_ids=frozenset({"act-1", "act-3"}), in_force_on=DAY)):
        passing = np.array([passes(p, filters) for p in points])
        for _ in range(10):
            dense_query = rng.standard_normal(DIM).astype(np.float32)
            dense_query /= np.linalg.norm(dense_query)
            chosen = rng.choice(300, size=6, replace=False)
            weights = rng.random(6, dtype=np.float32) + 0.1
            for hits, scores in (
                (index.dense(dense_query, 20, filters), vectors @ dense_query),
                (
                    index.lexical(SparseVector(chosen.astype(np.uint32), weights), 20, filters),
                    terms[:, chosen] @ weights,
                ),
            ):
                expected = sorted(
                    ((float(s), i) for s, i, ok in zip(scores, ids, passing, strict=True) if ok),
                    key=lambda pair: (-pair[0], pair[1]),
                )[:20]
                assert [hit.score for hit in hits] == pytest.approx([s for s, _ in expected], abs=1e-4)
                assert len({hit.id for hit in hits} & {i for _, i in expected}) == 20


def test_a_wrong_vector_or_id_is_refused_and_nothing_of_it_is_kept(index: ClauseIndex) -> None:
    for wrong in (
        point(0, dense=np.ones(DIM + 1, dtype=np.float32)),
        point(0, dense=np.full(DIM, np.nan, dtype=np.float32)),
        point(0, id="not-a-uuid"),
    ):
        with pytest.raises(InvalidInput):
            index.upsert([wrong])
    with pytest.raises(InvalidInput):
        index.dense(np.ones(3, dtype=np.float32), 5)
    with pytest.raises(InvalidInput):
        index.delete(["not-a-uuid"])
    assert index.count() == 0


@pytest.mark.parametrize(
    ("indices", "values"), [([1, 2], [1.0]), ([1, 1], [1.0, 1.0]), ([1], [0.0]), ([1], [-1.0]), ([1], [np.nan])]
)
def test_a_sparse_vector_has_one_positive_weight_for_each_term(indices: list[int], values: list[float]) -> None:
    with pytest.raises(InvalidInput):
        SparseVector(np.array(indices, dtype=np.uint32), np.array(values, dtype=np.float32))


def test_many_threads_search_while_one_writes(index: ClauseIndex) -> None:
    index.upsert(random_points(500))
    failures: list[BaseException] = []
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                assert len(index.dense(np.ones(DIM, dtype=np.float32), 10)) == 10
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        index.upsert(random_points(500, seed=2))
        index.flush()
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert index.count() == 500


DAYS = st.none() | st.dates(min_value=date(2024, 1, 1), max_value=date(2024, 1, 6))
NAMES = st.sampled_from(["a", "b", "c"])
SETS = st.none() | st.frozensets(NAMES)


@pytest.fixture(scope="module", params=ADAPTERS)
def shared_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClauseIndex]:
    made = make_index(request.param, tmp_path_factory.mktemp("property") / "index")
    yield made
    remove(made)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(NAMES, NAMES, NAMES, NAMES, DAYS, DAYS), min_size=1, max_size=12),
    filters=st.builds(Filters, act_ids=SETS, languages=SETS, jurisdictions=SETS, in_force_on=DAYS, redaction_ids=SETS),
)
def test_filters_pass_exactly_what_their_meaning_says(
    shared_index: ClauseIndex, rows: list[tuple[str, str, str, str, date | None, date | None]], filters: Filters
) -> None:
    shared_index.delete(point(n).id for n in range(12))
    points = [
        point(n, act_id=a, language=la, jurisdiction=j, redaction_id=r, valid_from=start, valid_to=end)
        for n, (a, la, j, r, start, end) in enumerate(rows)
    ]
    shared_index.upsert(points)
    assert found(shared_index, filters) == {p.clause_id for p in points if passes(p, filters)}


# What only the adapter with files of its own can get wrong.


@pytest.fixture
def reopen(tmp_path: Path) -> Callable[[], EdgeIndex]:
    return lambda: EdgeIndex(tmp_path / "index", version="test", dimension=DIM)


def filled(reopen: Callable[[], EdgeIndex]) -> None:
    index = reopen()
    index.upsert(random_points(300))
    index.mark_rebuilt()
    index.close()


def test_edge_keeps_everything_over_a_restart(reopen: Callable[[], EdgeIndex]) -> None:
    index = reopen()
    index.upsert(random_points(300))
    index.delete([point(7).id])
    query = np.ones(DIM, dtype=np.float32)
    before = (index.count(), index.ids("redaction"), index.dense(query, 20), index.needs_rebuild)
    index.close()
    index.close()
    index = reopen()
    assert (index.count(), index.ids("redaction"), index.dense(query, 20), index.needs_rebuild) == before
    assert index.needs_rebuild
    index.mark_rebuilt()
    index.close()
    index = reopen()
    assert not index.needs_rebuild
    index.close()


def test_edge_keeps_what_was_written_when_the_process_is_killed(
    tmp_path: Path, reopen: Callable[[], EdgeIndex]
) -> None:
    filled(reopen)
    script = (
        "import os, signal, sys, uuid; from pathlib import Path; import numpy as np\n"
        "from core.records import Level; from knowledge_base.index.edge import EdgeIndex\n"
        "from knowledge_base.index.port import IndexPoint, SparseVector\n"
        f"index = EdgeIndex(Path(sys.argv[1]), version='test', dimension={DIM})\n"
        "empty = SparseVector(np.array([], np.uint32), np.array([], np.float32))\n"
        f"index.upsert([IndexPoint(str(uuid.UUID(int=9999)), 'late', 'a', 'late', 'ru', 'KZ', None, None, Level.CLAUSE,"
        f" np.ones({DIM}, np.float32), empty, 'h')])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "index")], check=False, cwd=Path.cwd())
    assert killed.returncode == -9
    index = reopen()
    assert not index.needs_rebuild
    assert index.count() == 301
    assert index.ids("late") == {str(uuid.UUID(int=9999)): "h"}
    index.close()


def _lose_shard(folder: Path) -> None:
    (folder / "shard").rename(folder / "elsewhere")


def _lose_segments(folder: Path) -> None:
    (folder / "shard" / "segments").rename(folder / "elsewhere")


def _lose_state(folder: Path) -> None:
    (folder / "state.json").write_text("{")


def _spoil_segment(folder: Path) -> None:
    for path in (folder / "shard" / "segments").glob("*/segment.json"):
        path.write_text("spoilt")


def _spoil_config(folder: Path) -> None:
    (folder / "shard" / "edge_config.json").write_text("{")


@pytest.mark.parametrize("harm", [_lose_shard, _lose_segments, _lose_state, _spoil_segment, _spoil_config])
def test_edge_starts_anew_and_says_so_when_its_files_are_lost_or_damaged(
    tmp_path: Path, reopen: Callable[[], EdgeIndex], harm: Callable[[Path], None]
) -> None:
    filled(reopen)
    harm(tmp_path / "index")
    index = reopen()
    assert index.needs_rebuild
    assert index.count() == 0
    index.upsert(random_points(20))
    assert index.count() == 20
    index.close()


def test_edge_is_open_in_one_place_at_a_time(reopen: Callable[[], EdgeIndex]) -> None:
    index = reopen()
    with pytest.raises(Unavailable, match="another process") as refused:
        reopen()
    assert "qdrant" in refused.value.advice
    index.close()
    reopen().close()


def test_edge_builds_its_graph_beyond_the_exact_size(tmp_path: Path) -> None:
    """Over `exact_points` the graph serves; a search still finds nearly all that brute force does."""
    points = random_points(4000)
    index = EdgeIndex(tmp_path / "index", version="test", dimension=DIM, exact_points=1000)
    index.upsert(points)
    index.flush()
    vectors = np.stack([p.dense / np.linalg.norm(p.dense) for p in points])
    queries = np.random.default_rng(3).standard_normal((50, DIM)).astype(np.float32)
    same = 0
    for query in queries:
        best = {points[i].id for i in np.argsort(-(vectors @ query))[:10]}
        same += len(best & {hit.id for hit in index.dense(query, 10)})
    assert same / 500 >= 0.97
    index.close()


def test_the_settings_choose_the_adapter_and_another_embedder_is_another_index(tmp_path: Path) -> None:
    edge = open_index(Settings(data_dir=tmp_path))
    assert isinstance(edge, EdgeIndex)
    other = open_index(Settings(data_dir=tmp_path, models={"embedder": "other/model"}))  # type: ignore[arg-type]
    assert other.version != edge.version
    edge.close()
    other.close()
    local = open_index(Settings(data_dir=tmp_path, index=IndexSettings(backend="qdrant", url=":memory:")))
    assert isinstance(local, ClientIndex)
    local.close()
    with pytest.raises(ConfigurationError, match="address"):
        open_index(Settings(data_dir=tmp_path, index=IndexSettings(backend="qdrant")))


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        ClientIndex("http://127.0.0.1:9", version="test", dimension=DIM)
