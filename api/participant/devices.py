"""The phone: enrolling it with a code, its tokens, and what it tells about itself."""

from base64 import b64encode
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field, StringConstraints

from api.actions.enroll_device import NewPhone, enroll_device, sealed_push_token, too_old
from api.actions.record_act import act_of, add_act
from api.actions.refresh_tokens import refresh_tokens
from api.auth.device_tokens import read_public_key
from api.auth.participant import ParticipantViewer
from api.auth.tokens import Issued
from api.deps import TheHouse
from api.participant.direct import body_of, said
from api.participant.shapes import AppVersion, Zone
from api.problems import responses
from api.router import Router
from api.shapes import Day, Moment, Shape
from models.queries import device as devices
from models.queries.enrollment_phone import lock_own, own

router = Router(prefix="/v1/participant", tags=["participant"])

Token = Annotated[str, StringConstraints(min_length=1, max_length=512)]


class PushIn(Shape):
    """Where neutral push messages go."""

    channel: Literal["apns", "fcm", "webpush"]
    token: Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class DeviceIn(Shape):
    public_key: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    """P-256, made in the phone's key store: base64 of SubjectPublicKeyInfo (DER), or PEM."""
    os: Literal["android", "ios", "web", "other"]
    os_version: Annotated[str, StringConstraints(max_length=32, pattern=r"^[A-Za-z0-9 ._-]*$")] | None = None
    app_version: AppVersion
    push: PushIn | None = None


class EnrollIn(Shape):
    code: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    """As staff gave it; case, spaces and the hyphen do not matter."""
    device: DeviceIn
    zone: Zone
    """IANA zone that the phone shows now."""


class TokensOut(Shape):
    access_token: str
    expires_at: Moment
    refresh_token: str
    refresh_ends_at: Moment
    """However often it rotates, the family ends then; staff give another code."""


class StudyDayOut(Shape):
    study_day: int
    """1 on the first local day."""
    start_date: Day
    length_days: int
    zone: str


class ProtocolRef(Shape):
    revision: int
    checksum: str
    """sha256 of the bytes that `url` gives."""
    url: str


class EnrolledOut(TokensOut):
    enrollment_id: UUID
    device_id: UUID
    study: StudyDayOut
    plan_key: str
    """base64, 32 bytes: the phone draws with it what the server draws too: times (docs/plan.md), rotations and orders (docs/expressions.md,
    docs/tasks.md). Keep it in the key store."""
    protocol: ProtocolRef
    server_time: Moment


class RefreshIn(Shape):
    refresh_token: Token
    rotation_id: UUID
    """Made by the phone for each rotation. The same one again, after a lost reply, gives the same successor."""
    proof: Token | None = None
    """base64url of the DER ECDSA signature (P-256, SHA-256) over `breakwater-refresh\\n<rotation_id>\\n<refresh_token>`."""


class DeviceChange(Shape):
    os_version: Annotated[str, StringConstraints(max_length=32, pattern=r"^[A-Za-z0-9 ._-]*$")] | None = None
    app_version: AppVersion
    push: PushIn | None = None
    """Null: no push from now on."""


class DeviceOut(Shape):
    device_id: UUID
    os: str
    os_version: str | None
    app_version: str
    push_channel: str | None
    held_revision: int | None = Field(description="Protocol revision that the phone said it holds.")
    registered_at: Moment
    update_needed: bool
    """The study asks for a newer app; what the person sends is taken all the same."""


@router.post(
    "/enroll",
    name="enroll_device",
    status_code=201,
    response_model=EnrolledOut,
    responses=responses(401, 410, 422, 426, 429),
)
def post_enroll(body: EnrollIn, request: Request, house: TheHouse) -> EnrolledOut:
    """Spends a code. The phone is from now on the only one of its enrollment, and its prompts are planned."""
    device = body.device
    phone = NewPhone(
        public_key=read_public_key(device.public_key, "/device/public_key"),
        os=device.os,
        os_version=device.os_version,
        app_version=device.app_version,
        push_channel=device.push.channel if device.push else None,
        push_token=device.push.token if device.push else None,
    )
    enrolled = enroll_device(house, request, body.code, phone, body.zone)
    person = enrolled.person
    return EnrolledOut(
        **_tokens(enrolled.issued),
        enrollment_id=person.uid,
        device_id=enrolled.device_uid,
        study=StudyDayOut(
            study_day=enrolled.study_day,
            start_date=person.start_date,
            length_days=enrolled.protocol.length_days,
            zone=person.zone,
        ),
        plan_key=b64encode(enrolled.plan_key).decode(),
        protocol=ProtocolRef(revision=person.revision, checksum=person.checksum, url="/v1/participant/protocol"),
        server_time=house.clock.study(),
    )


@router.post("/token", name="refresh_tokens", response_model=TokensOut, responses=responses(401, 410, 422))
def post_token(body: RefreshIn, request: Request, house: TheHouse) -> TokensOut:
    """Rotates the tokens. A refresh token that was used before, under another rotation, ends all tokens of the phone."""
    return TokensOut(**_tokens(refresh_tokens(house, request, body.refresh_token, body.rotation_id, body.proof)))


async def post_token_directly(request: Request) -> Response | None:
    """`refresh_tokens` from the bare request; None where anything about it is not as the API describes it."""
    body = await body_of(request, RefreshIn)
    return None if body is None else await said(lambda _: post_token(body, request, request.app.state.house))


def _tokens(issued: Issued) -> dict[str, Any]:
    return {name: getattr(issued, name) for name in Issued.__slots__}


@router.get("/device", name="get_device", response_model=DeviceOut, responses=responses(401, 410))
def get_device(house: TheHouse, viewer: ParticipantViewer) -> DeviceOut:
    """What the study knows about this phone."""
    with house.sessions.reading() as session:
        row, person = devices.own_device(session, viewer), own(session, viewer)
        protocol = house.protocols.get(session, person.protocol_version_id)
    return DeviceOut(
        device_id=row.uid,
        os=row.os,
        os_version=row.os_version,
        app_version=row.app_version,
        push_channel=row.push_channel,
        held_revision=row.held_revision,
        registered_at=row.registered_at,
        update_needed=too_old(protocol, row.app_version),
    )


@router.put("/device", name="put_device", response_model=DeviceOut, responses=responses(401, 410, 422))
def put_device(body: DeviceChange, request: Request, house: TheHouse, viewer: ParticipantViewer) -> DeviceOut:
    """After an update of the app or the system, or when the push address changes."""
    with house.sessions.transaction() as session:
        person, row = lock_own(session, viewer), devices.own_device(session, viewer)
        devices.update_device(
            session,
            row.id,
            os_version=body.os_version,
            app_version=body.app_version,
            push_channel=body.push.channel if body.push else None,
            push_token_sealed=sealed_push_token(house, person, row.uid, body.push.token if body.push else None),
            last_seen_at=house.clock.study(),
        )
        add_act(session, house, person.study_uid, act_of(house, request, viewer, "device_changed", "device", row.uid, person=person.uid))
    return get_device(house, viewer)
