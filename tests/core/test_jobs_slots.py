"""Executor slots: one holder each, freed by death, taken again after a lost connection."""

from collections.abc import Iterator

import psycopg
import pytest

from core.jobs.slots import Slots, held, slots_for, take_lowest
from core.storage.database import parse_url


@pytest.fixture
def pair(database_url: str) -> Iterator[tuple[Slots, Slots]]:
    mine, other = slots_for(parse_url(database_url)), slots_for(parse_url(database_url))
    yield mine, other
    mine.close()
    other.close()


def test_each_holder_gets_a_slot_of_its_own(pair: tuple[Slots, Slots]) -> None:
    mine, other = pair
    assert take_lowest(mine) == "executor-0"
    assert take_lowest(other) == "executor-1"
    assert take_lowest(mine) == "executor-2"
    assert not other.take("executor-0")
    mine.close()
    assert take_lowest(other) == "executor-0"


def test_a_slot_is_held_for_a_block_only_when_free(pair: tuple[Slots, Slots]) -> None:
    mine, other = pair
    take_lowest(mine)
    with held(other, "executor-0") as free:
        assert not free
    mine.free("executor-0")
    with held(other, "executor-0") as free:
        assert free
        assert not mine.take("executor-0")
    assert mine.take("executor-0")
    assert mine.keep()


def test_a_lost_connection_takes_its_slot_again_or_says_that_it_is_gone(postgresql_url: str) -> None:
    mine, other = slots_for(parse_url(postgresql_url)), slots_for(parse_url(postgresql_url))
    take_lowest(mine)

    def cut_all() -> None:
        with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    cut_all()
    assert mine.keep()
    assert not other.take("executor-0")
    cut_all()
    other.keep()
    assert other.take("executor-0")
    assert not mine.keep()
    mine.close()
    other.close()
