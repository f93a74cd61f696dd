"""A phone made of rows: enrolled an hour ago, nothing planned. For tests of answers, where enrolling over the API would cost most."""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from api.auth.device_tokens import digest_of, new_access_token
from models.ids import new_uid
from models.tables import AccessToken, TokenFamily
from tests.api.client import Invited, Phone, Served
from tests.build import Built, build_person

KEY = ec.generate_private_key(ec.SECP256R1())


def quick_phone(house: Served, study: Built) -> Phone:
    """Someone new with a valid token."""
    now, system_now = house.clock.study(), house.clock.system()
    person = build_person(house.house.sessions, house.house.keys, study, now=now - timedelta(hours=1))
    token = new_access_token()
    mine = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "device_id": person.device_id}
    with house.house.sessions.transaction() as session:
        ends = system_now + timedelta(days=1)
        family = session.add(TokenFamily, uid=new_uid(), **mine, generation=1, created_at=system_now, ends_at=ends)
        session.add(AccessToken, digest=digest_of(token), **mine, family_id=family, issued_at=system_now, expires_at=ends)
    invited = Invited(person.enrollment_id, person.enrollment_uid, person.participant_id, person.participant_uid, person.plan_key, "")
    return Phone(house.client, token, KEY, {"enrollment_id": str(person.enrollment_uid)}, "", invited)
