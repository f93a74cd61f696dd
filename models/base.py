"""Declarative base, naming convention and the column types that hold on both databases."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Dialect, Enum, ForeignKey, Integer, LargeBinary, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

from models.errors import Invalid

BIG = BigInteger().with_variant(Integer, "sqlite")
DOCUMENT = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: timestamptz on PostgreSQL, microseconds since 1970 on SQLite.

    SQLite's own DateTime drops the offset silently, so that 23:00+05:00 sorts after 20:00Z.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else BIG)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise Invalid("naive_instant", "an instant without an offset cannot be stored")
        if dialect.name == "postgresql":
            return value
        elapsed = value - _EPOCH
        return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return _EPOCH + timedelta(0, 0, value)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        int: BIG,
        datetime: Instant,
        bytes: LargeBinary,
        dict[str, Any]: DOCUMENT,
        list[Any]: DOCUMENT,
    }


def key() -> MappedColumn[int]:
    """The internal key: bigint, never shown outside."""
    return mapped_column(BIG, primary_key=True, autoincrement=True)


def uid() -> MappedColumn[Any]:
    """The public id."""
    return mapped_column(Uuid, unique=True, nullable=False)


def ref(target: str, *, nullable: bool = False, index: bool = False) -> MappedColumn[Any]:
    """A foreign key to `target.id`."""
    return mapped_column(BIG, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


def word(kind: type[StrEnum], *, nullable: bool = False) -> MappedColumn[Any]:
    """A closed vocabulary as text with a check constraint."""
    name = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
    column_type = Enum(
        kind, native_enum=False, create_constraint=True, length=32, name=name, values_callable=lambda words: [one.value for one in words]
    )
    return mapped_column(column_type, nullable=nullable)
