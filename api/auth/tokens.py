"""Issuing the tokens of a phone: a short-lived access token and the refresh token of its family. System time throughout."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from api.auth.device_tokens import digest_of, new_access_token, refresh_token
from api.deps import House
from models.queries import device as queries
from models.session import WriteSession


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """What the phone gets. Tokens stand here once and nowhere else."""

    access_token: str
    expires_at: datetime
    refresh_token: str
    refresh_ends_at: datetime


def open_family(session: WriteSession, house: House, person: Row[Any], device_id: int) -> Issued:
    """The first tokens of a phone; its family ends after `refresh_token_days` however often it rotates."""
    now = house.clock.system()
    family = queries.add_family(
        session,
        study_id=person.study_id,
        enrollment_id=person.id,
        device_id=device_id,
        now=now,
        ends_at=now + timedelta(days=house.settings.refresh_token_days),
    )
    return issue(session, house, family, family.generation)


def issue(session: WriteSession, house: House, family: Row[Any], generation: int) -> Issued:
    """A new access token and the family's refresh token of `generation`."""
    now, token = house.clock.system(), new_access_token()
    expires_at = min(now + timedelta(seconds=house.settings.access_token_seconds), family.ends_at)
    queries.add_access_token(session, family, digest_of(token), now=now, expires_at=expires_at)
    return Issued(token, expires_at, refresh_token(house.keys, family.uid, generation), family.ends_at)
