"""Looks: statements that go straight to the driver."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlmodel import col, select, text

from server import cards, registrations
from server.looks import Look
from server.models import Brand, Pass

OF_CARD = Look(
    columns(col(Pass.id), col(Pass.modified_at), col(Pass.change_tag)).where(
        col(Pass.card_id) == bindparam("card_id"), col(Pass.state) == "live"
    )
)
BRANDS = Look(columns(col(Brand.slug)))
BROKEN = Look(columns(text("no_such_column")).select_from(Brand))


@pytest.fixture
def pass_(ledger, services):
    with services.database.reading() as session:
        return session.exec(select(Pass).where(Pass.card_id == UUID(ledger.card))).one()


def test_values_and_columns_go_through_their_types(pass_, database):
    (row,) = database.look(OF_CARD, card_id=pass_.card_id)
    assert row == (pass_.id, pass_.modified_at, pass_.change_tag)
    assert row.modified_at.utcoffset() == timedelta(0)


def test_what_is_not_there_is_no_row(pass_, database):
    assert database.look(OF_CARD, card_id=pass_.id) == []


def test_a_look_sees_what_was_committed_and_nothing_else(pass_, ledger, database):
    with database.transaction() as session:
        session.get_one(Pass, pass_.id).change_tag = 77
        session.flush()
        assert database.look(OF_CARD, card_id=pass_.card_id)[0].change_tag == pass_.change_tag
    assert database.look(OF_CARD, card_id=pass_.card_id)[0].change_tag == 77


def test_several_looks_see_one_moment(pass_, ledger, database):
    with database.looking() as glance:
        first = glance.rows(OF_CARD, card_id=pass_.card_id)
        ledger.stamp()
        assert glance.rows(OF_CARD, card_id=pass_.card_id) == first
    assert database.look(OF_CARD, card_id=pass_.card_id) != first


def test_nothing_is_held_up_after_a_look(pass_, ledger, database):
    for _ in range(3):
        database.look(OF_CARD, card_id=pass_.card_id)
        with database.looking() as glance:
            glance.rows(BRANDS)
        ledger.stamp()


def fail_in_the_middle(database):
    with database.looking() as glance:
        glance.rows(BRANDS)
        raise RuntimeError("in the middle")


def test_a_failed_look_spoils_no_later_one(pass_, database):
    for _ in range(3):
        with pytest.raises((psycopg.Error, sqlite3.Error), match="no_such_column"):
            database.look(BROKEN)
        with pytest.raises(RuntimeError, match="in the middle"):
            fail_in_the_middle(database)
        assert len(database.look(OF_CARD, card_id=pass_.card_id)) == 1


def test_many_look_at_once(pass_, database):
    with ThreadPoolExecutor(12) as pool:
        found = pool.map(lambda _: database.look(OF_CARD, card_id=pass_.card_id), range(200))
        assert {row[0].id for row in found} == {pass_.id}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_was_started_again_is_looked_at_again(pass_, database):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: database.look(OF_CARD, card_id=pass_.card_id), range(40)))
    with database.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    for _ in range(5):
        assert database.look(OF_CARD, card_id=pass_.card_id)[0].id == pass_.id


def test_what_is_looked_at_is_what_objects_say(ledger, database, services):
    """The two ways of showing a card agree, also about lots that run out."""
    ledger.stamp(13)
    shown = cards.show(database, UUID(ledger.card), at=services.now())
    for days in (0, 200, 600):
        at = services.now() + timedelta(days=days)
        looked = cards.show_pass(database, shown.pass_.id, at=at)
        again = cards.show(database, UUID(ledger.card), at=at)
        assert (looked.face, looked.version) == (again.face, cards.Version.of(_first(again)))


def _first(shown):
    pass_ = shown.pass_
    return (pass_.id, pass_.state, pass_.content_hash, pass_.modified_at)


def test_a_wrong_token_never_waits_for_a_writer(pass_, database, services):
    key = (pass_.pass_type_identifier, pass_.serial_number)
    given = {"library_identifier": "a", "push_token": "b", "at": services.now()}
    with database.transaction(), ThreadPoolExecutor(1) as pool:
        refused = pool.submit(registrations.register, database, key, token="wrong" * 9, **given)
        assert refused.result(10) is None
