"""Words and shapes that the participant door's files share. Strict where pydantic is not: 0 is no day, `true` no number."""

from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt, StringConstraints

from api.shapes import AS_JSON

Zone = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")]
"""An IANA zone name."""

AppVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$")]

Rating = Annotated[StrictInt, Field(ge=0, le=10), AS_JSON]
"""0 to 10."""

Amount = Annotated[StrictFloat, Field(ge=0, le=1_000_000, allow_inf_nan=False)]

Version = Annotated[StrictInt, Field(ge=1, le=2**31 - 1), AS_JSON]
