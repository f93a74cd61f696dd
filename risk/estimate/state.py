"""What is remembered of a person between two observations, and its canonical bytes.

A state is a value: `update` makes a new one and shares what did not change. Nothing in it is ever changed in
place, so nothing in it can refer to itself (`gc=False`). Times are whole microseconds or seconds since 1970 UTC.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from models.errors import Conflict, Invalid
from risk.estimate.digits import unpacked

SCHEMA: Final = "risk-state-7-c374f4fe"
"""Names the layout. The digits are a digest of every field name and of the regressors (a test says so)."""


class UnknownSchema(Invalid):
    """The bytes hold a state of another layout, or none. Refold the person's history instead of reading them."""

    def __init__(self, detail: str) -> None:
        super().__init__("state_schema_unknown", detail)


class OutOfOrder(Conflict):
    """The observation comes before one that the state has seen: refold from the last checkpoint before it."""

    def __init__(self, source_id: str) -> None:
        super().__init__("observation_out_of_order", f"Observation {source_id} precedes the newest one in the state.")


class OtherPrior(Conflict):
    """The state was made under another prior: refold under this one."""

    def __init__(self, of_state: str, given: str) -> None:
        super().__init__("state_of_other_prior", f"The state was made under prior {of_state}, not {given}.")


class Baseline(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person's running mean and variance of one variable, as of its last training answer `value` at second `at`."""

    weight: float
    mean: float
    variance: float
    at: int
    value: float


def _parts(memory: bytes, size: int) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    """Precision, mean squares and variances of so many regressors."""
    values, end = unpacked(memory), size * (size + 1) // 2
    return values[:end], values[end : end + size], values[end + size :]


class Cue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One kind of reminder: first and last day met (since 1970 UTC), how often it was learned from, and the mean surprise there."""

    first: int
    last: int
    times: int
    mean: float


class Coupling(msgspec.Struct, frozen=True, gc=False):
    """The nowcast row: `memory`, posterior mean, residual (shape, scale). b of the information form is A theta.

    `memory` holds, packed: the precision A (flat lower triangle), the mean squares of exposures, and the posterior variance of the
    regressors from `lag` on.
    """

    memory: bytes
    theta: list[float]
    shape: float
    scale: float

    @property
    def precision(self) -> Sequence[float]:
        return _parts(self.memory, len(self.theta))[0]

    @property
    def exposure(self) -> Sequence[float]:
        return _parts(self.memory, len(self.theta))[1]

    @property
    def spread(self) -> Sequence[float]:
        return _parts(self.memory, len(self.theta))[2]


class Block(msgspec.Struct, frozen=True, gc=False):
    """One block of the lagged network: `memory` as that of Coupling, and five rows.

    Precision and variances are relative to the residual variance. Variances are those of the five lags, and kept by day only, where edges
    are reported.
    """

    memory: bytes
    rows: list[list[float]]

    @property
    def precision(self) -> Sequence[float]:
        return _parts(self.memory, len(self.rows[0]))[0]

    @property
    def spread(self) -> Sequence[float]:
        return _parts(self.memory, len(self.rows[0]))[2]


class Lagged(msgspec.Struct, frozen=True, gc=False):
    """The lagged network: intervals within a day, intervals over a night, and what all rows share.

    `total` and `observed` are decayed weights of all intervals and of those with the row's target; `scatter` the
    decayed sums of squares. `nodes` is the last vector of exposures, None where a node was not answered.
    """

    day: Block
    night: Block
    total: float
    observed: list[float]
    scatter: list[float]
    at: int | None
    nodes: list[float | None]


class Levels(msgspec.Struct, frozen=True, gc=False):
    """Decayed sums of values and of weights: by node and half-life (anchored to the population), each with its second.

    `deviations` are those of the nodes from the population, as of each node's newest answer; None where there is none. `fast` and
    `slow` are those of the personal index, as of second `at`.
    """

    sums: dict[str, tuple[float, float, int]]
    deviations: list[float | None]
    fast: tuple[float, float]
    slow: tuple[float, float]
    at: int


class Change(msgspec.Struct, frozen=True, gc=False):
    """The two detectors, the frozen baseline, and the one being learned (from second `since`: weight, mean, sum of squares)."""

    innovation: float = 0.0
    baseline: float = 0.0
    frozen_mean: float | None = None
    frozen_sd: float | None = None
    since: int | None = None
    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    last_surprise: float = 0.0
    surprise_square: float = 1.0
    surprise_product: float = 0.0


class RiskState(msgspec.Struct, frozen=True, gc=False):
    """Everything the estimator remembers of one person. At most 6 kB as bytes for the shipped protocol."""

    schema: str
    prior_id: str
    item_map: str
    key: tuple[int, int, str] | None
    recent: list[str]
    items: dict[str, Baseline]
    contexts: dict[str, tuple[float, float]]
    events: dict[str, int]
    cues: dict[str, Cue]
    coupling: Coupling
    lagged: Lagged
    levels: Levels
    change: Change
    craving: float | None = None
    craving_at: int | None = None
    """Of any craving answer, reports included: the age of the evidence."""
    taught: float = 0.0
    """Latent craving at the last training answer, at second `taught_at`: the lag."""
    taught_at: int | None = None
    content_at: int | None = None
    answers_per_day: float = 0.0
    answered: int = 0
    days: int = 0
    last_day: int | None = None
    novel: tuple[int, float] = (0, 0.0)
    """First meetings of a kind of reminder, and their mean surprise."""
    missed: tuple[float, int, int] = (0.0, 0, 0)
    """Prompts that ended without an answer: their decayed number at a second, and those in a row since the last answered one."""


class _Header(msgspec.Struct):
    schema: str


_HEADER: Final = msgspec.json.Decoder(_Header)
_BEGINNING: Final = f'{{"schema":"{SCHEMA}",'.encode()
_STATE: Final = msgspec.json.Decoder(RiskState)
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def encode(state: RiskState) -> bytes:
    """The canonical bytes: JSON, floats by their shortest exact repr, mappings in order of key. Equal states, equal bytes."""
    return _ENCODER.encode(state)


def decode(raw: bytes) -> RiskState:
    """The state in its canonical bytes, to the last bit.

    Raises UnknownSchema where the bytes are of another layout or no state at all.
    """
    try:
        if not raw.startswith(_BEGINNING):  # written by `encode` of this release it does: then it need not be looked for
            found = _HEADER.decode(raw).schema
            if found != SCHEMA:
                raise UnknownSchema(f"The state has schema {found[:64]}; this release reads {SCHEMA}.")
        return _STATE.decode(raw)
    except msgspec.MsgspecError as problem:
        raise UnknownSchema("The bytes are not a risk state.") from problem
