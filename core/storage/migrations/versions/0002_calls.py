"""Emergency calls: transcript, tags, card with its history, questions, quality, decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PARTS = (
    "call_segments",
    "call_tags",
    "call_card_changes",
    "call_questions",
    "call_quality",
    "call_decisions",
)


def upgrade() -> None:
    _create_calls()
    _create_part("call_segments", *_text("leg"), *_real("start_s", "end_s"), *_json("words"))
    _create_part(
        "call_tags",
        *_text("kind", "label", "phrase"),
        sa.Column("asserted", sa.Boolean(), nullable=False),
        *_real("confidence"),
        *_json("evidence"),
    )
    _create_part(
        "call_card_changes",
        *_text("name", "set_by"),
        sa.Column("value", sa.JSON()),
        *_real("confidence"),
        *_json("evidence"),
        *_text("note", "actor"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT),
        *_text("undone_by"),
    )
    _create_part("call_questions", *_text("question", "field"), sa.Column("urgent", sa.Boolean(), nullable=False))
    _create_part("call_quality", *_text("item"), sa.Column("done", sa.Boolean(), nullable=False), *_json("evidence"))
    _create_part(
        "call_decisions",
        *_json("services"),
        *_text("note", "actor"),
        sa.Column("at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    for table in (*reversed(PARTS), "calls"):
        op.drop_table(table)


def _create_calls() -> None:
    op.create_table(
        "calls",
        *_text("id", "source", "state"),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        *_text("created_by"),
        sa.Column("territory", sa.Text()),
        sa.Column("audio_sha256", sa.Text()),
        sa.Column("sound_sha256", sa.Text()),
        *_text("file_name"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.Text()),
        sa.Column("duration_s", sa.Double()),
        *_json("legs"),
        sa.Column("language", sa.Text()),
        *_json("versions", "notes"),
        sa.Column("failure", sa.JSON()),
        sa.Column("call_class", sa.Text()),
        sa.Column("incident_type", sa.Text()),
        sa.Column("urgency", sa.Integer()),
        *_text("place"),
        sa.Column("reviewed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_started_at_id", "calls", ["started_at", "id"])
    for column in ("state", "territory", "audio_sha256", "sound_sha256", "incident_type"):
        op.create_index(f"ix_calls_{column}", "calls", [column])


def _create_part(name: str, *columns: "sa.Column[object]") -> None:
    op.create_table(
        name,
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("call_id", "ordinal", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=f"fk_{name}_call_id_calls", ondelete="CASCADE"),
    )


def _text(*names: str) -> "tuple[sa.Column[object], ...]":
    return tuple(sa.Column(name, sa.Text(), nullable=False) for name in names)


def _real(*names: str) -> "tuple[sa.Column[object], ...]":
    return tuple(sa.Column(name, sa.Double(), nullable=False) for name in names)


def _json(*names: str) -> "tuple[sa.Column[object], ...]":
    return tuple(sa.Column(name, sa.JSON(), nullable=False) for name in names)
