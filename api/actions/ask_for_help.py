"""Someone asks for help now: an alert at once, whatever else is switched off, paused, full or broken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Viewer
from models.codec import digest_hex
from models.definition.protocol import Protocol
from models.queries.enrollment_phone import lock_own
from risk.alerting import Opening, open_alert
from risk.staffing import Staffed, answered

Help = Literal["contact", "overdose", "unsafe"]

TIERS: Final[dict[Help, int]] = {"contact": 2, "overdose": 4, "unsafe": 4}


@dataclass(frozen=True, slots=True)
class Asked:
    """`staffed` says whether anyone reads it, and by when; `zone` is where the person is."""

    protocol: Protocol
    tier: int
    staffed: Staffed
    zone: str
    received_at: datetime


def ask_for_help(house: House, request: Request, viewer: Viewer, client_id: UUID, kind: Help, asked_at: datetime) -> Asked:
    """Opens the alert of this kind or joins the one that stands. The same client id again changes nothing.

    Never limited, and open to someone who has left (safety.md rule 6). Reads nothing that the estimator wrote. `asked_at` is the
    phone's time and stands in the record only.
    """
    now, tier = house.clock.study(), TIERS[kind]
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        protocol = house.protocols.get(session, person.protocol_version_id)
        found = open_alert(session, _opening(person, client_id, kind), protocol, now=now, system_now=house.clock.system())
        act = act_of(house, request, viewer, "help_asked", "alert", found.uid, person=person.uid, tier=tier, asked_at=asked_at.isoformat())
        add_act(session, house, person.study_uid, act)
    return Asked(protocol, tier, answered(protocol, tier, now), person.zone, now)


def _opening(person: Row[Any], client_id: UUID, kind: Help) -> Opening:
    family = f"help_{kind}"
    return Opening(
        study_id=person.study_id,
        enrollment_id=person.id,
        tier=TIERS[kind],
        family=family,
        source_id=str(client_id),
        protocol_version_id=person.protocol_version_id,
        rule_hash=digest_hex({"family": family, "tier": TIERS[kind]}),
        synthetic=person.synthetic,
    )
