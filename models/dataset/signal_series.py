"""The codebook of passive signals: one row for each series of each protocol revision. Pure."""

from collections.abc import Iterator
from typing import Any

from models.dataset.codebook import Codebook
from models.dataset.columns import count, number, text, words
from models.dataset.schema import Record, Table
from models.definition.signal import UNITS
from models.kinds import Domain, Node, SignalKind, SignalSummary

SIGNAL_SERIES = Table(
    "signal_series",
    "The codebook of signals: one row for each series that each protocol revision makes of the points in signals.csv.",
    (
        count("protocol_revision", "Revision of the protocol.", 1),
        text("variable", "Name of the series, as in the features of estimates.", required=True),
        text("kind", "What is measured.", words(SignalKind), required=True),
        text("unit", "Unit of the points, of minimum and of maximum.", tuple(dict.fromkeys(UNITS.values()))),
        text("summary", "What becomes of the points of the window.", words(SignalSummary)),
        number("hours", "Length of the window, which ends with an answer; a point counts from when it was over."),
        count("least_points", "With fewer points in the window the series says nothing.", 1),
        number("minimum", "Where the summary counts as 0."),
        number("maximum", "Where it counts as 1."),
        text("domain", "Domain of the craving network.", words(Domain)),
        text("node", "Node of the estimator; none: kept, and heard by nobody.", words(Node)),
        count("direction", "1: more is more of the node, -1: less, 0: neither.", -1),
        number("weight", "Weight within the node."),
    ),
    key=("protocol_revision", "variable"),
)


def series_rows(book: Codebook) -> Iterator[Record]:
    """The rows of `SIGNAL_SERIES`, by revision in the order of the protocol."""
    for revision, protocol in sorted(book.protocols.items()):
        for signal in protocol.signals.series if protocol.signals is not None else ():
            said: dict[str, Any] = signal.model_dump(mode="json")
            yield {"protocol_revision": revision, "unit": UNITS[signal.kind], **said}
