"""Passive signals: series that can be told apart, on a scale, and evidence for what a sensor can know."""

from collections.abc import Iterator
from typing import Final

from models.definition.base import pointer
from models.definition.protocol import Protocol
from models.definition.signal import ADDITIVE, Signal
from models.errors import Fault
from models.kinds import Node, SignalSummary

NODES: Final = frozenset({Node.R, Node.S, Node.W, Node.E, Node.NONE})
"""A sensor is no report of craving, and it knows no place and no company."""

Path = tuple[str | int, ...]


def faults(protocol: Protocol) -> Iterator[Fault]:
    if protocol.signals is None:
        return
    taken = {item.variable for _, item in protocol.series()}
    for place, signal in enumerate(protocol.signals.series):
        at: Path = ("signals", "series", place)
        if signal.variable in taken:
            yield Fault(
                pointer(*at, "variable"), "variable_taken", "A signal is a series of its own: no item and no other signal has its name."
            )
        taken.add(signal.variable)
        yield from _signal(at, signal)


def _signal(at: Path, signal: Signal) -> Iterator[Fault]:
    if signal.minimum >= signal.maximum:
        message = f"The minimum {signal.minimum:g} is not below the maximum {signal.maximum:g}."
        yield Fault(pointer(*at, "minimum"), "minimum_not_below_maximum", message)
    if signal.summary is SignalSummary.SUM and signal.kind not in ADDITIVE:
        yield Fault(pointer(*at, "summary"), "summary_does_not_fit", f"Only amounts are summed: {', '.join(sorted(ADDITIVE))}.")
    if signal.node not in NODES:
        yield Fault(pointer(*at, "node"), "signal_not_of_this_node", "A signal is evidence for R, S, W or E, or for no node.")
    if signal.node is not Node.NONE and signal.direction == 0:
        yield Fault(pointer(*at, "direction"), "node_without_direction", "A signal of a node has direction 1 or -1.")
