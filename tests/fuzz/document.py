"""schemathesis over the whole document of a served house: every operation, every viewer, every check.

Real HTTP through uvicorn, since paths, headers and wrong methods are read there before the app sees them. Failures are collected, not
raised: one run tells all of them.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core import NOT_SET
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine.recorder import ScenarioRecorder
from sqlalchemy.exc import SQLAlchemyError

from api.openapi import document
from models.ids import new_uid
from tests.fuzz.operations import NAMES_MEMBERS, NOTHING, REFUSED, STATE, TABLE, Call, Entry
from tests.fuzz.world import RENEW, World

MARKER: Final = "heron7531"
"""Planted where values go; no refusal and no log line may hold it."""

OFF_EVERYWHERE: Final[Mapping[str, str]] = {
    "object_level_authorization": "it needs a file of identities; tests/api/test_access_matrix.py crosses studies and caseloads",
    "max_response_time": "speed is measured in bench/",
}
"""Checks that no operation runs, and why."""

VIEWERS: Final = ("phone", "staff", "nobody")

PATH_KINDS: Final[Mapping[str, str]] = {
    "enrollment_id": "enrollment",
    "study_id": "study",
    "alert_id": "alert",
    "export_id": "export",
    "grant_id": "grant",
    "webhook_id": "webhook",
    "rejected_id": "rejected",
    "response_id": "response",
    "prompt_id": "prompt",
    "revision": "published",
}
QUERY_KINDS: Final[Mapping[str, str]] = {"study": "study", "enrollment": "enrollment"}
CLIENT_KINDS: Final = {"events": "event", "planned-events": "plan", "lists": "entry", "scenes": "scene"}


@dataclass
class Ledger:
    """What a run saw."""

    statuses: dict[str, dict[str, Counter[int]]] = field(default_factory=dict)
    """Operation -> viewer -> status -> times."""
    failures: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """(operation, viewer, what) -> the first account of it."""
    requests: int = 0
    checked: Counter[str] = field(default_factory=Counter)
    """Check -> replies that it judged."""

    def saw(self, name: str, viewer: str, status: int) -> None:
        self.requests += 1
        self.statuses.setdefault(name, {}).setdefault(viewer, Counter())[status] += 1

    def fail(self, name: str, viewer: str, what: str, account: str) -> None:
        self.failures.setdefault((name, viewer, what), account[:1500])

    def own(self, name: str) -> set[int]:
        """What the viewer saw whom the operation is for."""
        return set(self.statuses.get(name, {}).get(owner(TABLE[name]), ()))


# The document says in which years an instant may lie; drawn from every year and then thrown away, few would be left.
_OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_INSTANTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 12, 30), timezones=_OFFSETS)
schemathesis.openapi.format("date-time", _INSTANTS.map(datetime.isoformat))


def owner(entry: Entry) -> str:
    return "nobody" if entry.door == "public" else entry.door


def checks() -> list[Any]:
    """Every check that the tool has, but for those that are off everywhere."""
    load_all_checks()
    return [one for one in CHECKS.get_all() if one.__name__ not in OFF_EVERYWHERE]


def load(base_url: str) -> Any:
    """The document as the code says it, with refusals that come from how things stand allowed to the checks on shapes."""
    taken = {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "401", "403", *STATE]},
        "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "405", "413", "415", "422", *STATE]},
    }
    schema = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict({"checks": taken}))
    schema.config.update(base_url=base_url)
    return schema


class Run:
    """One pass over the document. `thin`: of the planted requests only so many that each status that must be seen is."""

    def __init__(self, world: World, *, examples: int, coverage: int, seed: int, thin: bool = False) -> None:
        self.world, self.examples, self.coverage, self.seed, self.thin = world, examples, coverage, seed, thin
        self.ledger, self.session = Ledger(), requests.Session()
        self.session.trust_env = False
        self.all, self.enforced, self.overwritten, self.mended = checks(), set[str](), set[str](), set[str]()
        self.schema = load(world.base_url)
        self.operations = {one.ok().definition.raw["operationId"]: one.ok() for one in self.schema.get_all_operations()}

    def everything(self) -> Ledger:
        for name, operation in self.operations.items():
            chance = random.Random(f"{self.seed}/{name}")
            entry = TABLE[name]
            for viewer in VIEWERS:
                mine = viewer == owner(entry)
                self._good(name, operation, viewer, mine=mine)
                if mine or not self.thin:
                    self._planted(name, operation, viewer, chance, mine=mine)
                if examples := self.examples if mine else self.examples // 8:
                    self._generated(name, operation, viewer, chance, examples)
            if self.coverage and (not self.thin or chance.random() < SOME):
                self._coverage(name, operation, owner(entry), chance)
        self._chains()
        return self.ledger

    # requests

    def _good(self, name: str, operation: Any, viewer: str, *, mine: bool) -> None:
        """The good call as it stands, and the same again: it is done, done already, or in the way."""
        entry = TABLE[name]
        if entry.renew and mine:
            self._renew(name)
        call = good(self.world, entry)
        if mine:
            self._perform(name, case_of(operation, call), viewer, renews=False)
        self._perform(name, case_of(operation, call), viewer, renews=not mine)
        if mine and entry.renew:  # of what is done, under an id of its own
            self._perform(name, case_of(operation, good(self.world, entry)), viewer, renews=False)
        if entry.renew and mine:
            self._renew(name)

    def _planted(self, name: str, operation: Any, viewer: str, chance: random.Random, *, mine: bool) -> None:
        """The good call with one thing wrong in it, and the marker where a value goes."""
        cases = list(wrong(operation, good(self.world, TABLE[name])))
        count = len(cases)
        numbers = list(range(count))
        if not mine:
            numbers = chance.sample(numbers, 1)
        elif self.thin:
            numbers = sorted({*numbers[:FIRST], *chance.sample(numbers, min(count, 2))})
        for number in numbers:
            response = self._perform(name, cases[number], viewer)
            if response is not None and response.status_code < 300:  # versions and ids have moved on
                cases = list(wrong(operation, good(self.world, TABLE[name])))

    def _generated(self, name: str, operation: Any, viewer: str, chance: random.Random, examples: int) -> None:
        modes = st.sampled_from(list(schemathesis.GenerationMode))
        fixed: dict[str, Any] = {"body": TABLE[name].good(self.world).body} if name in LARGE else {}
        if "Authorization" in (headers := self._headers(viewer)):
            fixed["headers"] = {"Authorization": headers["Authorization"]}  # wrong tokens are planted, and nobody's are made up
        strategies = {
            mode: operation.as_strategy(generation_mode=mode, **fixed) for mode in schemathesis.GenerationMode if _can(operation, mode)
        }

        @seeded(self.seed)
        @settings(max_examples=examples, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=modes.flatmap(lambda mode: strategies.get(mode, strategies[schemathesis.GenerationMode.POSITIVE])))
        def each(case: Any) -> None:
            self._seed(name, case, viewer, chance)
            self._perform(name, case, viewer)

        each()

    def _coverage(self, name: str, operation: Any, viewer: str, chance: random.Random) -> None:
        """The tool's list of edges: missing headers, other methods, each bound of each member. As many as are asked for."""
        cases = list(
            self.schema.iter_coverage_cases(
                operation,
                generation_modes=list(schemathesis.GenerationMode),
                generation_config=self.schema.config.generation_for(operation=operation),
            )
        )
        other = [one for one in cases if one.method.upper() != operation.method.upper()]
        edges = [one for one in cases if one.method.upper() == operation.method.upper()]
        for case in [
            *chance.sample(edges, min(len(edges), self.coverage)),
            *chance.sample(other, min(len(other), max(1, self.coverage // 8))),
        ]:
            self._seed(name, case, viewer, chance, bodies=False)
            self._perform(name, case, viewer)

    # what is drawn from the world

    def _seed(self, name: str, case: Any, viewer: str, chance: random.Random, *, bodies: bool = True) -> None:
        call = good(self.world, TABLE[name])
        if bodies and "Authorization" in (headers := self._headers(viewer)):
            case.headers["Authorization"] = headers["Authorization"]
        path = dict(case.path_parameters)
        for parameter in () if ParameterLocation.PATH in _negative(case) else path:  # what the tool broke stays broken
            if chance.random() < 0.85:
                path[parameter] = self._id(case, parameter, call, chance)
        case.path_parameters = path
        query = dict(case.query)
        for parameter, kind in QUERY_KINDS.items():
            if parameter in case.operation.query and chance.random() < 0.6:
                query[parameter] = chance.choice(self.world.ids[kind])
        case.query = query
        if TABLE[name].versioned and chance.random() < 0.8:
            self.overwritten.add(case.id)
            case.headers["If-Match"] = call.headers["If-Match"] if chance.random() < 0.8 else '"999999999"'
        if bodies and call.body is not NOTHING:
            body = mixed(call.body, case.body, chance)
            if body is not case.body:
                self.mended.add(case.id)
                case.body, case.media_type = body, "application/json"

    def _id(self, case: Any, parameter: str, call: Call, chance: random.Random) -> str:
        kind = PATH_KINDS.get(parameter)
        if parameter == "client_id":
            kind = next((one for word, one in CLIENT_KINDS.items() if f"/{word}" in case.path), None)
        draw = chance.random()
        if draw < 0.6 or parameter not in {*PATH_KINDS, "client_id"}:
            return call.path.get(parameter, str(new_uid()))
        return chance.choice(self.world.ids[kind]) if kind is not None and draw < 0.9 else str(new_uid())

    # what is looked at

    def _perform(
        self, name: str, case: Any, viewer: str, recorder: ScenarioRecorder | None = None, parent: Any = None, *, renews: bool = True
    ) -> Any:
        entry, headers = TABLE[name], self._headers(viewer)
        if "Authorization" in case.headers and "Authorization" in headers and not case.headers["Authorization"].endswith(MARKER):
            case.headers["Authorization"] = headers["Authorization"]  # the tool makes tokens up; nobody's calls keep them
        other_method = case.method.upper() != case.operation.method.upper()
        try:
            response = case.call(session=self.session, headers={**headers, **case.headers}, allow_redirects=False)
        except requests.RequestException as error:
            self.ledger.fail(name, viewer, f"no reply: {type(error).__name__}", repr(case))
            return None
        if not other_method:
            self.ledger.saw(name, viewer, response.status_code)
            allowed = entry.may if viewer == owner(entry) or entry.door == "public" else REFUSED
            if response.request.headers.get("Authorization") != headers.get("Authorization"):
                allowed |= {401}  # the tool has taken the token away, or put another one
            if response.status_code not in allowed:
                self.ledger.fail(name, viewer, f"unexpected {response.status_code}", told(case, response))
        if recorder is not None:
            recorder.record_case(case=case, parent_id=None if parent is None else parent.id)
            recorder.record_response(case_id=case.id, response=response)
        self._check(name, case, viewer, response, headers, recorder)
        if 200 <= response.status_code < 300 and not other_method and entry.renew and renews and recorder is None:
            self._renew(name)
        return response

    def _renew(self, name: str) -> None:
        """What was spent is made anew. Where that fails the run goes on with what there is, and says so."""
        try:
            RENEW[TABLE[name].renew](self.world)
        except (AssertionError, LookupError, SQLAlchemyError) as error:
            self.ledger.fail(name, "nobody", f"{TABLE[name].renew} could not be made again", repr(error))

    def _headers(self, viewer: str) -> dict[str, str]:
        door = {"phone": self.world.phone, "staff": self.world.staff}.get(viewer)
        return {"User-Agent": f"{MARKER}/1.0"} | ({"Authorization": f"Bearer {door.token}"} if door is not None else {})

    def _check(self, name: str, case: Any, viewer: str, response: Any, headers: dict[str, str], recorder: ScenarioRecorder | None) -> None:
        off = set(TABLE[name].off)
        if name in self.enforced:
            off.add("ignored_auth")  # shown once in a run for each operation
        if case.id in self.overwritten and _negative(case) == {ParameterLocation.HEADER}:
            off.add("negative_data_rejection")  # the tool's header is gone: a good one stands in its place
        if case.id in self.mended and ParameterLocation.BODY in _negative(case):
            off.add("negative_data_rejection")  # good members may stand where the tool's broken ones stood
        if case.body is NOT_SET and any(one.is_required for one in case.operation.body):
            off.add("positive_data_acceptance")  # the body is left out; the tool forgets that where a header was changed
        wanted = [one for one in self.all if one.__name__ not in off]
        try:
            case.validate_response(
                response, checks=wanted, headers=headers, transport_kwargs={"session": self.session, "headers": headers}, recorder=recorder
            )
        except FailureGroup as group:
            for failure in group.exceptions:
                self.ledger.fail(name, viewer, getattr(failure, "title", type(failure).__name__), f"{failure}\n{told(case, response)}")
        self.ledger.checked.update(one.__name__ for one in wanted)
        if 200 <= response.status_code < 300 and "Authorization" in headers:
            self.enforced.add(name)
        if (
            response.status_code >= 400
            and NAMES_MEMBERS not in TABLE[name].off
            and (MARKER in response.text or MARKER in str(response.headers))
        ):
            self.ledger.fail(name, viewer, "a refusal says what was sent", told(case, response))

    # made, gone, asked for again

    def _chains(self) -> None:
        """Each thing that can be made and taken away: the tool sees that it is there after the one and gone after the other."""
        for kind in ("session", "person", "webhook"):
            RENEW[kind](self.world)
        for made, gone, read in CHAINS:
            recorder = ScenarioRecorder(label=made)
            first = self._step(made, recorder, None, {})
            made_id = first[1]
            if gone:
                second = self._step(gone, recorder, first[0], made_id)
                self._step(read, recorder, second[0], made_id)
            else:
                self._step(read, recorder, first[0], made_id)

    def _step(self, name: str, recorder: ScenarioRecorder, parent: Any, ids: dict[str, str]) -> tuple[Any, dict[str, str]]:
        call = good(self.world, TABLE[name])
        case = self.operations[name].Case(method=self.operations[name].method.upper())
        case.path_parameters = {**call.path, **ids}
        if call.body is not NOTHING:
            case.body, case.media_type = call.body, "application/json"
        response = self._perform(name, case, owner(TABLE[name]), recorder, parent)
        done = response is not None and response.status_code < 300
        if not done:
            account = "no reply" if response is None else told(case, response)
            self.ledger.fail(name, owner(TABLE[name]), "a step of a chain was refused", account)
        said = response.json() if done and response.content else {}
        named = {parameter: said[member] for parameter, member in MADE.get(name, {}).items() if member in said}
        return case, {**case.path_parameters, **ids, **named}


LARGE: Final = {"check_protocol", "publish_protocol"}
"""A whole protocol takes the tool a minute to make up: its members are swapped and broken here instead."""

CHAINS: Final = (
    ("put_event", "retract_event", "list_events"),
    ("put_scene", "", "get_scene"),
    ("enroll_participant", "", "read_participant"),
    ("ask_for_export", "", "read_export"),
    ("create_webhook", "delete_webhook", "list_webhooks"),
    ("put_list_entry", "remove_list_entry", "get_list"),
)
MADE: Final = {
    "enroll_participant": {"enrollment_id": "enrollment_id"},
    "ask_for_export": {"export_id": "id"},
    "create_webhook": {"webhook_id": "id"},
}


def good(world: World, entry: Entry) -> Call:
    """The good call of now, with the version that stands where one is needed."""
    call = entry.good(world)
    if not entry.versioned:
        return call
    address = entry.versioned
    for parameter, value in call.path.items():
        address = address.replace(f"{{{parameter}}}", value)
    return Call(call.path, call.query, {**call.headers, "If-Match": world.version(address)}, call.body)


def case_of(operation: Any, call: Call) -> Any:
    more = {} if call.body is NOTHING else {"body": call.body, "media_type": "application/json"}
    return operation.Case(path_parameters=dict(call.path), query=dict(call.query), headers=dict(call.headers), **more)


def wrong(operation: Any, call: Call) -> Iterator[Any]:
    """The good call with one thing wrong at a time."""

    def case(**changes: Any) -> Any:
        return case_of(operation, replace(call, **changes))

    for parameter in call.path:
        yield case(path={**call.path, parameter: MARKER})
        yield case(path={**call.path, parameter: {"checksum": "0" * 64, "revision": "999"}.get(parameter, str(new_uid()))})
    if "If-Match" in call.headers:
        yield case(headers={**call.headers, "If-Match": MARKER})
        yield case(headers={**call.headers, "If-Match": '"999999999"'})
        yield case(headers={one: value for one, value in call.headers.items() if one != "If-Match"})
    if call.body is not NOTHING:
        yield case(body={})
        yield case(headers={**call.headers, "Content-Type": f"text/{MARKER}"})
        yield case(body={**call.body, f"{MARKER} was said": MARKER})
    for parameter in (one.name for one in operation.query):
        yield case(query={**call.query, parameter: str(new_uid()) if parameter in QUERY_KINDS else "999"})
        yield case(query={**call.query, parameter: MARKER})
    yield case(headers={**call.headers, "Authorization": f"Bearer {MARKER}"})
    yield case(query={**call.query, "surprise": MARKER}, headers={**call.headers, "Cookie": f"a={MARKER}"})
    for parameter in (one.name for one in operation.query):
        yield case(query={**call.query, parameter: f"{MARKER}\x00"})
    for token in (MARKER, f"Bearer bws_{MARKER}", f"Basic {MARKER}"):
        yield case(headers={**call.headers, "Authorization": token})
    yield case(headers={**call.headers, "If-None-Match": f'"{MARKER}"', "Accept": f"text/{MARKER}"})
    if call.body is not NOTHING:
        yield from (case(body=body) for body in wrong_bodies(call.body))
        yield case(headers={**call.headers, "Content-Type": f"application/json; charset={MARKER}"})


SOME: Final = 0.08
"""Of the operations in a thin run those whose edges are tried."""

FIRST: Final = 8
"""The planted requests that come first show the statuses that must be seen."""

ODD: Final = (MARKER, f"{MARKER}\x00\ud800", {MARKER + " ": MARKER}, [MARKER], 10**30, -1, None, [[[]]], "\ud800", "a\x00b", "", 1e300)
"""What stands where something else belongs."""


def wrong_bodies(body: Any) -> Iterator[Any]:
    yield from (MARKER, [MARKER], None, 7, {f"{MARKER} was said": 1})
    for place, name in enumerate(list(body)[:12]):
        yield {other: value for other, value in body.items() if other != name}
        for number in range(len(ODD) if len(body) < 12 else 2):
            yield {**body, name: ODD[(place + number) % len(ODD)]}


def mixed(real: Any, made: Any, chance: random.Random) -> Any:
    """The real body, the made one, or the real one with a few members of the made one. A marker stands in some texts."""
    draw = chance.random()
    if draw < 0.3 or not isinstance(made, dict) or not isinstance(real, dict):
        body = made if draw >= 0.3 else real
    elif draw < 0.65 and made:
        body = {**real, **{name: made[name] for name in chance.sample(sorted(made, key=str), min(len(made), 2))}}
    else:
        body = made
    if isinstance(body, dict) and body and chance.random() < 0.15:
        name = chance.choice(sorted(body, key=str))
        body = {**body, name: MARKER} if chance.random() < 0.7 else {**body, f"{MARKER} was said": 1}
    return body


def _negative(case: Any) -> set[ParameterLocation]:
    return set() if case.meta is None else {where for where, one in case.meta.components.items() if one.mode.is_negative}


def told(case: Any, response: Any) -> str:
    """What was sent, as it was sent, and the reply."""
    request = response.request
    sent = f"{request.method} {request.url}\n{dict(request.headers)}\n{str(request.body)[:400]}"
    return f"{sent}\n{response.status_code} {response.text[:400]}\n{case!r}"


def _can(operation: Any, mode: Any) -> bool:
    """Nothing negative can be made of an operation that takes nothing."""
    takes = bool(operation.body) or any(True for _ in operation.iter_parameters())
    return bool(mode == schemathesis.GenerationMode.POSITIVE or takes)


def missing(ledger: Ledger) -> Iterator[str]:
    """Statuses that had to be seen and were not."""
    for name, entry in TABLE.items():
        for status in sorted(entry.must - ledger.own(name)):
            yield f"{name}: {status} was not seen, only {sorted(ledger.own(name))}"
