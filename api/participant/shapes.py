"""Words and shapes that the participant door's files share. Strict where pydantic is not: 0 is no day, `true` no number."""

import re
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StrictFloat, StrictInt, StringConstraints

_DAY: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)


def _day_text(value: Any) -> Any:
    # pydantic reads a number as seconds since 1970.
    if (isinstance(value, str) and _DAY.match(value)) or isinstance(value, date):
        return value
    raise ValueError("a day is YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_day_text)]
"""A local date, `YYYY-MM-DD`."""

Zone = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")]
"""An IANA zone name."""

AppVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$")]

Rating = Annotated[StrictInt, Field(ge=0, le=10)]
"""0 to 10."""

Amount = Annotated[StrictFloat, Field(ge=0, le=1_000_000, allow_inf_nan=False)]

Version = Annotated[StrictInt, Field(ge=1)]
