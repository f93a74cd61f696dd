"""What each command of `breakwater` does. A command that writes on SQLite holds the writer's lock while it does."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.panel import Panel
from sqlalchemy import Row, select

from api.actions.enroll import Newcomer, add_person, fresh_code, store_code
from api.actions.first_run import FirstSecrets, begin, open_database
from api.actions.house_duties import house_duties
from api.actions.publish_protocol import Published, checked, publish
from api.actions.sign_in import login_of, reset_password
from api.app import build_house, make_app
from api.auth.passwords import hash_password
from api.deps import House
from api.rehearsal.mapping import load_mapping, read_entries
from api.rehearsal.replay import EARLIER
from api.rehearsal.replay import replay as send_replay
from api.serve import serve as run_server
from api.settings import ApiSettings
from models import migrate as migrations
from models.access import SYSTEM
from models.clock import SystemClock
from models.codec import canonical
from models.dataset.build import build_waiting
from models.errors import Fault, Invalid, Missing
from models.ids import new_password
from models.kinds import ExportState, Role
from models.lock import writing_process
from models.queries import staff as staff_queries
from models.queries import study as study_queries
from models.queries.audit import Act, append
from models.queries.export import ExportRequest, request_export
from models.sealed import Keys
from models.session import ReadSession, Sessions, WriteSession
from models.settings import DatabaseSettings
from models.tables import Export
from scheduler.follow import following
from scheduler.plan.calendar import local
from scheduler.worker import Worker, run_forever


def serve(settings: DatabaseSettings, *, worker: bool, rehearsal: bool, start: datetime | None = None, console: Console) -> None:
    """The server until a signal ends it; what the first run made is printed once, on the terminal and nowhere else."""
    api = ApiSettings.read(os.environ)
    with writing_process(settings, "breakwater serve"), opened(settings, rehearsal=rehearsal, start=start) as (sessions, keys):
        first = begin(sessions, keys, api)
        house = build_house(sessions, keys, api)
        duties = house_duties(house)
        _greet(console, api, settings, first, rehearsal=house.rehearsal)
        with following(sessions, house.clock):
            run_server(house, Worker(duties) if worker or settings.embedded else None)


def _greet(console: Console, api: ApiSettings, settings: DatabaseSettings, first: FirstSecrets | None, *, rehearsal: bool) -> None:
    url = f"http://{api.host}:{api.port}"
    lines = [
        f"[bold]Breakwater[/] is on [link={url}]{url}[/]" + ("  [yellow](rehearsal)[/]" if rehearsal else ""),
        f"API pages   {url}/docs" if not api.production else "API pages   off in production",
        f"Health      {url}/readyz",
        f"Data        {settings.directory}",
    ]
    if first is not None:
        lines += [
            "",
            "[bold]Shown once. Write it down:[/]",
            f"Staff login     {first.login}",
            f"One-time word   [bold]{first.one_time_password}[/]",
            f"Enrollment code [bold]{first.code}[/]  (for one phone, until {first.code_expires_at:%Y-%m-%d %H:%M} UTC)",
            "",
            "This first account holds every role, so that you can look around. By changing its password you state that you have",
            "no authority over any participant's dose, housing, custody or employment. Give others roles of their own.",
        ]
    lines += ["", "Investigational. Not an emergency service. Stop with Ctrl-C."]
    console.print(Panel("\n".join(lines), expand=False), highlight=False)


def worker(settings: DatabaseSettings) -> None:
    """The duties in a process of their own, until a signal ends it."""
    if settings.embedded:
        raise Invalid(
            "worker_embedded",
            "SQLite has one writing process, and the server runs the duties inside it; a separate worker needs PostgreSQL "
            "(BREAKWATER_DATABASE_URL).",
        )
    with opened(settings) as (sessions, keys):
        house = build_house(sessions, keys, ApiSettings.read(os.environ))
        with following(sessions, house.clock):
            run_forever(house_duties(house))


def migrate(settings: DatabaseSettings) -> tuple[str | None, str]:
    """Revision before and after."""
    with writing_process(settings, "breakwater migrate"):
        return migrations.migrate(settings)


def check_protocol(file: Path) -> None:
    """Raises Invalid with every fault by place."""
    checked(file.read_bytes())


def publish_protocol(settings: DatabaseSettings, file: Path, slug: str, effective: str | None, note: str | None) -> Published:
    protocol = checked(file.read_bytes())
    with writing_process(settings, "breakwater protocol publish"), opened(settings) as (sessions, keys):
        now = SystemClock().system()
        with sessions.transaction() as session:
            study = study_called(session, slug)
            day = _day(effective) or local(now, study.zone).date
            published = publish(session, study_id=study.id, protocol=protocol, effective_from=day, published_by=None, note=note, now=now)
            if published.created:
                _write_down(session, keys, study, Act(now, "system", "protocol_published", "protocol_version", str(published.uid)))
            return published


def enroll(settings: DatabaseSettings, slug: str, zone: str, arm: str | None) -> tuple[UUID, str, datetime]:
    """Public id of the new enrollment, its code and when that ends."""
    api = ApiSettings.read(os.environ)
    with writing_process(settings, "breakwater enroll"), opened(settings) as (sessions, keys):
        made, now = fresh_code(sessions, api), SystemClock().system()
        with sessions.transaction() as session:
            study = study_called(session, slug)
            person = add_person(session, keys, study, Newcomer(zone=zone, arm=arm), site_id=None, now=now)
            code = store_code(session, api, person, made, issued_by=None, system_now=now)
            _write_down(session, keys, study, Act(now, "system", "enrolled", "enrollment", str(person.uid), enrollment_uid=str(person.uid)))
        return person.uid, code.code, code.expires_at


def add_staff(settings: DatabaseSettings, login: str, slug: str, roles: list[Role], name: str | None) -> str:
    """The one-time password. Roles hold from now; alerts and estimates need the person's own attestation."""
    with writing_process(settings, "breakwater staff add"), opened(settings) as (sessions, keys):
        login, password, now = login_of(login), new_password(), SystemClock().system()
        with sessions.transaction() as session:
            study = study_called(session, slug)
            if staff_queries.staff_by_login(session, login) is not None:
                raise Invalid("login_taken", "This login is taken.", (Fault("/login", "login_taken", "Choose another one."),))
            staff_id, staff_uid = staff_queries.add_staff(
                session, login=login, name=name or login, password_hash=hash_password(password), must_change=True, now=now
            )
            for role in dict.fromkeys(roles):
                if role is Role.PARTICIPANT:
                    raise Invalid("role_unfit", "A participant is enrolled, not added as staff.")
                staff_queries.add_grant(
                    session,
                    study_id=study.id,
                    staff_id=staff_id,
                    site_id=None,
                    role=role,
                    valid_from=now,
                    valid_until=None,
                    granted_by=None,
                    attested_at=None,
                    now=now,
                )
            detail = {"roles": sorted(str(role) for role in set(roles))}
            _write_down(session, keys, study, Act(now, "system", "staff_added", "staff", str(staff_uid), detail=detail))
        return password


def reset_staff(settings: DatabaseSettings, login: str) -> str:
    """Another one-time password; every session of the person ends."""
    with writing_process(settings, "breakwater staff reset"), opened(settings) as (sessions, keys):
        return reset_password(sessions, keys, login, now=SystemClock().system())


def replay(
    settings: DatabaseSettings, file: Path, mapping: Path, directory: Path | None, report: Path | None, advance: Callable[[int, int], None]
) -> dict[str, Any]:
    """The report; it is also written as JSON, and the dataset is exported beside it."""
    mapped = load_mapping(mapping)
    entries, left = read_entries(file, mapped)
    home = directory or settings.directory / f"replay-{mapped.study.slug}"
    place = DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(home)})
    start = entries[0].at - EARLIER if entries else None
    with writing_process(place, "breakwater replay"), opened(place, rehearsal=True, start=start) as (sessions, keys):
        house = build_house(sessions, keys, ApiSettings())
        done = send_replay(
            house, make_app(house), mapped, mapping.parent / mapped.protocol, file, entries, left, lambda sent: advance(sent, len(entries))
        )
        built = _export(sessions, house, mapped.study.slug, home, ExportRequest(release="replay", purpose="replay of an existing dataset"))
    result = done.document() | {"export": str(built.path), "export_sha256": built.sha256}
    (report or home / "replay-report.json").write_bytes(canonical(result) + b"\n")
    return result


def evaluate(
    dataset: Path, mapping: Path | None, report: Path, *, people: int | None, repeats: int, card: Path | None, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The report of an evaluation. Only here are numpy and scikit-learn loaded: a serving process never does."""
    from api.laboratory.evaluation import run_evaluation

    now = SystemClock().system()
    return run_evaluation(dataset, mapping, report, people=people, repeats=repeats, card=card, now=now, tell=tell)


def forecast(
    dataset: Path, mapping: Path | None, craving: Sequence[str], report: Path, *, repeats: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The report of a forecast of craving; numpy is loaded only here, as in `evaluate`."""
    from api.laboratory.forecasting import run_forecast

    return run_forecast(dataset, mapping, craving, report, repeats=repeats, tell=tell)


def prior(
    dataset: Path,
    mapping: Path | None,
    craving: Sequence[str],
    base: Path | None,
    to: Path,
    *,
    name: str,
    synthetic: bool,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """A prior learned from a dataset; numpy is loaded only here, as in `evaluate`."""
    from api.laboratory.learning import run_prior

    return run_prior(dataset, mapping, craving, base, to, name=name, synthetic=synthetic, today=SystemClock().system().date(), tell=tell)


def drift(
    dataset: Path, reference: Path, mapping: Path | None, model: Path | None, report: Path, *, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The report of a watch; numpy is loaded only here, as in `evaluate`."""
    from api.laboratory.drifting import run_drift

    return run_drift(dataset, reference, mapping, model, report, tell=tell)


@dataclass(frozen=True, slots=True)
class Exported:
    path: Path
    sha256: str


def export(settings: DatabaseSettings, slug: str, purpose: str, to: Path, *, parquet: bool, release: str) -> Exported:
    """Builds a dataset now and puts a copy where it was asked for."""
    formats = ("csv", "parquet") if parquet else ("csv",)
    with writing_process(settings, "breakwater export"), opened(settings) as (sessions, keys):
        house = build_house(sessions, keys, ApiSettings.read(os.environ))
        return _export(sessions, house, slug, to, ExportRequest(release=release, purpose=purpose, formats=formats))


def _export(sessions: Sessions, house: House, slug: str, to: Path, request: ExportRequest) -> Exported:

    now = house.clock.study()
    with sessions.transaction() as session:
        study = study_called(session, slug)
        uid = request_export(session, SYSTEM, study.id, request, now=now)
    row = _built(sessions, house, uid, now)
    to.mkdir(parents=True, exist_ok=True)
    target = to / f"{slug}-{row.release}-{row.as_of:%Y%m%dT%H%M%SZ}.zip"
    shutil.copyfile(sessions.settings.directory / "exports" / str(row.file_name), target)
    return Exported(target, str(row.sha256))


def _built(sessions: Sessions, house: House, uid: UUID, now: datetime) -> Row[Any]:
    """Builds what waits until this export is ready. Raises Invalid where it could not be built."""
    while True:
        build_waiting(sessions, house.keys, sessions.settings.directory / "exports", now=now)
        with sessions.reading() as reading:
            row = reading.row(select(Export).where(Export.uid == uid))
        assert row is not None
        if row.state is ExportState.FAILED:
            raise Invalid("export_failed", f"The export could not be built ({row.problem}).")
        if row.state is ExportState.READY:
            return row


@contextmanager
def opened(settings: DatabaseSettings, *, rehearsal: bool = False, start: datetime | None = None) -> Iterator[tuple[Sessions, Any]]:
    """The database and its keys while a command lasts."""
    sessions, keys = open_database(settings, rehearsal=rehearsal, start=start)
    try:
        yield sessions, keys
    finally:
        sessions.close()


def _write_down(session: WriteSession, keys: Keys, study: Row[Any], act: Act) -> None:
    """What was done on the command line stands in the study's chain like everything else."""
    append(session, keys, str(study.uid), [act])


def study_called(session: ReadSession, slug: str) -> Row[Any]:
    """Raises Missing with the names there are."""
    study = study_queries.study_by_slug(session, slug)
    if study is None:
        known = ", ".join(row.slug for row in study_queries.studies_of(session, SYSTEM)) or "none yet"
        raise Missing("not_found", f"There is no study {slug}; there is: {known}.")
    return study


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("invalid", "A day is YYYY-MM-DD.", (Fault("/effective", "date", "A day is YYYY-MM-DD."),)) from None


def instant(text: str | None, place: str) -> datetime | None:
    """An ISO 8601 instant with its offset, in UTC. Raises Invalid naming `place`."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        given = None
    if given is None or given.tzinfo is None:
        said = "An instant is ISO 8601 with its offset, as 2026-03-07T12:00Z."
        raise Invalid("invalid", said, (Fault(place, "instant", said),))
    return given.astimezone(UTC)
