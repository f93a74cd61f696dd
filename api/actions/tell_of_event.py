"""An overdose that the person tells of reaches a human at once, like a disclosure: no estimator, no draw, no cap in between."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from api.actions.record_event import NewEvent
from api.deps import House
from models.codec import digest_hex
from models.kinds import TimedEventKind
from models.session import WriteSession
from risk.alerting import Opening, open_alert

FAMILY: Final = "overdose_event"
RECENT: Final = timedelta(hours=24)


def tell_of_event(session: WriteSession, house: House, person: Row[Any], event: NewEvent, *, now: datetime) -> bool:
    """Opens an alert for a told overdose: tier 4 within 24 hours, tier 3 where it lies further back; gives whether it did.

    `person` is the locked enrollment. The same event again joins nothing.
    """
    if event.kind is not TimedEventKind.OVERDOSE:
        return False
    tier = 4 if now - event.happened_at <= RECENT else 3
    opening = Opening(
        study_id=person.study_id,
        enrollment_id=person.id,
        tier=tier,
        family=FAMILY,
        source_id=str(event.client_id),
        protocol_version_id=person.protocol_version_id,
        rule_hash=digest_hex({"family": FAMILY, "tier": tier}),
        synthetic=person.synthetic,
    )
    protocol = house.protocols.get(session, person.protocol_version_id)
    open_alert(session, opening, protocol, now=now, system_now=house.clock.system())
    return True
