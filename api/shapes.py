"""Shapes that several doors share. Frozen, and strict about types: `"3"` is not 3 and 0 is not an instant."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

T = TypeVar("T")


def _text_only(value: Any) -> Any:
    # pydantic reads a number as seconds since 1970; an instant is text with an offset, or it is refused.
    if isinstance(value, str | datetime):
        return value
    raise ValueError("an instant is ISO 8601 text with an offset")


def _in_range(value: datetime) -> datetime:
    if not 1970 <= value.year <= 2200:
        raise ValueError("the year must lie between 1970 and 2200")
    return value.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_text_only), AfterValidator(_in_range)]
"""An instant with an offset, kept in UTC."""


StrictMoment = Annotated[AwareDatetime, AfterValidator(_in_range)]
"""The same for shapes that are read from bytes in strict mode, where only text is an instant."""


_DAY: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)


def _day_text(value: Any) -> Any:
    # pydantic reads a number as seconds since 1970.
    if (isinstance(value, str) and _DAY.match(value)) or isinstance(value, date):
        return value
    raise ValueError("a day is YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_day_text), Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
"""A local date, `YYYY-MM-DD`."""


Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line of text for people. PostgreSQL cannot store a null character, and a log line must stay one line."""

Paragraph = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$")]


class Shape(BaseModel):
    """What a client sends or gets. Unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Page(Shape, Generic[T]):
    """A page of a list. `next` is an opaque cursor, null at the end."""

    items: list[T]
    next: str | None = None


Cursor = Annotated[str | None, Field(max_length=200)]
Limit = Annotated[int, Field(ge=1, le=200)]
