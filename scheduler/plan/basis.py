"""What a plan was made from, as a digest. Equal digests give equal plans of every date, whatever has been sent since. Pure."""

from collections.abc import Collection
from dataclasses import fields
from hashlib import sha256
from typing import Final

from models.definition.protocol import Protocol
from scheduler.plan.calendar import TZDATA_VERSION
from scheduler.plan.inputs import PlanInput
from scheduler.plan.versions import Versions

LAW: Final = 2
"""Raise it where the planner gives another plan for the same inputs: everybody is then compared with what stands, once."""

_APART: Final = frozenset({"designs", "length_days", "anchors", "planned_days", "sent"})
_FIELDS: Final = tuple(one.name for one in fields(PlanInput) if one.name not in _APART)
"""By name, so that whatever a plan comes to depend on is part of the digest from then on."""


def basis(inputs: PlanInput, versions: Versions, texts: Collection[Protocol]) -> bytes:
    """The digest of everything that the person's plan depends on, except what was sent.

    `texts` are the versions that hold on the planned dates or later; what they say is named by `versions`, since versions are
    immutable. Of events, only kinds that one of their designs counts from matter: who notes a dose is not planned anew for it.
    """
    kinds = sorted({one.when.anchor for text in texts for one in text.designs if one.when.anchor != "enrollment"})
    events = [(kind, inputs.anchors.get(kind, ()), inputs.planned_days.get(kind, ())) for kind in kinds]
    said = (LAW, TZDATA_VERSION, versions, events, *(getattr(inputs, name) for name in _FIELDS))
    return sha256(repr(said).encode()).digest()
