"""The population prior: what is assumed of a person before the first answer.

A prior is a shipped artefact. Reading its file is the shell's work; `load` makes it ready for use. Numbers marked
`assumption` are assumed: their direction has a source, their size has none.
"""

import hashlib
from dataclasses import dataclass
from math import sqrt
from typing import Final

import msgspec

from models.errors import Fault, Invalid
from risk.estimate.kernels import of_6, of_8, of_12
from risk.estimate.kernels.kernel import Kernel
from risk.estimate.linear import Triangle, inverse
from risk.estimate.nodes import NODES

PRIOR_FILE: Final = "population.json"
"""Name of the shipped prior, in the folder `priors` beside this module."""

REGRESSORS: Final = ("intercept", "cos", "sin", "lag", "R", "S", "W", "E", "RS", "Ri", "context", "content")
"""Of the nowcast row. The first three have no reported interval and stand first (linear.inverse_tail)."""
DAY: Final = ("intercept", "cos", "sin", *NODES)
NIGHT: Final = ("intercept", *NODES)


_KERNELS: Final = {12: of_12.KERNEL, 8: of_8.KERNEL, 6: of_6.KERNEL}


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the prior's document. Unknown fields are refused: a misspelt number must not pass for a default."""


class Variable(Record, frozen=True, forbid_unknown_fields=True):
    """Population moments of an indicator on [0, 1], turned so that 1 is most active. `loading` only for indicators of C."""

    mean: float
    within_sd: float
    between_sd: float
    loading: float | None = None
    note: str = ""


class NodePrior(Record, frozen=True, forbid_unknown_fields=True):
    """`level_weight` in craving-network activity; `item_correlation` between items of the node; `sd` of a decayed mean level."""

    level_weight: float
    item_correlation: float
    sd: float
    note: str = ""


class Coefficient(Record, frozen=True, forbid_unknown_fields=True):
    """Prior of one coupling per unit exposure, and the mean square of its exposure."""

    mean: float
    sd: float
    mean_square: float
    source: str
    note: str = ""


class LagPrior(Record, frozen=True, forbid_unknown_fields=True):
    """One block of the lagged network. `means`: row -> regressor -> mean, 0 where left out."""

    means: dict[str, dict[str, float]]
    sds: dict[str, float]
    mean_squares: dict[str, float]
    note: str = ""


class Residual(Record, frozen=True, forbid_unknown_fields=True):
    """Inverse-gamma prior of a residual variance: shape, scale; the prior guess is scale / shape."""

    shape: float
    scale: float


class Limit(Record, frozen=True, forbid_unknown_fields=True):
    """Limits of the two detectors at an answering rate: one false alarm in 60 days on residuals at this rate."""

    answers_per_day: float
    innovation: float
    baseline: float


class Provenance(Record, frozen=True, forbid_unknown_fields=True):
    """Where learned couplings are from: how, from what, of how many people and from how many of these, and when (ISO date)."""

    method: str
    dataset: str
    people: int
    used: int
    made_at: str


class Document(Record, frozen=True, forbid_unknown_fields=True):
    """The file as written."""

    name: str
    version: int
    assumption: bool
    synthetic: bool
    statement: str
    sources: dict[str, str]
    variables: dict[str, Variable]
    generic: Variable
    nodes: dict[str, NodePrior]
    node_correlation: float
    mu_ref: float
    sd_ref: float
    coupling: dict[str, Coefficient]
    coupling_covariance: list[list[float]] | None
    residual: Residual
    day: LagPrior
    night: LagPrior
    lag_residual: Residual
    limits: list[Limit]
    limits_note: str
    provenance: Provenance | None = None
    """None where nothing was learned."""


@dataclass(frozen=True, slots=True)
class Coupled:
    """A Gaussian prior in information form: means by row, precision (flat lower triangle), its diagonal and what stands off it."""

    kernel: Kernel
    means: list[list[float]]
    variances: list[float]
    precision: list[float]
    diagonal: list[float]
    off_diagonal: list[tuple[int, int, float]]
    mean_squares: list[float]


@dataclass(frozen=True, slots=True)
class Prior:
    """A prior ready for use. `id` is name, version and the first 12 hexadecimal digits of the file's SHA-256."""

    id: str
    document: Document
    coupling: Coupled
    day: Coupled
    night: Coupled
    level_weights: tuple[float, ...]
    """Of the nodes, in their order; `level_pulls` are the same over the deviations of decayed mean levels."""
    level_pulls: tuple[float, ...]
    level_deviation: float
    """Standard deviation of the sum of all nodes by these weights."""


def load(raw: bytes, *, rehearsal: bool = False) -> Prior:
    """The prior in the bytes of its file.

    Raises Invalid (`prior_refused`) where a field is missing, misspelt or of the wrong kind, a number is out of range, or the file
    was learned from simulated people and this is not a `rehearsal`.
    """
    try:
        document = msgspec.json.decode(raw, type=Document)
    except msgspec.MsgspecError as problem:
        raise Invalid("prior_refused", str(problem)) from problem
    if document.synthetic and not rehearsal:
        fault = Fault("/synthetic", "synthetic", "Learned from simulated people.")
        raise Invalid("prior_refused", "What was learned from simulated people loads in a rehearsal only.", [fault])
    faults = list(_faults(document))
    if faults:
        raise Invalid("prior_refused", "The prior has numbers out of range.", faults)
    row = [document.coupling[name] for name in REGRESSORS]
    covariance = document.coupling_covariance or _diagonal([one.sd**2 for one in row])
    guess = document.lag_residual.scale / document.lag_residual.shape
    weights, correlation = tuple(document.nodes[name].level_weight for name in NODES), document.node_correlation
    return Prior(
        id=f"{document.name}-{document.version}-{hashlib.sha256(raw).hexdigest()[:12]}",
        document=document,
        coupling=_coupled([[one.mean for one in row]], covariance, [one.mean_square for one in row], scale=1.0),
        day=_lagged(document.day, DAY, guess),
        night=_lagged(document.night, NIGHT, guess),
        level_weights=weights,
        level_pulls=tuple(document.nodes[name].level_weight / document.nodes[name].sd for name in NODES),
        level_deviation=sqrt((1.0 - correlation) * sum(one * one for one in weights) + correlation * sum(weights) * sum(weights)),
    )


def _lagged(block: LagPrior, names: tuple[str, ...], guess: float) -> Coupled:
    """Precision relative to a row's residual variance: one matrix serves all rows."""
    means = [[block.means.get(row, {}).get(name, 0.0) for name in names] for row in NODES]
    return _coupled(means, _diagonal([block.sds[name] ** 2 for name in names]), [block.mean_squares[name] for name in names], guess)


def _coupled(means: list[list[float]], covariance: Triangle, mean_squares: list[float], scale: float) -> Coupled:
    try:
        precision = [[value * scale + 0.0 for value in row] for row in inverse(covariance)]
    except (ValueError, ZeroDivisionError) as problem:
        fault = Fault("/coupling_covariance", "positive_definite", "The covariance is not positive definite.")
        raise Invalid("prior_refused", "The prior's covariance is not positive definite.", [fault]) from problem
    off = [(i, j, row[j]) for i, row in enumerate(precision) for j in range(i) if row[j] != 0.0]
    variances = [row[-1] / scale for row in covariance]
    flat = [value for row in precision for value in row]
    return Coupled(_KERNELS[len(precision)], means, variances, flat, [row[-1] for row in precision], off, mean_squares)


def _diagonal(values: list[float]) -> Triangle:
    return [[0.0] * index + [value] for index, value in enumerate(values)]


def _faults(document: Document) -> list[Fault]:
    faults: list[Fault] = []

    def require(holds: bool, pointer: str, rule: str) -> None:
        if not holds:
            faults.append(Fault(pointer, rule, f"{rule} does not hold"))

    variables = {f"/variables/{name}": one for name, one in document.variables.items()} | {"/generic": document.generic}
    for pointer, one in variables.items():
        require(0 <= one.mean <= 1 and one.within_sd > 0 and one.between_sd > 0, pointer, "mean on [0, 1] and positive deviations")
        require(one.loading is None or 0 < one.loading < 1, f"{pointer}/loading", "loading in (0, 1)")
    require(document.generic.loading is not None, "/generic/loading", "a generic loading")
    require(set(document.nodes) == set(NODES), "/nodes", "the nodes C, R, S, W, E")
    for name, node in document.nodes.items():
        require(node.sd > 0 and node.level_weight >= 0 and 0 <= node.item_correlation < 1, f"/nodes/{name}", "positive scale")
    require(set(document.coupling) == set(REGRESSORS), "/coupling", "the regressors of the nowcast row")
    for name, row in document.coupling.items():
        require(row.sd > 0 and row.mean_square > 0, f"/coupling/{name}", "positive deviation and mean square")
        require(row.source in document.sources, f"/coupling/{name}/source", "a source that the prior lists")
    shape = [len(row) for row in document.coupling_covariance or []]
    require(shape in ([], list(range(1, len(REGRESSORS) + 1))), "/coupling_covariance", "a lower triangle over the regressors")
    for pointer, residual in (("/residual", document.residual), ("/lag_residual", document.lag_residual)):
        require(residual.shape > 0 and residual.scale > 0, pointer, "positive shape and scale")
    for block, names in (("day", DAY), ("night", NIGHT)):
        lag: LagPrior = getattr(document, block)
        require(set(lag.sds) == set(names) == set(lag.mean_squares), f"/{block}", "the regressors of the lagged network")
        require(all(value > 0 for value in (*lag.sds.values(), *lag.mean_squares.values())), f"/{block}", "positive scale")
        known = all(row in NODES and set(means) <= set(names) for row, means in lag.means.items())
        require(known, f"/{block}/means", "rows by nodes over the regressors of the lagged network")
    rates = [limit.answers_per_day for limit in document.limits]
    require(bool(rates) and rates == sorted(set(rates)), "/limits", "limits in order of answering rate")
    require(all(one.innovation > 0 and one.baseline > 0 for one in document.limits), "/limits", "positive limits")
    require(document.assumption == (document.provenance is None), "/provenance", "learned couplings say where they are from")
    require(document.sd_ref > 0 and 0 <= document.node_correlation < 1, "/sd_ref", "positive reference deviation")
    return faults
