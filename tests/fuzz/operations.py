"""Every operation of the document: one good call, what it spends, the statuses it may give under fuzz and those that must be seen.

`may` is what the viewer whom the operation is for may get. Everyone else gets what `REFUSED` says. A check that is switched off has
its reason beside it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec

from models.definition.load import canonical
from models.ids import new_uid
from risk.population.artefact import write
from tests.api.answering import response_body
from tests.api.client import device_body, fresh
from tests.build import NOW, shipped
from tests.fuzz.world import PASSWORD, PURPOSE, World
from tests.risk.artefacts import model
from tests.signaling import beats, upload

_models = count(1_000_000)

NOTHING: Final = object()
"""No body."""

KEY = ec.generate_private_key(ec.SECP256R1())
MOMENT = NOW.isoformat()
WAKE = {"weekday": {"start": "08:00", "end": "22:00"}, "weekend": {"start": "09:00", "end": "23:00"}}


@dataclass(frozen=True)
class Call:
    """A request as plain values, before anything is done to it."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = NOTHING


@dataclass(frozen=True)
class Entry:
    """`door`: phone, staff or public. `renew`: what a success spends. `versioned`: the address whose ETag stands for If-Match."""

    door: str
    good: Callable[[World], Call]
    may: frozenset[int]
    must: frozenset[int]
    renew: str = ""
    versioned: str = ""
    off: Mapping[str, str] = field(default_factory=dict)


REFUSED: Final = frozenset({400, 401, 413, 422})
"""What a viewer of the wrong kind may get: the body is read and the path parsed before anyone asks who it is."""

STATE: Final = ("404", "409", "410", "412", "426", "428", "429", "503")
"""Refusals of well-formed requests that come from how things stand, not from the request's shape: no fault of a check on shapes."""

NAMES_MEMBERS: Final = "refusals_echo_nothing"
"""Our own check beside the tool's: no refusal holds what was sent."""

DOCUMENT_FAULTS: Final[Mapping[str, str]] = {
    NAMES_MEMBERS: "the document is the study's own, and its author needs the name of the wrong member"
}

MEANING = "the meaning of a value is beyond its schema: {}"


SHARED: Final[Mapping[str, str]] = {
    "unsupported_method": "other methods of the address are those of its neighbor with an id, which refuses a word as an id",
    "allow_header_conformance": "the same: the neighbor with an id answers",
}

SCRAPED: Final[Mapping[str, str]] = dict.fromkeys(
    ("ignored_auth", "missing_required_header", "negative_data_rejection"), "a scraper on this machine needs no token"
)


def off(what: str) -> Mapping[str, str]:
    """Positive data may be refused with 422: why."""
    return {"positive_data_acceptance": MEANING.format(what)}


def entry(
    door: str,
    good: Callable[[World], Call],
    may: str,
    must: str,
    *,
    renew: str = "",
    versioned: str = "",
    off: Mapping[str, str] | None = None,
) -> Entry:
    def statuses(text: str) -> frozenset[int]:
        return frozenset(map(int, text.split()))

    return Entry(door, good, statuses(may), statuses(must), renew, versioned, off or {})


def plain(_world: World) -> Call:
    return Call()


def of(**names: str) -> Callable[[World], Call]:
    """A path made of the world's good ids: parameter -> kind."""
    return lambda world: Call({parameter: world.one(kind) for parameter, kind in names.items()})


def send(body: Callable[[World], Any], **names: str) -> Callable[[World], Call]:
    """The same with a body. `new` is a fresh id."""
    return lambda world: Call({one: str(new_uid()) if kind == "new" else world.one(kind) for one, kind in names.items()}, body=body(world))


def say(**body: Any) -> Callable[[World], Any]:
    return lambda _: body


def studied(world: World) -> Call:
    return Call(query={"study": world.study})


def numbered(world: World) -> Call:
    return Call({"study_id": world.study, "revision": world.one("published")})


def listed(world: World) -> Call:
    return Call({"list_name": "reminders"})


def list_entry(world: World) -> Call:
    return Call({"list_name": "reminders", "client_id": world.one("entry")})


def new_list_entry(world: World) -> Call:
    return Call({"list_name": "reminders", "client_id": str(new_uid())}, body={"label": fresh("shop "), "kind": "place"})


def rotation(world: World) -> Any:
    rotation_id = str(new_uid())
    return {"refresh_token": world.refreshing.refresh_token, "rotation_id": rotation_id, "proof": world.refreshing.proof(rotation_id)}


def newcomer(world: World) -> Any:
    return {"study_id": world.study, "zone": "America/New_York", "name": "A name", "contact": "a number", "arm": "a"}


def checksum(world: World) -> Call:
    return Call({"checksum": world.phone.enrolled["protocol"]["checksum"]})


def credentials(world: World) -> Any:
    return {"login": world.one("signs_in"), "password": PASSWORD}


def revised(_world: World) -> Any:
    """The shipped protocol under a version of its own, so that it is new each time."""
    protocol = shipped()
    return {**_json(canonical(protocol)), "version": f"9.{int(fresh('')) % 900}.{int(fresh(''))}"}


def _json(raw: bytes) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(raw)
    return found


PERSON = {"enrollment_id": "enrollment"}
ALERT = {"alert_id": "alert"}
STUDY = {"study_id": "study"}
SCENE = {"text": "The harbor at six.", "language": "en", "horizon": "month", "goal_area": None, "sensitive": False}
SPENT = "a person who left is gone for the next request"

TABLE: Mapping[str, Entry] = {
    # responses
    "put_response": entry(
        "phone",
        send(lambda world: response_body(world.served, "craving", {"m_crave_now": 4, "m_stress": 3}), response_id="new"),
        "200 201 400 404 409 413 422",
        "201 422",
        off=off("revisions, instruments, items and zones are those of the study's protocol"),
    ),
    "get_response": entry("phone", of(response_id="response"), "200 404 422", "200 404 422"),
    "post_response_batch": entry(
        "phone",
        send(lambda world: {"items": [{"id": str(new_uid()), **response_body(world.served, "craving", {"m_crave_now": 4})}]}),
        "200 400 413 422",
        "200 422",
        off={"negative_data_rejection": "each item is judged alone, so a batch with a broken item is a good request", **SHARED},
    ),
    "get_decision": entry("phone", of(response_id="response"), "200 404 422", "200 404 422"),
    # the phone
    "enroll_device": entry(
        "public",
        send(lambda world: {"code": world.one("code"), "device": device_body(KEY), "zone": "America/New_York"}),
        "201 400 401 410 413 422 426 429",
        "201 422",
        renew="code",
        off=off("a key must be a point on P-256, a zone must be an IANA name"),
    ),
    "refresh_tokens": entry("public", send(rotation), "200 400 401 410 413 422", "200 422", renew="family"),
    "get_device": entry("phone", plain, "200", "200"),
    "put_device": entry("phone", send(say(os_version="16", app_version="1.2.1", push=None)), "200 400 413 422", "200 422"),
    "get_protocol": entry("phone", plain, "200 304 404 422", "200 404 422"),
    "put_held_protocol": entry(
        "phone", send(say(revision=1)), "200 400 413 422", "200 422", off=off("a phone holds only a revision that the study has")
    ),
    "list_prompts": entry("phone", plain, "200 422", "200 422"),
    "get_prompt": entry("phone", of(prompt_id="prompt"), "200 404 422", "200 404 422"),
    "open_prompt": entry("phone", send(say(at=MOMENT), prompt_id="prompt"), "200 400 404 409 410 413 422", "200 404 422", renew="prompt"),
    "snooze_prompt": entry("phone", send(say(number=1), prompt_id="prompt"), "200 400 404 409 410 413 422", "200 404 422", renew="prompt"),
    "decline_prompt": entry(
        "phone", send(say(reason="busy"), prompt_id="prompt"), "200 400 404 409 410 413 422", "200 404 422", renew="prompt"
    ),
    "get_help": entry("phone", plain, "200 304 422", "200 422"),
    "get_help_by_checksum": entry("public", checksum, "200 304 404 422", "200 404 422"),
    "ask_for_help": entry(
        "phone", send(lambda _: {"client_id": str(new_uid()), "kind": "contact", "at": MOMENT}), "201 400 413 422", "201 422"
    ),
    "list_events": entry("phone", plain, "200 422", "200 422"),
    "put_event": entry(
        "phone",
        send(say(kind="dose", happened_at=MOMENT), client_id="new"),
        "200 201 400 409 413 422",
        "200 201 422",
        off=off("an event has happened, and ends after it began"),
    ),
    "retract_event": entry("phone", of(client_id="event"), "204 404 422", "204 404 422", renew="event"),
    "put_signals": entry(
        "phone",
        send(lambda _: upload([beats(72, NOW)])),
        "200 400 413 422",
        "200 422",
        off={"negative_data_rejection": "each point is judged alone, so an upload with a broken point is a good request"}
        | off("points are taken from people who agree"),
    ),
    "list_my_signals": entry("phone", plain, "200 422", "200 422"),
    "list_planned_events": entry("phone", plain, "200", "200"),
    "put_planned_event": entry(
        "phone",
        send(say(kind="visit", day="2026-04-01"), client_id="new"),
        "200 201 400 409 410 413 422",
        "200 201 422",
        off=off("a day to come, of a kind that can be planned"),
    ),
    "call_off_planned_event": entry("phone", of(client_id="plan"), "204 404 422", "204 404 422", renew="plan"),
    "get_list": entry("phone", listed, "200 422", "200 422"),
    "put_list_entry": entry(
        "phone", new_list_entry, "200 201 400 409 413 422", "200 201 422", off=off("a list has an end, and a kind belongs to reminders")
    ),
    "remove_list_entry": entry("phone", list_entry, "204 404 422", "204 404 422", renew="entry"),
    "list_scenes": entry("phone", plain, "200", "200"),
    "get_scene": entry("phone", of(client_id="scene"), "200 404 422", "200 404 422"),
    "put_scene": entry(
        "phone",
        send(lambda _: SCENE, client_id="new"),
        "200 201 400 409 412 413 422 428",
        "201 412 422",
        versioned="/v1/participant/scenes/{client_id}",
        off=off("a text of spaces is none"),
    ),
    "retire_scene": entry("phone", of(client_id="scene"), "204 404 422", "204 404 422", renew="scene"),
    "rate_scene": entry("phone", send(say(scale="vividness", value=3, at=MOMENT), client_id="scene"), "201 400 404 413 422", "201 404 422"),
    "put_engagement": entry(
        "phone",
        send(lambda world: {"content_code": _content(world), "what": "started", "at": MOMENT}, client_id="new"),
        "200 201 400 404 409 413 422",
        "201 422",
        off=off("content is the protocol's, and an amount belongs to some words only"),
    ),
    "put_zone": entry(
        "phone",
        send(say(zone="Europe/Berlin", changed_at=MOMENT)),
        "200 400 413 422",
        "200 422",
        off=off("a zone must be an IANA name"),
    ),
    "put_wake_windows": entry(
        "phone", send(lambda _: WAKE), "200 400 413 422", "200 422", off=off("windows lie within the protocol's bounds")
    ),
    "get_pause": entry("phone", plain, "200", "200"),
    "pause_prompts": entry(
        "phone", send(say(hours=2)), "200 400 413 422", "200 422", off=off("a pause ends later than now, and has one end only")
    ),
    "resume_prompts": entry("phone", plain, "200", "200"),
    "leave": entry("phone", send(say(how="stop_collection")), "200 400 413 422", "200 422", renew="person"),
    "get_me": entry("phone", plain, "200", "200"),
    "list_my_responses": entry("phone", plain, "200 422", "200 422", off=off("a cursor is one of ours")),
    "list_my_access": entry("phone", plain, "200 422", "200 422", off=off("a cursor is one of ours")),
    "list_my_consents": entry("phone", plain, "200", "200"),
    # care
    "list_studies": entry("staff", plain, "200", "200"),
    "list_participants": entry("staff", studied, "200 404 422", "200 404 422", off=off("a cursor is one of ours")),
    "enroll_participant": entry(
        "staff", send(newcomer), "201 400 404 409 413 422", "201 422", off=off("a zone must be an IANA name, an owner must work there")
    ),
    "set_caseload": entry(
        "staff",
        send(lambda world: {"assignments": [{"staff_id": world.one("staff")}]}, **PERSON),
        "200 400 404 412 413 422 428",
        "200 404 412 422 428",
        versioned="/v1/care/participants/{enrollment_id}",
        off=off("whoever looks after a person must work there"),
    ),
    "issue_enrollment_code": entry("staff", of(**PERSON), "201 404 410 422", "201 404 422"),
    "list_devices": entry("staff", studied, "200 404 422", "200 404 422", off=off("a cursor is one of ours")),
    "read_participant": entry("staff", of(**PERSON), "200 404 422", "200 404 422"),
    "read_adherence": entry("staff", of(**PERSON), "200 404 422", "200 404 422"),
    "change_contact": entry(
        "staff",
        send(say(contact="a number"), **PERSON),
        "200 400 404 410 412 413 422 428",
        "200 404 412 422 428",
        versioned="/v1/care/participants/{enrollment_id}",
    ),
    "record_timed_event": entry(
        "staff",
        send(lambda _: {"id": str(new_uid()), "kind": "visit", "happened_at": MOMENT}, **PERSON),
        "200 201 400 404 409 410 413 422",
        "201 404 422",
        off=off("an event has happened, and ends after it began"),
    ),
    "list_timed_events": entry("staff", of(**PERSON), "200 404 422", "200 404 422"),
    "list_plans_of_person": entry("staff", of(**PERSON), "200 404 422", "200 404 422"),
    "plan_event_of_person": entry(
        "staff",
        send(say(kind="visit", day="2026-04-01"), client_id="new", **PERSON),
        "200 201 400 404 409 410 413 422",
        "201 404 422",
        off=off("a day to come, of a kind that can be planned"),
    ),
    "call_off_event_of_person": entry("staff", of(client_id="plan", **PERSON), "204 404 422", "204 404 422", renew="plan"),
    "set_wake_windows": entry(
        "staff",
        send(lambda _: WAKE, **PERSON),
        "200 400 404 410 413 422",
        "200 404 422",
        off=off("windows lie within the protocol's bounds"),
    ),
    "move_to_protocol": entry(
        "staff",
        send(lambda world: {"revision": int(world.one("published"))}, **PERSON),
        "201 400 404 409 410 412 413 422 428",
        "201 404 412 422 428",
        versioned="/v1/care/participants/{enrollment_id}",
        off=off("people move to a revision that the study has"),
    ),
    "list_responses": entry("staff", of(**PERSON), "200 404 422", "200 404 422", off=off("a cursor is one of ours")),
    "open_response": entry("staff", of(**PERSON, response_id="response"), "200 404 422", "200 404 422"),
    "list_decisions": entry("staff", of(**PERSON), "200 404 422", "200 404 422", off=off("a cursor is one of ours")),
    "list_rejected": entry("staff", of(**PERSON), "200 404 422", "200 404 422", off=off("a cursor is one of ours")),
    "open_rejected_submission": entry("staff", of(**PERSON, rejected_id="rejected"), "200 404 410 422", "200 404 422"),
    "list_amendments": entry("staff", of(**PERSON), "200 404 410 422", "200 404 422"),
    "list_alerts": entry("staff", plain, "200 404 422", "200 404 422", off=off("a cursor is one of ours")),
    "read_alert": entry("staff", of(**ALERT), "200 404 422", "200 404 422"),
    **{
        f"{act}_alert": entry(
            "staff",
            send(body, **ALERT),
            "200 400 404 409 410 412 413 422 428",
            "200 404 412 422 428",
            renew={"reopen": "resolved", "progress": "acknowledged"}.get(act, "alert"),
            versioned="/v1/care/alerts/{alert_id}",
            off=why,
        )
        for act, body, why in (
            ("acknowledge", say(note="called"), {}),
            ("progress", say(note="called again"), {}),
            (
                "snooze",
                lambda world: {"until": (world.served.clock.study() + timedelta(hours=1)).isoformat(), "reason": "called"},
                off("an alert rests until later than now, and not for long"),
            ),
            (
                "reassign",
                lambda world: {"owner_id": world.one("staff"), "reason": "shift_ends"},
                off("an owner must be able to work alerts there"),
            ),
            ("resolve", say(disposition="reached_safe", minutes_spent=12), {}),
            ("reopen", say(reason="called_back"), {}),
        )
    },
    "note_alert": entry("staff", send(say(note="called"), **ALERT), "201 400 404 410 413 422", "201 404 422"),
    "read_inbox": entry("staff", plain, "200 422", "200 422", off=off("a cursor is one of ours")),
    # research
    "check_protocol": entry(
        "staff",
        send(revised, **STUDY),
        "200 400 404 413 422",
        "200 400 404 422",
        off={"negative_data_rejection": "its answer to a protocol with faults is 200 and the faults", **DOCUMENT_FAULTS, **SHARED},
    ),
    "publish_protocol": entry(
        "staff",
        send(revised, **STUDY),
        "200 201 400 404 409 413 422",
        "201 400 404 422",
        off={**off("a protocol holds together by more laws than a schema can say"), **DOCUMENT_FAULTS},
    ),
    "preview_draft": entry(
        "staff",
        send(revised, **STUDY),
        "200 400 404 409 413 422",
        "200 400 404 422",
        off={**off("a protocol holds together by more laws than a schema can say"), **DOCUMENT_FAULTS, **SHARED},
    ),
    "preview_revision": entry("staff", numbered, "200 404 409 422", "200 404 422", off=off("a day is not past, a cursor is one of ours")),
    "move_study_to": entry(
        "staff",
        lambda world: replace(numbered(world), body={"id": str(new_uid())}),
        "200 201 400 404 409 413 422",
        "201 404 422",
        off=off("a day is not past, a site is the study's"),
    ),
    "withdraw_protocol": entry(
        "staff",
        lambda world: replace(numbered(world), body={"id": str(new_uid())}),
        "200 201 400 404 409 413 422",
        "201 404 409 422",
        renew="published",
        off=off("a day is not past"),
    ),
    "list_study_moves": entry("staff", of(**STUDY), "200 404 422", "200 404 422"),
    "list_protocols": entry("staff", of(**STUDY), "200 404 422", "200 404 422"),
    "read_protocol": entry("staff", numbered, "200 404 422", "200 404 422"),
    "ask_for_export": entry(
        "staff",
        send(lambda world: {"study_id": world.study, "release": fresh("r"), "purpose": PURPOSE, "tables": ["prompts"]}),
        "202 400 403 404 413 422",
        "202 422",
        off=off("tables, formats and codes are those of the dataset"),
    ),
    "list_exports": entry("staff", studied, "200 404 422", "200 404 422", off=off("a cursor is one of ours")),
    "read_export": entry("staff", of(export_id="export"), "200 404 422", "200 404 422"),
    "fetch_export": entry("staff", of(export_id="export"), "200 404 409 410 422", "200 404 422"),
    "read_summary": entry("staff", of(**STUDY), "200 404 422", "200 404 422"),
    "list_audit": entry("staff", of(**STUDY), "200 404 422", "200 404 422", off=off("a cursor is one of ours")),
    "verify_audit": entry("staff", of(**STUDY), "200 404 422", "200 404 422"),
    "give_role": entry(
        "staff",
        send(lambda world: {"login": world.one("login"), "role": "auditor"}, **STUDY),
        "201 400 403 404 413 422",
        "201 404 422",
        off=off("a grant ends after it begins, and is somebody's"),
    ),
    "list_grants": entry("staff", of(**STUDY), "200 404 422", "200 404 422"),
    "end_grant_now": entry("staff", of(**STUDY, grant_id="grant"), "204 404 409 422", "204 404 422", renew="grant"),
    "read_rota": entry("staff", of(**STUDY), "200 404 422", "200 404 422"),
    "replace_rota": entry(
        "staff",
        send(lambda world: {"shifts": [{"staff_id": world.one("staff"), "rung": "on_duty"}]}, **STUDY),
        "200 400 404 413 422",
        "200 404 422",
        off=off("a shift ends after it begins, and is somebody's who works there"),
    ),
    "create_webhook": entry(
        "staff",
        send(lambda _: {"url": f"https://hooks.example.org/{fresh('b')}", "kinds": ["alert"]}, **STUDY),
        "201 400 404 409 413 422",
        "201 404 422",
        off=off("an address is https and a public host"),
    ),
    "list_webhooks": entry("staff", of(**STUDY), "200 404 422", "200 404 422"),
    "delete_webhook": entry("staff", of(**STUDY, webhook_id="webhook"), "204 404 422", "204 404 422", renew="webhook"),
    "list_models": entry("staff", of(**STUDY), "200 404 422", "200 404 422"),
    "store_model": entry(
        "staff",
        lambda world: Call({"study_id": world.study}, {"note": "on trial"}, body=json.loads(write(model(number=next(_models))))),
        "200 201 400 404 409 413 422",
        "201 404 422",
        off={**off("a model's file carries the digest of what it says"), **DOCUMENT_FAULTS},
    ),
    **{
        f"{act}_model": entry(
            "staff", send(say(note="as agreed"), **STUDY, model_id="model"), "200 400 404 409 413 422", "200 404 422", renew=renew
        )
        for act, renew in (("promote", "model"), ("withdraw", "model"), ("roll_back", "model_in_use"))
    },
    # staff
    "start_staff_session": entry("public", send(credentials), "201 400 401 413 422 429", "201 422", renew="login"),
    "end_staff_session": entry("staff", plain, "204 401", "204 401", renew="session"),
    "replace_password": entry(
        "staff",
        send(say(old=PASSWORD, new="nine loud mountains")),
        "204 400 413 422 429",
        "204 422",
        renew="password",
        off=off("the old password is the right one, the new one a strong one"),
    ),
    "read_me": entry("staff", plain, "200", "200"),
    "attest_no_power": entry("staff", send(say(no_power=True)), "200 400 413 422", "200 422", renew="session"),
    "add_staff_member": entry(
        "staff", send(lambda _: {"login": fresh("newcomer"), "name": "A colleague"}), "201 400 409 413 422", "201 409 422"
    ),
    # the house
    "make_study": entry(
        "staff",
        send(lambda world: {"slug": fresh("another-"), "title": "Another", "zone": "UTC", "admin": world.one("login")}),
        "201 400 409 413 422",
        "201 409 422",
        off=off("a zone must be an IANA name, an admin somebody's login"),
    ),
    "read_clock": entry("staff", plain, "200", "200"),
    "move_study_clock": entry(
        "staff",
        send(lambda world: {"study_now": (world.served.clock.study() + timedelta(seconds=1)).isoformat()}),
        "200 400 409 413 422 503",
        "200 422",
        off=off("study time never goes back, and not far at once"),
    ),
    "read_health": entry("public", plain, "200", "200"),
    "read_readiness": entry("public", plain, "200", "200"),
    "read_metrics": entry(
        "public",
        plain,
        "200 401 403",
        "200 401",
        off=SCRAPED,
    ),
    "read_landing_page": entry("public", plain, "200", "200"),
    "read_api_reference": entry("public", plain, "200", "200"),
    "read_static_file": entry("public", lambda _: Call({"name": "pages.css"}), "200 422", "200 422"),
}


def _content(world: World) -> str:
    return world.mine.protocol.content[0].code
