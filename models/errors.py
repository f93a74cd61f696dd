"""Problems by kind, with facts and without HTTP.

`api.problems` alone turns a kind into a status. `code` is stable and machine-readable; `detail` is for
people and may change; neither ever holds an answer's content, a name or a token.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule at one place.

    `pointer` is an RFC 6901 JSON pointer into the refused document, `rule` a stable code,
    `message` a sentence without the refused value.
    """

    pointer: str
    rule: str
    message: str


@dataclass(eq=False)
class Problem(Exception):
    """A refusal. Subclasses are kinds, not statuses."""

    code: str
    detail: str
    faults: Sequence[Fault] = field(default=())

    def __post_init__(self) -> None:
        super().__init__(self.code, self.detail)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class Missing(Problem):
    """It is not there, or the viewer may not know that it is."""


class Conflict(Problem):
    """It is there already with other content, or someone else changed it first."""


class Gone(Problem):
    """It was there and has ended: a spent code, a revoked family, an erased person."""


class Forbidden(Problem):
    """The viewer is known and may not do this."""


class Unauthenticated(Problem):
    """The viewer is not known."""


class Invalid(Problem):
    """The content breaks a rule; `faults` says which and where."""


class Malformed(Problem):
    """It cannot be read at all: not JSON, too deep, not text."""


class PreconditionRequired(Problem):
    """`If-Match` is needed and was left out."""


class TooLarge(Problem):
    """More bytes, items or depth than the stated limit."""


class TooMany(Problem):
    """Too many tries; `retry_after_seconds` says when the next may work."""

    retry_after_seconds: int = 60


class Busy(Problem):
    """Pressure, not a fault of the caller; nothing was stored."""

    retry_after_seconds: int = 1


class AppTooOld(Problem):
    """The app is older than the study allows."""


class PreconditionFailed(Problem):
    """`If-Match` named another version than the stored one."""
