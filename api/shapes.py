"""Shapes that several doors share. Frozen, and strict about types: `"3"` is not 3 and 0 is not an instant."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

T = TypeVar("T")


_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]", re.ASCII)
_YEARS: Final = r"^(19[7-9][0-9]|2[01][0-9][0-9]|2200)-"


def _text_only(value: Any) -> Any:
    # pydantic reads a number as seconds since 1970, also where it stands in quotes.
    if isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.match(value)):
        return value
    raise PydanticCustomError("not_an_instant", "An instant is text, YYYY-MM-DDThh:mm:ss with an offset.")


def _in_range(value: datetime) -> datetime:
    if not 1970 <= value.year <= 2200:
        raise PydanticCustomError("year_out_of_range", "The year lies between 1970 and 2200.")
    return value.astimezone(UTC)


Moment = Annotated[
    AwareDatetime,
    Field(strict=False, json_schema_extra={"pattern": _YEARS}),
    BeforeValidator(_text_only),
    AfterValidator(_in_range),
]
"""An instant with an offset, kept in UTC."""


def _whole(value: Any) -> Any:
    # In JSON 3.0 is the whole number 3, and many writers of JSON write it so.
    return int(value) if type(value) is float and value.is_integer() else value


AS_JSON: Final = BeforeValidator(_whole)
"""Stands last in `Annotated[StrictInt, Field(...), AS_JSON]`: a whole number as JSON means it, 3 and 3.0, not "3" and not true."""


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
