"""Help: the screen that a phone keeps, and asking for a human now. Works whatever the estimator does.

The screen is part of the protocol, so a phone has it offline already; here it comes alone and small, in one language.
"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response

from api.actions.ask_for_help import Asked, Help, ask_for_help
from api.auth.participant import OwnViewer
from api.deps import TheHouse
from api.participant.etag import FRESH, UNCHANGED, tagged, unchanged
from api.problems import responses
from api.router import Router
from api.shapes import Moment, Shape
from models.definition.base import Text
from models.definition.escalation import StaffedHours
from models.definition.protocol import Protocol
from models.errors import Missing
from models.queries.enrollment_phone import own, protocol_with
from scheduler.plan.calendar import local

router = Router(prefix="/v1", tags=["participant"])

FOREVER = "public, max-age=31536000, immutable"
Language = Annotated[str | None, Query(max_length=35, pattern=r"^[A-Za-z0-9-]+$")]


class LineOut(Shape):
    """A line that the phone dials itself."""

    id: str
    label: str
    dial: str
    note: str | None


class StaffedOut(Shape):
    zone: str
    hours: list[StaffedHours]
    """Wall-clock hours in `zone` when a human answers which tiers."""


class HelpOut(Shape):
    version: int
    language: str
    title: str
    not_an_emergency_service: str
    contacts: list[LineOut]
    naloxone_steps: list[str]
    crisis: list[str]
    nobody_reading: str
    somebody_reading: str
    """Holds `{by}`: the clock time by which someone reads it."""
    statements: list[str]
    staffed: StaffedOut


class HelpIn(Shape):
    client_id: UUID
    """Made by the phone; the same one again changes nothing."""
    kind: Help
    at: Moment
    """By the phone's clock."""


class Reading(Shape):
    somebody: bool
    """Whether someone reads this at this moment."""
    by: Moment | None
    """When someone will have read it; null where nobody can promise that."""
    text: str


class HelpReply(Shape):
    received_at: Moment
    screen: Literal["crisis", "help"]
    crisis: list[str]
    contacts: list[LineOut]
    naloxone_steps: list[str]
    reading: Reading


@router.get("/participant/help", name="get_help", response_model=HelpOut, responses={**UNCHANGED, **responses(401, 422)})
def get_help(request: Request, house: TheHouse, viewer: OwnViewer, language: Language = None) -> Response:
    """The help screen of the protocol that the person agreed to, also after leaving."""
    with house.sessions.reading() as session:
        person = own(session, viewer)
        protocol = house.protocols.get(session, person.protocol_version_id)
    return _screen(request, protocol, person.checksum, language, FRESH)


@router.get("/help/{checksum}", name="get_help_by_checksum", response_model=HelpOut, responses={**UNCHANGED, **responses(404, 422)})
def get_help_by_checksum(
    request: Request, house: TheHouse, checksum: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], language: Language = None
) -> Response:
    """The same for a phone whose tokens have ended: whoever names the protocol's checksum may read its help. Never changes."""
    with house.sessions.reading() as session:
        row = protocol_with(session, checksum)
        if row is None:
            raise Missing("not_found", "There is no such protocol.")
        protocol = house.protocols.get(session, row.id)
    return _screen(request, protocol, checksum, language, FOREVER)


@router.post("/participant/help-requests", name="ask_for_help", status_code=201, response_model=HelpReply, responses=responses(401, 422))
def post_help_request(body: HelpIn, request: Request, house: TheHouse, viewer: OwnViewer, language: Language = None) -> HelpReply:
    """Help now: `overdose` and `unsafe` reach a human at once, `contact` in staffed hours. Never limited, never refused for a pause.

    The phone dials its lines itself, before it talks to us.
    """
    asked = ask_for_help(house, request, viewer, body.client_id, body.kind, body.at)
    protocol, chosen = asked.protocol, _language(asked.protocol, language)
    return HelpReply(
        received_at=asked.received_at,
        screen="crisis" if asked.tier == 4 else "help",
        crisis=[_say(one, chosen, protocol) for one in protocol.help.crisis],
        contacts=_lines(protocol, chosen),
        naloxone_steps=[_say(one, chosen, protocol) for one in protocol.help.naloxone_steps],
        reading=_reading(asked, chosen),
    )


def _reading(asked: Asked, language: str) -> Reading:
    """Said plainly (safety.md rule 5), in the clock time of where the person is."""
    protocol, by, nobody = asked.protocol, asked.staffed.by, asked.staffed.nobody
    if nobody or by is None:
        words = protocol.staffing.outside_hours or protocol.help.nobody_reading
        return Reading(somebody=not nobody, by=by, text=_say(words, language, protocol))
    clock = local(by, asked.zone).wall[:5]
    return Reading(somebody=True, by=by, text=_say(protocol.help.somebody_reading, language, protocol).replace("{by}", clock))


def _screen(request: Request, protocol: Protocol, checksum: str, language: str | None, cache: str) -> Response:
    chosen = _language(protocol, language)
    tag = f'"{checksum[:32]}.{chosen}"'
    if (held := unchanged(request, tag, cache)) is not None:
        return held
    return Response(_help(protocol, chosen).model_dump_json(), media_type="application/json", headers=tagged(tag, cache))


def _help(protocol: Protocol, language: str) -> HelpOut:
    screen = protocol.help
    return HelpOut(
        version=screen.version,
        language=language,
        title=_say(screen.title, language, protocol),
        not_an_emergency_service=_say(screen.not_an_emergency_service, language, protocol),
        contacts=_lines(protocol, language),
        naloxone_steps=[_say(one, language, protocol) for one in screen.naloxone_steps],
        crisis=[_say(one, language, protocol) for one in screen.crisis],
        nobody_reading=_say(screen.nobody_reading, language, protocol),
        somebody_reading=_say(screen.somebody_reading, language, protocol),
        statements=[_say(one, language, protocol) for one in screen.statements],
        staffed=StaffedOut(zone=protocol.staffing.zone, hours=list(protocol.staffing.hours)),
    )


def _lines(protocol: Protocol, language: str) -> list[LineOut]:
    return [
        LineOut(
            id=one.id,
            label=_say(one.label, language, protocol),
            dial=one.dial,
            note=None if one.note is None else _say(one.note, language, protocol),
        )
        for one in protocol.help.contacts
    ]


def _language(protocol: Protocol, wanted: str | None) -> str:
    """The wanted language where the help screen has it, else the protocol's own."""
    return wanted if wanted is not None and wanted in protocol.help.title else protocol.language


def _say(text: Text, language: str, protocol: Protocol) -> str:
    return text.get(language) or text[protocol.language]
