"""the first house

Revision: 0001, after
"""

import sqlalchemy as sa
from alembic import op

from sqlalchemy.dialects import postgresql

from models.base import Instant

INSERT_ONLY = ("audit", "consent", "alert_event", "prompt_event")
"""Rows of these tables are evidence: the database itself refuses to change or remove them."""


def _protect(table: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} rows are only added'); END"
        )


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("chain", sa.String(), nullable=False, comment="study uid, or system"),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False, comment="staff:<uid>, device:<uid> or system"),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object_kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=True),
        sa.Column("enrollment_uid", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("chain", "sequence", name=op.f("uq_audit_chain_sequence")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_at", ["at"], unique=False)
        batch_op.create_index("ix_audit_enrollment", ["enrollment_uid", "at"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        sa.UniqueConstraint("chain", name=op.f("uq_audit_head_chain")),
    )
    op.create_table(
        "database_mark",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key_fingerprint", sa.String(), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False, comment="only here may study time be moved"),
        sa.Column("study_now", Instant(), nullable=True, comment="where study time stands in a rehearsal; null: system time"),
        sa.Column("tzdata_version", sa.String(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_database_mark_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_mark")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("beat_at", Instant(), nullable=False),
        sa.Column("every_seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("took_seconds", sa.Double(), nullable=False),
        sa.Column(
            "done",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="items worked at the last beat that worked any",
        ),
        sa.Column("failures", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="failed beats in a row"),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeat")),
        sa.UniqueConstraint("duty", name=op.f("uq_heartbeat_duty")),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True, comment="wrapped by the key-encryption key; null: shredded"),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("contact_index", sa.LargeBinary(), nullable=True, comment="keyed digest to find a person by contact"),
        sa.Column("contact_preference", sa.String(), nullable=True),
        sa.Column("safe_to_voicemail", sa.Boolean(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("uid", name=op.f("uq_participant_uid")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False, comment="the password was given once and must be replaced"),
        sa.Column("failed_tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("locked_until", Instant(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
        sa.UniqueConstraint("uid", name=op.f("uq_staff_uid")),
    )
    op.create_table(
        "study",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False, comment="IANA zone of the study office"),
        sa.Column("synthetic", sa.Boolean(), nullable=False, comment="simulated people only; stands on every derived row and export"),
        sa.Column("certificate_of_confidentiality", sa.Boolean(), nullable=False),
        sa.Column("estimates_to_records", sa.Boolean(), nullable=False, comment="estimates may enter health records (separate consent)"),
        sa.Column("content_off", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="for If-Match"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("slug", name=op.f("uq_study_slug")),
        sa.UniqueConstraint("uid", name=op.f("uq_study_uid")),
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rung", sa.String(), nullable=False, comment="on_duty, supervisor or investigator"),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_staff_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_duty_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    with op.batch_alter_table("duty", schema=None) as batch_op:
        batch_op.create_index("ix_duty_study", ["study_id", "valid_from"], unique=False)

    op.create_table(
        "export",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("requested_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("request", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False, comment="ids are re-keyed for each release"),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("snapshot", sa.String(), nullable=True, comment="transaction snapshot on PostgreSQL"),
        sa.Column(
            "state",
            sa.Enum("waiting", "building", "ready", "failed", name="export_state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("file_name", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rows", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("software_version", sa.String(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["requested_by"], ["staff.id"], name=op.f("fk_export_requested_by")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_export_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        sa.UniqueConstraint("uid", name=op.f("uq_export_uid")),
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index("ix_export_study", ["study_id", "requested_at"], unique=False)
        batch_op.create_index(
            "ix_export_waiting",
            ["id"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "personal_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_personal_key_participant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_key")),
        sa.UniqueConstraint("participant_id", "key_id", name=op.f("uq_personal_key_participant_id_key_id")),
    )
    op.create_table(
        "protocol_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="1, 2, 3 … within the study"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False, comment="sha256 of the canonical document"),
        sa.Column("document", sa.LargeBinary(), nullable=False, comment="canonical JSON"),
        sa.Column("effective_from", sa.Date(), nullable=False, comment="local day of each participant from which it holds"),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("published_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column(
            "settings",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
            comment="study-level overrides, stricter only",
        ),
        sa.ForeignKeyConstraint(["published_by"], ["staff.id"], name=op.f("fk_protocol_version_published_by")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_protocol_version_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_version")),
        sa.UniqueConstraint("study_id", "checksum", name=op.f("uq_protocol_version_study_id_checksum")),
        sa.UniqueConstraint("study_id", "revision", name=op.f("uq_protocol_version_study_id_revision")),
        sa.UniqueConstraint("uid", name=op.f("uq_protocol_version_uid")),
    )
    with op.batch_alter_table("protocol_version", schema=None) as batch_op:
        batch_op.create_index("ix_protocol_version_effective", ["study_id", "effective_from"], unique=False)

    op.create_table(
        "site",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_site_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("study_id", "code", name=op.f("uq_site_study_id_code")),
        sa.UniqueConstraint("uid", name=op.f("uq_site_uid")),
    )
    op.create_table(
        "staff_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="sha256 of the bearer token"),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False, comment="absolute limit"),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_session_digest")),
    )
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.create_index("ix_staff_session_staff", ["staff_id"], unique=False)

    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_webhook_endpoint_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.UniqueConstraint("uid", name=op.f("uq_webhook_endpoint_uid")),
    )
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_endpoint_study", ["study_id"], unique=False)

    op.create_table(
        "enrollment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column("phase", sa.String(), nullable=True),
        sa.Column("stratum", sa.String(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "invited", "active", "completed", "withdrawn", name="enrollment_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "plan_key", sa.LargeBinary(), nullable=False, comment="wrapped; the phone holds it too and derives its prompt times from it"
        ),
        sa.Column("randomization_key", sa.LargeBinary(), nullable=False, comment="wrapped; never leaves the server"),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False, comment="IANA zone now; the history is in zone_history"),
        sa.Column(
            "wake_windows", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False
        ),
        sa.Column("own_word", sa.String(), nullable=True, comment="craving, urge or thoughts: a closed list, not free text"),
        sa.Column("bereaved_at", Instant(), nullable=True, comment="when the person told of a death; scenes then wait to be opened"),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True, comment="study day 1"),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("planned_until", Instant(), nullable=True, comment="prompts are rows up to here; null: nothing to plan"),
        sa.Column("plan_stale", sa.Boolean(), nullable=False, comment="something changed: plan again at the next tick"),
        sa.Column("paused_until", Instant(), nullable=True),
        sa.Column("consent_collect", sa.Boolean(), nullable=False),
        sa.Column("consent_use", sa.Boolean(), nullable=False),
        sa.Column("consent_contact", sa.Boolean(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_enrollment_participant_id")),
        sa.ForeignKeyConstraint(["protocol_version_id"], ["protocol_version.id"], name=op.f("fk_enrollment_protocol_version_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_enrollment_site_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_enrollment_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment")),
        sa.UniqueConstraint("study_id", "participant_id", name=op.f("uq_enrollment_study_id_participant_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_enrollment_uid")),
    )
    with op.batch_alter_table("enrollment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_enrollment_plan_stale", ["id"], unique=False, postgresql_where=sa.text("plan_stale"), sqlite_where=sa.text("plan_stale")
        )
        batch_op.create_index(
            "ix_enrollment_planned_until",
            ["planned_until"],
            unique=False,
            postgresql_where=sa.text("state = 'active'"),
            sqlite_where=sa.text("state = 'active'"),
        )
        batch_op.create_index("ix_enrollment_study_state", ["study_id", "state"], unique=False)

    op.create_table(
        "role_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "participant",
                "coordinator",
                "clinician",
                "investigator",
                "data_manager",
                "admin",
                "operator",
                "auditor",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_until", Instant(), nullable=True),
        sa.Column("granted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column(
            "no_power_attested_at",
            Instant(),
            nullable=True,
            comment="attests to no authority over dose, housing, custody or employment; without it no alerts and no estimates",
        ),
        sa.ForeignKeyConstraint(["granted_by"], ["staff.id"], name=op.f("fk_role_grant_granted_by")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_role_grant_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_role_grant_staff_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_role_grant_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint("uid", name=op.f("uq_role_grant_uid")),
    )
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.create_index("ix_role_grant_staff_study", ["staff_id", "study_id"], unique=False)

    op.create_table(
        "caseload",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_cover", sa.Boolean(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_until", Instant(), nullable=True),
        sa.Column("set_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name=op.f("ck_caseload_dates_in_order")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_caseload_enrollment_id")),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_caseload_set_by")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_caseload_staff_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_caseload_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caseload")),
    )
    with op.batch_alter_table("caseload", schema=None) as batch_op:
        batch_op.create_index("ix_caseload_enrollment", ["enrollment_id", "valid_from"], unique=False)
        batch_op.create_index("ix_caseload_staff", ["staff_id", "valid_from"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False, comment="collect, use, contact, share_scenes, health_record, or erase"),
        sa.Column(
            "leaving",
            sa.Enum(
                "pause_prompts",
                "stop_collection",
                "stop_use",
                "erase_identifiers",
                name="leaving",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("recipient_class", sa.String(), nullable=True),
        sa.Column("statement_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_consent_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_consent_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("uid", name=op.f("uq_consent_uid")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index("ix_consent_enrollment", ["enrollment_id", "at"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(), nullable=False, comment="prompt, reminder, alert or study_event"),
        sa.Column("subject", sa.Uuid(), nullable=False, comment="opaque id of the prompt or alert"),
        sa.Column("channel", sa.String(), nullable=False, comment="memory, webhook, …"),
        sa.Column("recipient", sa.String(), nullable=False, comment="device:<uid>, staff:<uid> or endpoint:<uid>"),
        sa.Column("payload", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("dedup_key", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "claimed",
                "delivered",
                "expired",
                "dead",
                name="delivery_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_at", Instant(), nullable=True, comment="system time of the next try, or end of the lease"),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False, comment="system time after which telling is useless"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('delivered', 'expired', 'dead')) = (next_at IS NULL)", name=op.f("ck_delivery_open_has_a_next_moment")
        ),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_delivery_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_delivery_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("study_id", "dedup_key", name=op.f("uq_delivery_study_id_dedup_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_delivery_uid")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_next",
            ["next_at"],
            unique=False,
            postgresql_where=sa.text("next_at IS NOT NULL"),
            sqlite_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.create_index("ix_delivery_recipient", ["recipient", "created_at"], unique=False)

    op.create_table(
        "device",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="P-256 SubjectPublicKeyInfo, DER"),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("os", sa.String(), nullable=False),
        sa.Column("os_version", sa.String(), nullable=True),
        sa.Column("push_channel", sa.String(), nullable=True),
        sa.Column("push_token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "held_revision",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="protocol revision the device says it holds",
        ),
        sa.Column("held_at", Instant(), nullable=True),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("last_skew_seconds", sa.Double(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_device_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_device_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("uid", name=op.f("uq_device_uid")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index("ix_device_enrollment", ["enrollment_id"], unique=False)

    op.create_table(
        "disclosed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("export_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_disclosed_enrollment_id")),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"], name=op.f("fk_disclosed_export_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_disclosed_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosed")),
    )
    with op.batch_alter_table("disclosed", schema=None) as batch_op:
        batch_op.create_index("ix_disclosed_enrollment", ["enrollment_id", "at"], unique=False)
        batch_op.create_index("ix_disclosed_study", ["study_id", "at"], unique=False)

    op.create_table(
        "enrollment_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lookup", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("issued_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_enrollment_code_enrollment_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["staff.id"], name=op.f("fk_enrollment_code_issued_by")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_enrollment_code_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment_code")),
        sa.UniqueConstraint("lookup", name=op.f("uq_enrollment_code_lookup")),
    )
    op.create_table(
        "future_scene",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("horizon", sa.String(), nullable=False, comment="tomorrow, week, month, quarter, half_year, year, five_years"),
        sa.Column("goal_area", sa.String(), nullable=True),
        sa.Column("target_date", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False, comment="active, resting or retired"),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("shared_with_staff", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_future_scene_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_future_scene_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_future_scene")),
        sa.UniqueConstraint("enrollment_id", "client_id", name=op.f("uq_future_scene_enrollment_id_client_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_future_scene_uid")),
    )
    op.create_table(
        "list_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True, comment="cue type"),
        sa.Column("label_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_list_entry_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_list_entry_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_entry")),
        sa.UniqueConstraint("enrollment_id", "client_id", name=op.f("uq_list_entry_enrollment_id_client_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_list_entry_uid")),
    )
    with op.batch_alter_table("list_entry", schema=None) as batch_op:
        batch_op.create_index("ix_list_entry_enrollment", ["enrollment_id", "list_name"], unique=False)

    op.create_table(
        "pause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True, comment="null: until the person resumes"),
        sa.Column("ended_early_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True, comment="coded"),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_pause_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_pause_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
        sa.UniqueConstraint("uid", name=op.f("uq_pause_uid")),
    )
    with op.batch_alter_table("pause", schema=None) as batch_op:
        batch_op.create_index("ix_pause_enrollment", ["enrollment_id", "starts_at"], unique=False)

    op.create_table(
        "prompt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("design", sa.String(), nullable=False),
        sa.Column("instrument", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="design kind"),
        sa.Column("slot", sa.String(), nullable=False, comment="local date and index, or the source of a follow-up"),
        sa.Column("slot_date", sa.Date(), nullable=False),
        sa.Column("slot_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "queued",
                "sent",
                "delivered",
                "opened",
                "snoozed",
                "completed",
                "partial",
                "declined",
                "expired",
                "superseded",
                "blocked",
                "cancelled",
                name="prompt_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True, comment="coded: why blocked, superseded, cancelled or declined"),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("window_start", Instant(), nullable=False),
        sa.Column("window_end", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True, comment="when the dispatcher must look again: due, reminder or expiry"),
        sa.Column(
            "reminders_left",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
            comment="ISO instants still to come",
        ),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("local_due", sa.String(), nullable=False, comment="wall clock at due_at"),
        sa.Column("offset_minutes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("study_day", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("density", sa.Double(), nullable=True, comment="sampling density of due_at, per minute; null where not drawn"),
        sa.Column("day_probability", sa.Double(), nullable=False),
        sa.Column(
            "drawn",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
            comment="rotation: items drawn and their inclusion probabilities",
        ),
        sa.Column("plan_revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("superseded_by", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Uuid(), nullable=True, comment="client id of the response that started a follow-up"),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("first_answer_at", Instant(), nullable=True),
        sa.Column("completed_at", Instant(), nullable=True),
        sa.Column("reminders_sent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("snoozes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('completed', 'partial', 'declined', 'expired', 'superseded', 'blocked', 'cancelled')) = (next_at IS NULL)",
            name=op.f("ck_prompt_waiting_has_a_moment"),
        ),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_prompt_enrollment_id")),
        sa.ForeignKeyConstraint(["protocol_version_id"], ["protocol_version.id"], name=op.f("fk_prompt_protocol_version_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_prompt_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
        sa.UniqueConstraint("enrollment_id", "design", "slot", "study_id", name=op.f("uq_prompt_enrollment_id_design_slot_study_id")),
        sa.UniqueConstraint("enrollment_id", "uid", "study_id", name=op.f("uq_prompt_enrollment_id_uid_study_id")),
    )
    with op.batch_alter_table("prompt", schema=None) as batch_op:
        batch_op.create_index("ix_prompt_enrollment_due", ["enrollment_id", "due_at"], unique=False)
        batch_op.create_index(
            "ix_prompt_next",
            ["next_at"],
            unique=False,
            postgresql_where=sa.text("next_at IS NOT NULL"),
            sqlite_where=sa.text("next_at IS NOT NULL"),
        )

    op.create_table(
        "protocol_move",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("moved_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_protocol_move_enrollment_id")),
        sa.ForeignKeyConstraint(["moved_by"], ["staff.id"], name=op.f("fk_protocol_move_moved_by")),
        sa.ForeignKeyConstraint(["protocol_version_id"], ["protocol_version.id"], name=op.f("fk_protocol_move_protocol_version_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_protocol_move_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_move")),
    )
    with op.batch_alter_table("protocol_move", schema=None) as batch_op:
        batch_op.create_index("ix_protocol_move_enrollment", ["enrollment_id"], unique=False)

    op.create_table(
        "risk_snapshot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_key", sa.String(), nullable=False),
        sa.Column("observations", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_risk_snapshot_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_risk_snapshot_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_snapshot")),
        sa.UniqueConstraint("enrollment_id", "last_key", name=op.f("uq_risk_snapshot_enrollment_id_last_key")),
    )
    op.create_table(
        "risk_state",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("last_key", sa.String(), nullable=True, comment="sort key of the newest observation"),
        sa.Column("observations", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_risk_state_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_risk_state_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_state")),
        sa.UniqueConstraint("enrollment_id", "study_id", name=op.f("uq_risk_state_enrollment_id_study_id")),
    )
    with op.batch_alter_table("risk_state", schema=None) as batch_op:
        batch_op.create_index(
            "ix_risk_state_stale", ["enrollment_id"], unique=False, postgresql_where=sa.text("stale"), sqlite_where=sa.text("stale")
        )

    op.create_table(
        "timed_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "use",
                "dose",
                "missed_dose",
                "injection_day",
                "induction",
                "naloxone",
                "release",
                "discharge",
                "visit",
                "urine_result",
                "overdose",
                "emergency_visit",
                "quit_day",
                name="timed_event_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("reported_at", Instant(), nullable=False),
        sa.Column("source", sa.String(), nullable=False, comment="participant, staff or record"),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("retracted_at", Instant(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_timed_event_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_timed_event_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timed_event")),
        sa.UniqueConstraint("enrollment_id", "client_id", name=op.f("uq_timed_event_enrollment_id_client_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_timed_event_uid")),
    )
    with op.batch_alter_table("timed_event", schema=None) as batch_op:
        batch_op.create_index("ix_timed_event_enrollment", ["enrollment_id", "happened_at"], unique=False)

    op.create_table(
        "wake_history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "wake_windows", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False
        ),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first local day that uses it"),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_wake_history_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_wake_history_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wake_history")),
    )
    with op.batch_alter_table("wake_history", schema=None) as batch_op:
        batch_op.create_index("ix_wake_history_enrollment", ["enrollment_id", "valid_from"], unique=False)

    op.create_table(
        "zone_history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("source", sa.String(), nullable=False, comment="device or staff"),
        sa.Column("tzdata_version", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_zone_history_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_zone_history_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone_history")),
    )
    with op.batch_alter_table("zone_history", schema=None) as batch_op:
        batch_op.create_index("ix_zone_history_enrollment", ["enrollment_id", "valid_from"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False, comment="delivered, retry or refused"),
        sa.Column("status", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True, comment="of the receiver"),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True, comment="kind of failure, never a body"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_attempt_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("delivery_id", "number", name=op.f("uq_attempt_delivery_id_number")),
    )
    op.create_table(
        "prompt_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prompt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="planned, replanned, queued, sent, reminded, delivered, opened, …"),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False, comment="system, participant or staff:<uid>"),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_prompt_event_enrollment_id")),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"], name=op.f("fk_prompt_event_prompt_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_prompt_event_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_event")),
    )
    with op.batch_alter_table("prompt_event", schema=None) as batch_op:
        batch_op.create_index("ix_prompt_event_prompt", ["prompt_id"], unique=False)
        batch_op.create_index("ix_prompt_event_study_at", ["study_id", "at"], unique=False)

    op.create_table(
        "rejected_submission",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("client_id", sa.String(), nullable=True, comment="as the phone wrote it"),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("faults", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("seen_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_rejected_submission_device_id")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_rejected_submission_enrollment_id")),
        sa.ForeignKeyConstraint(["seen_by"], ["staff.id"], name=op.f("fk_rejected_submission_seen_by")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_rejected_submission_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_submission")),
        sa.UniqueConstraint("enrollment_id", "content_hash", name=op.f("uq_rejected_submission_enrollment_id_content_hash")),
        sa.UniqueConstraint("uid", name=op.f("uq_rejected_submission_uid")),
    )
    with op.batch_alter_table("rejected_submission", schema=None) as batch_op:
        batch_op.create_index("ix_rejected_submission_study", ["study_id", "received_at"], unique=False)

    op.create_table(
        "response",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column(
            "revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="1 is the first; an edit is a new row"
        ),
        sa.Column("base_revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("edit_reason", sa.String(), nullable=True),
        sa.Column("superseded", sa.Boolean(), nullable=False, comment="a later revision exists"),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("prompt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instrument", sa.String(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True, comment="device time"),
        sa.Column("answered_at", Instant(), nullable=False, comment="device time"),
        sa.Column("sent_at", Instant(), nullable=False, comment="device time of this upload"),
        sa.Column("received_at", Instant(), nullable=False, comment="study time at the server"),
        sa.Column("event_time", Instant(), nullable=False, comment="answered_at corrected by skew, not after received_at"),
        sa.Column("skew_seconds", sa.Double(), nullable=False),
        sa.Column("clock_suspect", sa.Boolean(), nullable=False),
        sa.Column(
            "timing",
            sa.Enum("on_time", "late", "after_expiry", "unprompted", name="timing", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("offset_minutes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "answers",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
            comment="item -> value; items with free text are in texts_sealed",
        ),
        sa.Column(
            "missing",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
            comment="item -> not_shown, skipped, declined or not_reached",
        ),
        sa.Column(
            "answer_times",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
            comment="item -> device instant",
        ),
        sa.Column("texts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False, comment="the first reply, byte for byte"),
        sa.Column("quality", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=True),
        sa.Column(
            "decision_status",
            sa.Enum("decided", "pending", name="decision_status", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_response_device_id")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_response_enrollment_id")),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"], name=op.f("fk_response_prompt_id")),
        sa.ForeignKeyConstraint(["protocol_version_id"], ["protocol_version.id"], name=op.f("fk_response_protocol_version_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_response_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint(
            "enrollment_id", "client_id", "revision", "study_id", name=op.f("uq_response_enrollment_id_client_id_revision_study_id")
        ),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index("ix_response_enrollment_time", ["enrollment_id", "event_time"], unique=False)
        batch_op.create_index(
            "ix_response_pending",
            ["id"],
            unique=False,
            postgresql_where=sa.text("decision_status = 'pending'"),
            sqlite_where=sa.text("decision_status = 'pending'"),
        )
        batch_op.create_index("ix_response_prompt", ["prompt_id"], unique=False)

    op.create_table(
        "scene_rating",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scene_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scale", sa.String(), nullable=False, comment="vividness, pleasantness, importance, excitement, likelihood, hurts"),
        sa.Column("value", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_scene_rating_enrollment_id")),
        sa.ForeignKeyConstraint(["scene_id"], ["future_scene.id"], name=op.f("fk_scene_rating_scene_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_scene_rating_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scene_rating")),
    )
    with op.batch_alter_table("scene_rating", schema=None) as batch_op:
        batch_op.create_index("ix_scene_rating_scene", ["scene_id", "at"], unique=False)

    op.create_table(
        "scene_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scene_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_scene_version_enrollment_id")),
        sa.ForeignKeyConstraint(["scene_id"], ["future_scene.id"], name=op.f("fk_scene_version_scene_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_scene_version_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scene_version")),
        sa.UniqueConstraint("scene_id", "version", name=op.f("uq_scene_version_scene_id_version")),
    )
    op.create_table(
        "token_family",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "generation",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="the generation that may be used next",
        ),
        sa.Column("rotation_id", sa.Uuid(), nullable=True, comment="client id of the last rotation: the same id gets the same successor"),
        sa.Column("rotated_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_token_family_device_id")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_token_family_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_token_family_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_family")),
        sa.UniqueConstraint("uid", name=op.f("uq_token_family_uid")),
    )
    with op.batch_alter_table("token_family", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_family_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_token_family_enrollment_id"), ["enrollment_id"], unique=False)

    op.create_table(
        "access_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="sha256 of the bearer token"),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("family_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_access_token_device_id")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_access_token_enrollment_id")),
        sa.ForeignKeyConstraint(["family_id"], ["token_family.id"], name=op.f("fk_access_token_family_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_access_token_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_access_token_digest")),
    )
    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.create_index("ix_access_token_family", ["family_id"], unique=False)

    op.create_table(
        "response_amendment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("response_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_response_amendment_enrollment_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_response_amendment_response_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_response_amendment_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_amendment")),
        sa.UniqueConstraint("response_id", "content_hash", name=op.f("uq_response_amendment_response_id_content_hash")),
    )
    op.create_table(
        "risk_estimate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("response_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("age_hours", sa.Double(), nullable=True),
        sa.Column("level", sa.Double(), nullable=True, comment="0-100, anchored to the population"),
        sa.Column("rise", sa.Double(), nullable=True, comment="own-SD units"),
        sa.Column("rising", sa.Boolean(), nullable=False),
        sa.Column(
            "detail",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
            comment="nodes, contributions, bands, couplings, features",
        ),
        sa.Column("prior_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=True, comment="population risk model; null: none is loaded"),
        sa.Column("estimator_version", sa.String(), nullable=False),
        sa.Column("item_map_hash", sa.String(), nullable=False),
        sa.Column("inputs_hash", sa.LargeBinary(), nullable=False, comment="sha256 of the observation"),
        sa.Column("estimate_hash", sa.LargeBinary(), nullable=False, comment="sha256 of the estimate: a refold appends only what changed"),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_risk_estimate_enrollment_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_risk_estimate_response_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_risk_estimate_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_estimate")),
        sa.UniqueConstraint(
            "enrollment_id", "source_id", "revision", "study_id", name=op.f("uq_risk_estimate_enrollment_id_source_id_revision_study_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_risk_estimate_uid")),
    )
    with op.batch_alter_table("risk_estimate", schema=None) as batch_op:
        batch_op.create_index("ix_risk_estimate_enrollment", ["enrollment_id", "as_of"], unique=False)

    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tier", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("family", sa.String(), nullable=False, comment="id of the disclosure or alert rule"),
        sa.Column("dedup_key", sa.String(), nullable=False, comment="enrollment, family and tier"),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "open",
                "acknowledged",
                "in_progress",
                "snoozed",
                "suppressed",
                "resolved",
                name="alert_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "ladder",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
            comment="frozen when it opened",
        ),
        sa.Column("rung", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rung_since", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("occurrences", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_occurred_at", Instant(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False, comment="response, rejected submission or decision that opened it"),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule_hash", sa.String(), nullable=False),
        sa.Column("estimate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("snoozed_until", Instant(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("resolved_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "disposition",
            sa.Enum(
                "reached_safe",
                "reached_needs_care",
                "no_answer",
                "emergency_sent",
                "already_known",
                "wrong_alert",
                name="disposition",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("minutes_spent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(state = 'resolved') = (disposition IS NOT NULL)", name=op.f("ck_alert_resolved_has_a_disposition")),
        sa.CheckConstraint("(state = 'resolved') = (next_at IS NULL)", name=op.f("ck_alert_open_has_a_next_moment")),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["staff.id"], name=op.f("fk_alert_acknowledged_by")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_alert_enrollment_id")),
        sa.ForeignKeyConstraint(["estimate_id"], ["risk_estimate.id"], name=op.f("fk_alert_estimate_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_alert_owner_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["alert.id"], name=op.f("fk_alert_parent_id")),
        sa.ForeignKeyConstraint(["protocol_version_id"], ["protocol_version.id"], name=op.f("fk_alert_protocol_version_id")),
        sa.ForeignKeyConstraint(["resolved_by"], ["staff.id"], name=op.f("fk_alert_resolved_by")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_alert_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("uid", name=op.f("uq_alert_uid")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index("ix_alert_enrollment", ["enrollment_id"], unique=False)
        batch_op.create_index(
            "ix_alert_next",
            ["next_at"],
            unique=False,
            postgresql_where=sa.text("state <> 'resolved'"),
            sqlite_where=sa.text("state <> 'resolved'"),
        )
        batch_op.create_index("ix_alert_study_opened", ["study_id", "opened_at"], unique=False)
        batch_op.create_index(
            "uq_alert_dedup",
            ["study_id", "dedup_key"],
            unique=True,
            postgresql_where=sa.text("state <> 'resolved'"),
            sqlite_where=sa.text("state <> 'resolved'"),
        )

    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("protocol_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "point",
            sa.Enum(
                "response",
                "report",
                "help_request",
                "expiry",
                "timed_event",
                name="decision_point_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("response_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("estimate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("estimate_revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=True),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column(
            "unavailable",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
            comment="every reason that held",
        ),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("rule_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rule_hash", sa.String(), nullable=True),
        sa.Column("rule_trace", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column(
            "arm_probabilities", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False
        ),
        sa.Column("arm_fraction", sa.Double(), nullable=True),
        sa.Column("content_code", sa.String(), nullable=True),
        sa.Column("content_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=True),
        sa.Column(
            "content_probabilities",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("content_fraction", sa.Double(), nullable=True),
        sa.Column("scene_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("scene_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key_id", sa.String(), nullable=False, comment="which randomization key drew"),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False, comment="canonical JSON of the variables that were read"),
        sa.Column(
            "outcome",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
            comment="what is to be observed, for treated and untreated alike",
        ),
        sa.Column(
            "outcome_status",
            sa.Enum(
                "pending",
                "observed",
                "missing",
                "not_applicable",
                name="outcome_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(content_code IS NULL) = (content_hash IS NULL)", name=op.f("ck_decision_content_has_a_hash")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_decision_enrollment_id")),
        sa.ForeignKeyConstraint(["estimate_id"], ["risk_estimate.id"], name=op.f("fk_decision_estimate_id")),
        sa.ForeignKeyConstraint(["protocol_version_id"], ["protocol_version.id"], name=op.f("fk_decision_protocol_version_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_decision_response_id")),
        sa.ForeignKeyConstraint(["scene_id"], ["future_scene.id"], name=op.f("fk_decision_scene_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_decision_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint(
            "enrollment_id", "point", "source_id", "study_id", name=op.f("uq_decision_enrollment_id_point_source_id_study_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_decision_uid")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_enrollment", ["enrollment_id", "decided_at"], unique=False)
        batch_op.create_index("ix_decision_response", ["response_id"], unique=False)

    op.create_table(
        "alert_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("rung", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True, comment="coded"),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_event_alert_id")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_alert_event_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_alert_event_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_event")),
        sa.UniqueConstraint("alert_id", "sequence", name=op.f("uq_alert_event_alert_id_sequence")),
    )
    with op.batch_alter_table("alert_event", schema=None) as batch_op:
        batch_op.create_index("ix_alert_event_study_at", ["study_id", "at"], unique=False)

    op.create_table(
        "engagement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("content_code", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_engagement_decision_id")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_engagement_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_engagement_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement")),
        sa.UniqueConstraint("enrollment_id", "client_id", name=op.f("uq_engagement_enrollment_id_client_id")),
    )
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.create_index("ix_engagement_decision", ["decision_id"], unique=False)

    op.create_table(
        "proximal_outcome",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("variable", sa.String(), nullable=False),
        sa.Column("opens_at", Instant(), nullable=False),
        sa.Column("closes_at", Instant(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "observed",
                "missing",
                "not_applicable",
                name="outcome_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("response_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("missing_reason", sa.String(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_proximal_outcome_decision_id")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_proximal_outcome_enrollment_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_proximal_outcome_response_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_proximal_outcome_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proximal_outcome")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_proximal_outcome_decision_id")),
    )
    with op.batch_alter_table("proximal_outcome", schema=None) as batch_op:
        batch_op.create_index(
            "ix_proximal_outcome_closing",
            ["closes_at"],
            unique=False,
            postgresql_where=sa.text("status = 'pending'"),
            sqlite_where=sa.text("status = 'pending'"),
        )

    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% rows are only added', TG_TABLE_NAME; END $$"
        )
    for table in INSERT_ONLY:
        _protect(table)


def downgrade() -> None:
    with op.batch_alter_table("proximal_outcome", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_proximal_outcome_closing", postgresql_where=sa.text("status = 'pending'"), sqlite_where=sa.text("status = 'pending'")
        )

    op.drop_table("proximal_outcome")
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.drop_index("ix_engagement_decision")

    op.drop_table("engagement")
    with op.batch_alter_table("alert_event", schema=None) as batch_op:
        batch_op.drop_index("ix_alert_event_study_at")

    op.drop_table("alert_event")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index("ix_decision_response")
        batch_op.drop_index("ix_decision_enrollment")

    op.drop_table("decision")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index("uq_alert_dedup", postgresql_where=sa.text("state <> 'resolved'"), sqlite_where=sa.text("state <> 'resolved'"))
        batch_op.drop_index("ix_alert_study_opened")
        batch_op.drop_index("ix_alert_next", postgresql_where=sa.text("state <> 'resolved'"), sqlite_where=sa.text("state <> 'resolved'"))
        batch_op.drop_index("ix_alert_enrollment")

    op.drop_table("alert")
    with op.batch_alter_table("risk_estimate", schema=None) as batch_op:
        batch_op.drop_index("ix_risk_estimate_enrollment")

    op.drop_table("risk_estimate")
    op.drop_table("response_amendment")
    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.drop_index("ix_access_token_family")

    op.drop_table("access_token")
    with op.batch_alter_table("token_family", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_token_family_enrollment_id"))
        batch_op.drop_index(batch_op.f("ix_token_family_device_id"))

    op.drop_table("token_family")
    op.drop_table("scene_version")
    with op.batch_alter_table("scene_rating", schema=None) as batch_op:
        batch_op.drop_index("ix_scene_rating_scene")

    op.drop_table("scene_rating")
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.drop_index("ix_response_prompt")
        batch_op.drop_index(
            "ix_response_pending",
            postgresql_where=sa.text("decision_status = 'pending'"),
            sqlite_where=sa.text("decision_status = 'pending'"),
        )
        batch_op.drop_index("ix_response_enrollment_time")

    op.drop_table("response")
    with op.batch_alter_table("rejected_submission", schema=None) as batch_op:
        batch_op.drop_index("ix_rejected_submission_study")

    op.drop_table("rejected_submission")
    with op.batch_alter_table("prompt_event", schema=None) as batch_op:
        batch_op.drop_index("ix_prompt_event_study_at")
        batch_op.drop_index("ix_prompt_event_prompt")

    op.drop_table("prompt_event")
    op.drop_table("attempt")
    with op.batch_alter_table("zone_history", schema=None) as batch_op:
        batch_op.drop_index("ix_zone_history_enrollment")

    op.drop_table("zone_history")
    with op.batch_alter_table("wake_history", schema=None) as batch_op:
        batch_op.drop_index("ix_wake_history_enrollment")

    op.drop_table("wake_history")
    with op.batch_alter_table("timed_event", schema=None) as batch_op:
        batch_op.drop_index("ix_timed_event_enrollment")

    op.drop_table("timed_event")
    with op.batch_alter_table("risk_state", schema=None) as batch_op:
        batch_op.drop_index("ix_risk_state_stale", postgresql_where=sa.text("stale"), sqlite_where=sa.text("stale"))

    op.drop_table("risk_state")
    op.drop_table("risk_snapshot")
    with op.batch_alter_table("protocol_move", schema=None) as batch_op:
        batch_op.drop_index("ix_protocol_move_enrollment")

    op.drop_table("protocol_move")
    with op.batch_alter_table("prompt", schema=None) as batch_op:
        batch_op.drop_index("ix_prompt_next", postgresql_where=sa.text("next_at IS NOT NULL"), sqlite_where=sa.text("next_at IS NOT NULL"))
        batch_op.drop_index("ix_prompt_enrollment_due")

    op.drop_table("prompt")
    with op.batch_alter_table("pause", schema=None) as batch_op:
        batch_op.drop_index("ix_pause_enrollment")

    op.drop_table("pause")
    with op.batch_alter_table("list_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_list_entry_enrollment")

    op.drop_table("list_entry")
    op.drop_table("future_scene")
    op.drop_table("enrollment_code")
    with op.batch_alter_table("disclosed", schema=None) as batch_op:
        batch_op.drop_index("ix_disclosed_study")
        batch_op.drop_index("ix_disclosed_enrollment")

    op.drop_table("disclosed")
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_index("ix_device_enrollment")

    op.drop_table("device")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_recipient")
        batch_op.drop_index(
            "ix_delivery_next", postgresql_where=sa.text("next_at IS NOT NULL"), sqlite_where=sa.text("next_at IS NOT NULL")
        )

    op.drop_table("delivery")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index("ix_consent_enrollment")

    op.drop_table("consent")
    with op.batch_alter_table("caseload", schema=None) as batch_op:
        batch_op.drop_index("ix_caseload_staff")
        batch_op.drop_index("ix_caseload_enrollment")

    op.drop_table("caseload")
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_index("ix_role_grant_staff_study")

    op.drop_table("role_grant")
    with op.batch_alter_table("enrollment", schema=None) as batch_op:
        batch_op.drop_index("ix_enrollment_study_state")
        batch_op.drop_index(
            "ix_enrollment_planned_until", postgresql_where=sa.text("state = 'active'"), sqlite_where=sa.text("state = 'active'")
        )
        batch_op.drop_index("ix_enrollment_plan_stale", postgresql_where=sa.text("plan_stale"), sqlite_where=sa.text("plan_stale"))

    op.drop_table("enrollment")
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_endpoint_study")

    op.drop_table("webhook_endpoint")
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_session_staff")

    op.drop_table("staff_session")
    op.drop_table("site")
    with op.batch_alter_table("protocol_version", schema=None) as batch_op:
        batch_op.drop_index("ix_protocol_version_effective")

    op.drop_table("protocol_version")
    op.drop_table("personal_key")
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.drop_index("ix_export_waiting", postgresql_where=sa.text("state = 'waiting'"), sqlite_where=sa.text("state = 'waiting'"))
        batch_op.drop_index("ix_export_study")

    op.drop_table("export")
    with op.batch_alter_table("duty", schema=None) as batch_op:
        batch_op.drop_index("ix_duty_study")

    op.drop_table("duty")
    op.drop_table("study")
    op.drop_table("staff")
    op.drop_table("participant")
    op.drop_table("heartbeat")
    op.drop_table("database_mark")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_enrollment")
        batch_op.drop_index("ix_audit_at")

    op.drop_table("audit")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS refuse_change()")
