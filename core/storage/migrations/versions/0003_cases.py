"""Fire cases: facts with their history, suggestions made, versions of the model of causes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "cases",
        *_text("id", "state", "title", "source"),
        sa.Column("occurred_on", sa.Date()),
        sa.Column("territory", sa.Text()),
        sa.Column("cause", sa.Text()),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        *_text("created_by"),
        sa.Column("import_id", sa.Text()),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("closed_at", MOMENT),
        *_text("closed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_updated_at_id", "cases", ["updated_at", "id"])
    for column in ("state", "occurred_on", "territory", "cause", "import_id"):
        op.create_index(f"ix_cases_{column}", "cases", [column])
    _create_part(
        "case_changes",
        *_text("fact"),
        sa.Column("value", sa.JSON()),
        sa.Column("before", sa.JSON()),
        *_text("actor"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT),
        *_text("undone_by"),
    )
    _create_part(
        "case_suggestions",
        sa.Column("at", MOMENT, nullable=False),
        *_text("actor", "model_version", "status"),
        sa.Column("coverage", sa.Double(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.Column("score", sa.JSON()),
    )
    op.create_index("ix_case_suggestions_model_version", "case_suggestions", ["model_version"])
    op.create_table(
        "case_models",
        *_text("version", "state"),
        sa.Column("created_at", MOMENT, nullable=False),
        *_text("created_by", "data_sha256"),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        *_text("card"),
        sa.Column("blob", sa.Text()),
        *_text("note"),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_case_models"),
    )
    op.create_index("ix_case_models_state", "case_models", ["state"])


def downgrade() -> None:
    for table in ("case_models", "case_suggestions", "case_changes", "cases"):
        op.drop_table(table)


def _create_part(name: str, *columns: "sa.Column[object]") -> None:
    op.create_table(
        name,
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("case_id", "ordinal", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=f"fk_{name}_case_id_cases", ondelete="CASCADE"),
    )


def _text(*names: str) -> "tuple[sa.Column[object], ...]":
    return tuple(sa.Column(name, sa.Text(), nullable=False) for name in names)
