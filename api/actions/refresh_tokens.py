"""Rotate a phone's tokens: the same rotation gets the same successor again, any other reuse ends the family."""

from typing import Any
from uuid import UUID

import structlog
from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import add_act
from api.auth.device_tokens import Refresh, proof_holds, read_refresh
from api.auth.participant import forget_tokens
from api.auth.tokens import Issued, issue
from api.deps import House
from models.errors import Gone, Problem, Unauthenticated
from models.queries import device as queries
from models.queries.audit import Act
from models.session import WriteSession

log = structlog.get_logger("refresh_tokens")


def refresh_tokens(house: House, request: Request, token: str, rotation_id: UUID, proof: str | None) -> Issued:
    """New tokens for the phone that holds the refresh token and its own key.

    Raises Unauthenticated (`refresh_unknown`, `proof_needed`), Gone (`family_revoked`, `family_ended`). A stolen token without the key
    changes nothing; a reuse with the key means that two phones hold one key, and ends both.
    """
    found = read_refresh(house.keys, token)
    if found is None:
        raise Unauthenticated("refresh_unknown", "This refresh token is not known.")
    with house.sessions.transaction() as session:
        outcome = _rotate(session, house, request, found, token, rotation_id, proof)
    if isinstance(outcome, Problem):
        forget_tokens(house)
        raise outcome
    return outcome


def _rotate(
    session: WriteSession, house: House, request: Request, found: Refresh, token: str, rotation_id: UUID, proof: str | None
) -> Issued | Problem:
    """The new tokens, or the refusal: returned and not raised, so that a revocation is committed."""
    now, family = house.clock.system(), queries.lock_family(session, found.family)
    if family is None:
        return Unauthenticated("refresh_unknown", "This refresh token is not known.")
    if not proof_holds(bytes(family.public_key), rotation_id, token, proof):
        log.warning("refresh.without_proof", device=str(family.device_uid))
        return Unauthenticated("proof_needed", "Sign the refresh with the key that this phone was enrolled with.")
    if family.revoked_at is not None or family.device_revoked_at is not None:
        return Gone("family_revoked", "These tokens were ended. Enroll this phone again with a new code.")
    if family.ends_at <= now:
        return Gone("family_ended", "These tokens have reached their end. Enroll this phone again with a new code.")
    if found.generation == family.generation:
        generation = family.generation + 1
        queries.rotate_family(session, family.id, generation=generation, rotation_id=rotation_id, now=now)
    elif found.generation == family.generation - 1 and rotation_id == family.rotation_id:
        generation = family.generation
    else:
        _revoke(session, house, request, family)
        return Gone("family_revoked", "This refresh token was used before; all tokens of this phone were ended.")
    queries.device_seen(session, family.device_id, now=house.clock.study())
    return issue(session, house, family, generation)


def _revoke(session: WriteSession, house: House, request: Request, family: Row[Any]) -> None:
    log.warning("refresh.reused", device=str(family.device_uid))
    queries.revoke_family(session, family.id, "reuse", now=house.clock.system())
    act = Act(
        at=house.clock.study(),
        actor="system",
        action="tokens_revoked",
        object_kind="device",
        object_id=str(family.device_uid),
        enrollment_uid=str(family.enrollment_uid),
        request_id=request.scope.get("request_id"),
        detail={"reason": "reuse"},
    )
    add_act(session, house, family.study_uid, act)
