"""The study's simulated staff: who they are, who is on duty, and how a person gets an enrollment code. All over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from api.rehearsal.desk import Desk
from api.rehearsal.people.terms import Person
from models.errors import Conflict, Forbidden, Missing

CONFLICT: Final = 409
NAMES_TRIED: Final = 50
NEEDED: Final = ("admin", "operator", "investigator")
"""What the account that drives a rehearsal must hold: it enrolls, grants, moves the clock, sees the whole study and exports."""


@dataclass(frozen=True, slots=True)
class Office:
    """`lead` is the account that a rehearsal began with, `coordinators` work alerts and own people in turn."""

    lead: Desk
    coordinators: tuple[Desk, ...]
    study_id: str
    zone: str
    spare_code: list[str]
    """The code of the enrollment that the first run made: the first person takes it."""
    lock: Lock

    def invite(self, person: Person) -> str:
        """Enrolls a person and gives the code for the phone."""
        with self.lock:
            if self.spare_code:
                return self.spare_code.pop()
        owner = self.coordinators[person.number % len(self.coordinators)].staff_id if self.coordinators else None
        body = {
            "study_id": self.study_id,
            "zone": person.zone,
            "name": f"Synthetic person {person.number}",
            "contact": f"synthetic-{person.number}@example.invalid",
            "contact_preference": "call",
            "safe_to_voicemail": person.number % 3 != 0,
            "owner_id": owner,
        }
        reply = self.lead.call("POST", "/v1/care/participants", body=body, expect=(201,))
        if not reply.ok:
            raise Forbidden(reply.code or "refused", "The account that drives this rehearsal may not enroll people.")
        code: str = reply.json()["code"]
        return code


def open_office(lead: Desk, staff: int, *, spare_code: str | None = None, keep_rota: bool = False) -> Office:
    """Adds the coordinators and puts them on duty. `keep_rota`: whoever is on duty now stays so.

    Raises Missing where the account has no synthetic study, Forbidden where it lacks a role.
    """
    study = _study(lead)
    coordinators = tuple(_coordinator(lead, study["id"], number) for number in range(1, staff + 1))
    _rota(lead, study["id"], coordinators, keep=keep_rota)
    return Office(lead, coordinators, study["id"], study["zone"], [spare_code] if spare_code else [], Lock())


def _study(lead: Desk) -> dict[str, Any]:
    """The first synthetic study in which the account may do all that a rehearsal needs."""
    reply = lead.call("GET", "/v1/care/studies", expect=(200, 403))
    studies: list[dict[str, Any]] = reply.json()["items"] if reply.ok else []
    synthetic = [one for one in studies if one["synthetic"]]
    if not synthetic:
        raise Missing("no_synthetic_study", f"{lead.login} works in no study of simulated people on this server.")
    able = next((one for one in synthetic if set(NEEDED) <= set(one["roles"])), None)
    if able is None:
        raise Forbidden("role_missing", f"{lead.login} needs the roles {', '.join(NEEDED)} in the study to drive a rehearsal.")
    if not able["attested"]:
        lead.call("PUT", "/v1/staff/attestation", body={"no_power": True}, expect=(200,))
    return able


def _coordinator(lead: Desk, study_id: str, number: int) -> Desk:
    for again in range(1, NAMES_TRIED + 1):
        login = f"coordinator-{number}" if again == 1 else f"coordinator-{number}-{again}"
        reply = lead.call("POST", "/v1/staff", body={"login": login, "name": f"Simulated coordinator {number}"}, expect=(201, CONFLICT))
        if reply.ok:
            break
    else:
        raise Conflict("login_taken", f"Every login from coordinator-{number} on is taken.")
    desk = Desk(lead.wire, login, reply.json()["one_time_password"])
    grant = {"login": login, "role": "coordinator"}
    lead.call("POST", "/v1/research/studies/{id}/grants", ids={"id": study_id}, body=grant, expect=(201,))
    desk.sign_in()
    desk.replace_password()
    desk.call("PUT", "/v1/staff/attestation", body={"no_power": True}, expect=(200,))
    return desk


def _rota(lead: Desk, study_id: str, coordinators: Sequence[Desk], *, keep: bool) -> None:
    """Coordinators answer first, the last of them supervises, the lead is the investigator."""
    shifts: list[dict[str, Any]] = [{"staff_id": one.staff_id, "rung": "on_duty"} for one in coordinators]
    if coordinators:
        shifts.append({"staff_id": coordinators[-1].staff_id, "rung": "supervisor"})
    shifts.append({"staff_id": lead.staff_id, "rung": "investigator"})
    route = "/v1/research/studies/{id}/rota"
    if keep:
        reply = lead.call("GET", route, ids={"id": study_id}, expect=(200,))
        known = [{"staff_id": one["staff_id"], "rung": one["rung"]} for one in reply.json()["items"] if one["valid_until"] is None]
        shifts += [one for one in known if one not in shifts]
    lead.call("PUT", route, ids={"id": study_id}, body={"shifts": shifts}, expect=(200,))
