"""A population model as a document: canonical JSON with coefficients or trees, calibration, manifest and digest. Pure.

Reading one trusts nothing: its size, shape, numbers and digest are checked before anything is scored, and nothing in it is ever run.
"""

import hashlib
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final, Literal, TypeVar

import msgspec

from models.codec import canonical, misplaced
from models.errors import Fault, Invalid, TooLarge
from risk.population.features import KNOTS

SCHEMA: Final = "breakwater.population-model/1"
MOST_BYTES: Final = 8_000_000
MOST_COLUMNS: Final = 1_000
MOST_TREES: Final = 1_000
MOST_NODES: Final = 255
"""Of one tree. A tree of depth 3 has 15."""


Kind = TypeVar("Kind")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the document. Unknown fields are refused."""


class LogisticPart(Part, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="logistic"):
    """Over columns with holes filled, flags of the columns in `holes`, and the bends of the spline over column `splined`.

    `mean`, `scale` and `weights` go over all of them in this order.
    """

    fill: list[float]
    holes: list[int]
    splined: int
    mean: list[float]
    scale: list[float]
    weights: list[float]
    intercept: float


class Tree(Part, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Nodes in parallel lists. `left` 0: a leaf. A row goes left where its column is at most the threshold, or is missing and
    `missing_left`. Children stand after their parent."""

    column: list[int]
    threshold: list[float]
    missing_left: list[bool]
    left: list[int]
    right: list[int]
    value: list[float]


class TreesPart(Part, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="boosting"):
    base: float
    trees: list[Tree]


class Calibration(Part, frozen=True, forbid_unknown_fields=True):
    """Platt's: calibrated logit = slope × score + intercept."""

    slope: float
    intercept: float


class Both(Part, frozen=True, forbid_unknown_fields=True):
    """One budget spent in two ways: from `probability` on, or from a `rise` on, own standard deviations above the person's own usual."""

    probability: float
    rise: float

    def fires(self, p: Any, rise: Any) -> Any:
        """Of numbers, or of arrays of them."""
        return (p >= self.probability) | (rise >= self.rise)


class Manifest(Part, frozen=True, forbid_unknown_fields=True):
    """What it was trained from. Counts only: no person, no row."""

    dataset: str
    source: str
    people: int
    windows: int
    events: int
    lapsing_people: int
    unanswered: int
    fenced: int
    setting: float
    folds: int
    seed: int
    trained_at: str
    software: str


class PopulationModel(Part, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The document without its digest. `columns` are names of `risk.population.features.columns`.

    What has a default is left out of the document where it says nothing, so that files of before keep their digest.
    """

    schema: Literal["breakwater.population-model/1"]
    model: Literal["M0", "M1a", "M1b", "M1", "M2"]
    target: Literal["day", "week"]
    synthetic: bool
    columns: list[str]
    learner: LogisticPart | TreesPart
    calibration: Calibration
    thresholds: dict[str, float]
    """Alerts for each person-week -> the least probability that raises one."""
    manifest: Manifest
    reserved: dict[str, Both] = {}
    """The same budgets, with a part of each kept for a rise above the person's own usual. Empty: there were no estimates."""
    self_help: dict[str, float] = {}
    """Offers for each person-week -> the least level of the estimate at which content is offered."""

    @property
    def id(self) -> str:
        return f"{self.model}-{self.target}-{digest_of(self)[:12]}"


class _Sealed(Part, frozen=True, forbid_unknown_fields=True):
    digest: str
    document: msgspec.Raw


def digest_of(model: PopulationModel) -> str:
    """SHA-256 of the canonical document, hexadecimal."""
    return hashlib.sha256(canonical(model)).hexdigest()


def write(model: PopulationModel) -> bytes:
    """The file: the canonical document beside its digest. Raises Invalid where `read` would."""
    raw = canonical({"digest": digest_of(model), "document": msgspec.Raw(canonical(model))})
    read(raw, rehearsal=True)
    return raw


def read(raw: bytes, *, rehearsal: bool = False) -> PopulationModel:
    """The model in the bytes of its file.

    Raises TooLarge beyond the stated size, and Invalid (`model_refused`) with the place: not JSON, cut off, another schema, an unknown or
    wrongly typed field, another digest, lists that do not fit together, a number that is not finite, a tree that does not end; or it was
    learned from simulated people and this is not a `rehearsal`.
    """
    if len(raw) > MOST_BYTES:
        raise TooLarge("model_too_large", f"A model's file has at most {MOST_BYTES:,} bytes.")
    sealed = _decoded(raw, _Sealed)
    model = _decoded(bytes(sealed.document), PopulationModel, "/document")
    if digest_of(model) != sealed.digest:  # of what it says and not of its spaces: a client may have written the JSON anew
        raise _refused("/digest", "digest", "The digest is not that of the document: the file was changed or damaged.")
    for fault in _faults(model):
        raise Invalid("model_refused", f"The model is refused at {fault.pointer}: {fault.message}", [fault])
    if model.synthetic and not rehearsal:
        raise _refused("/document/synthetic", "synthetic", "What was learned from simulated people loads in a rehearsal only.")
    return model


def _decoded(raw: bytes, kind: type[Kind], at: str = "") -> Kind:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as problem:
        place, words = misplaced(problem, raw, kind)
        raise _refused(at + place or "/", "shape", words) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _refused(at or "/", "json", "It is not JSON, or was cut off.") from None


def _refused(pointer: str, rule: str, words: str) -> Invalid:
    return Invalid("model_refused", f"The model is refused at {pointer}: {words}", [Fault(pointer, rule, words)])


def _faults(model: PopulationModel) -> Iterator[Fault]:
    """What does not fit together, the first first."""

    def unless(holds: bool, pointer: str, rule: str, words: str) -> Iterator[Fault]:
        if not holds:
            yield Fault("/document" + pointer, rule, words)

    number = len(model.columns)
    yield from unless(0 < number <= MOST_COLUMNS, "/columns", "size", f"A model reads 1 to {MOST_COLUMNS} columns.")
    yield from unless(len(set(model.columns)) == number, "/columns", "unique", "A column stands twice.")
    yield from unless(_finite(model.calibration.slope, model.calibration.intercept), "/calibration", "finite", "A number is not finite.")
    yield from unless(model.calibration.slope > 0, "/calibration/slope", "rising", "The slope turns the order of scores around.")
    in_range = all(0.0 <= one <= 1.0 for one in model.thresholds.values())
    yield from unless(in_range, "/thresholds", "probability", "A threshold is a probability.")
    sound = all(0.0 <= one.probability <= 1.0 and isfinite(one.rise) for one in model.reserved.values())
    yield from unless(sound, "/reserved", "probability", "A threshold is a probability, or one on the rise is not finite.")
    yield from unless(all(0.0 <= one <= 100.0 for one in model.self_help.values()), "/self_help", "level", "A threshold is a level.")
    if isinstance(model.learner, LogisticPart):
        yield from _logistic_faults(model.learner, number)
    else:
        yield from _tree_faults(model.learner, number)


def _logistic_faults(part: LogisticPart, number: int) -> Iterator[Fault]:
    wide = number + len(part.holes) + len(KNOTS)
    lists = {"mean": part.mean, "scale": part.scale, "weights": part.weights}
    for name, one in (lists | {"fill": part.fill}).items():
        if len(one) != (number if name == "fill" else wide) or not _finite(*one):
            yield Fault(f"/document/learner/{name}", "length", "It has not one finite number for each column.")
    if not all(0 <= hole < number for hole in part.holes) or not 0 <= part.splined < number:
        yield Fault("/document/learner/holes", "column", "It names a column that is not there.")
    if not all(scale > 0 for scale in part.scale) or not _finite(part.intercept):
        yield Fault("/document/learner/scale", "positive", "A scale is not above 0, or the intercept is not finite.")


def _tree_faults(part: TreesPart, number: int) -> Iterator[Fault]:
    if not _finite(part.base) or not 0 < len(part.trees) <= MOST_TREES:
        yield Fault("/document/learner/trees", "size", f"It has not 1 to {MOST_TREES} trees on a finite base.")
    for place, tree in enumerate(part.trees):
        size = len(tree.column)
        lists = (tree.threshold, tree.missing_left, tree.left, tree.right, tree.value)
        if not 0 < size <= MOST_NODES or any(len(one) != size for one in lists):
            yield Fault(f"/document/learner/trees/{place}", "size", f"Its lists have not one length between 1 and {MOST_NODES}.")
        elif not _finite(*tree.threshold, *tree.value) or not all(0 <= one < number for one in tree.column):
            yield Fault(f"/document/learner/trees/{place}", "node", "A number is not finite, or a node reads a column that is not there.")
        elif not all(
            (left == 0 and right == 0) or (node < left < size and node < right < size)
            for node, (left, right) in enumerate(zip(tree.left, tree.right, strict=True))
        ):
            yield Fault(f"/document/learner/trees/{place}", "order", "A node does not lead to two later ones.")


def _finite(*numbers: float) -> bool:
    return all(isfinite(one) for one in numbers)
