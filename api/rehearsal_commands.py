"""What `breakwater demo` and `breakwater rehearse` do: a server of its own (or one that runs), a drive, a report."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from api.rehearsal import aims, finish, joined
from api.rehearsal.desk import Desk
from api.rehearsal.drive import Drive, Reached, StudyClock, Tell, Wanted, reachable, read_clock
from api.rehearsal.finish import Ended
from api.rehearsal.happened import Happened
from api.rehearsal.house import Order, opened
from api.rehearsal.houses import divided, live_in
from api.rehearsal.office import open_office
from api.rehearsal.recorder import Recorder
from api.rehearsal.report.page import page, side_by_side
from api.rehearsal.report.regrets import Regret, warnings
from api.rehearsal.report.screen import beside_on_screen, on_screen
from api.rehearsal.report.summary import encoded, summarize
from api.rehearsal.wire import Wire
from api.settings import ApiSettings
from models.codec import canonical
from models.definition.protocol import Protocol
from models.errors import Busy, Conflict, Invalid

DATABASE: Final = "BREAKWATER_REHEARSAL_DATABASE_URL"
"""An empty PostgreSQL database for `demo` and `rehearse`; without it SQLite in the directory. Never the database of a study."""


@dataclass(frozen=True, slots=True)
class Lived:
    """One rehearsal, and where its files are."""

    directory: Path
    happened: Happened
    summary: dict[str, Any]
    regrets: tuple[Regret, ...]
    datasets: tuple[Path, ...] = ()
    """One of each house."""


@dataclass(frozen=True, slots=True)
class Showing:
    """`out` gets what was found, `bar` the progress; `live` keeps the server up on a known port until Ctrl-C."""

    out: Console
    bar: Console
    quiet: bool = False
    live: bool = False


def demo(wanted: Wanted, directory: Path, start: datetime, show: Showing) -> Lived:
    """The shipped protocol with simulated people, on a server that is started for it."""
    home = _fresh(directory, show)
    document, protocol = aims.cut(aims.document_of(aims.SHIPPED[0]), wanted.days)
    lived = _lived(Order(home, wanted, start, document, os.environ.get(DATABASE)), protocol, show)
    if not show.live:
        _show([lived], show)
    return lived


def demo_elsewhere(
    wanted: Wanted, directory: Path, url: str, login: str, password: str, ask_new: Callable[[], str | None], show: Showing
) -> Lived:
    """The same on a server that already runs on a rehearsal database. Raises Conflict where it does not, before anything is sent there.

    `ask_new` gives another password where the account still has its one-time word, or None.
    """
    started, record = perf_counter(), Recorder()
    clock = StudyClock(datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    wire = Wire(url, record, clock.read)
    try:
        reachable(wire)
        lead = Desk(wire, login, password)
        lead.sign_in()
        _replace(lead, ask_new)
        clock.now = read_clock(lead)
        home = _fresh(directory, show)
        drive = Drive(wire, clock, open_office(lead, wanted.staff, keep_rota=True), wanted)
        _run(drive, show)
        ended = finish.ended(drive, home, started=started, database="at the address", own=False)
        lived = _reported(home, [ended], _known(drive), show)
    finally:
        wire.close()
    _show([lived], show)
    return lived


def rehearse(names: Sequence[str], wanted: Wanted, directory: Path, start: datetime, show: Showing, *, houses: int = 1) -> list[Lived]:
    """Each protocol with the same people, one after the other; several end side by side. Raises Invalid before anything is made.

    `houses`: so many live each protocol at the same time, a share of the people in each.
    """
    if max(len(names), houses) > 1 and os.environ.get(DATABASE):
        raise Invalid("one_database", f"Several protocols or houses need a database each, and {DATABASE} names one: leave it out.")
    if not 1 <= houses <= wanted.people:
        raise Invalid("houses_unfit", f"--houses is {houses}: it lies between 1 and the number of participants, which is {wanted.people}.")
    documents = [aims.cut(aims.document_of(name), wanted.days) for name in names]
    home, several = _fresh(directory, show), len(names) > 1
    found = []
    for number, (document, protocol) in enumerate(documents, start=1):
        place = aims.fresh_directory(home / f"{number}-{protocol.name}") if several else home
        order = Order(place, wanted, start, document, os.environ.get(DATABASE))
        found.append(_lived(order, protocol, show) if houses == 1 else _lived_apart(order, houses, protocol, show))
        if not found[-1].happened.complete:
            break
    _show(found, show)
    if len(found) > 1:
        _side_by_side(home, found, show)
    return found


def broken(lived: Lived) -> list[str]:
    """What must never be and was, as sentences; empty where every promise held."""
    happened, faults = lived.happened, lived.summary["faults"]["counts"]
    out = [f"{number} × {kind.replace('_', ' ')}" for kind, number in faults.items() if number]
    out += [f"{getattr(happened, name) or 0} responses {name}" for name in ("lost", "doubled", "unclaimed") if getattr(happened, name)]
    out += [f"{one.count} × {one.status} {one.code} refused against all expectation" for one in happened.refusals if not one.expected]
    return out


def _fresh(directory: Path, show: Showing) -> Path:
    home = aims.fresh_directory(directory)
    if home != directory.absolute():
        show.out.print(f"{directory} is there already and stays as it is; this one goes to {home}.", highlight=False)
    return home


def _replace(lead: Desk, ask_new: Callable[[], str | None]) -> None:
    """The one-time word of the first run works for nothing but its own replacement."""
    if not lead.must_change:
        return
    new = ask_new()
    if new is None:
        raise Conflict("one_time_word", f"{lead.login} still has its one-time word. Replace it first (PUT /v1/staff/password).")
    lead.replace_password(new)


def _lived(order: Order, protocol: Protocol, show: Showing) -> Lived:
    """On a server of its own, ended with the block."""
    started = perf_counter()
    with opened(order, port=_live_port() if show.live else None) as one:
        if show.live:
            _invite(one.url, one.login, one.password, show)
        _run(one.drive, show)
        ended = finish.ended(one.drive, order.directory, started=started, database=one.database)
        lived = _reported(order.directory, [ended], protocol, show)
        if show.live:
            _show([lived], show)
            if lived.happened.complete:
                _keep_up(one.url, show)
    return lived


def _lived_apart(order: Order, houses: int, protocol: Protocol, show: Showing) -> Lived:
    """In several houses at the same time, with one report."""
    shares = divided(order.wanted, houses)
    orders = [replace(order, directory=aims.fresh_directory(order.directory / f"house-{one.house + 1}"), wanted=one) for one in shares]
    if (staff := sum(one.staff for one in shares)) > order.wanted.staff:
        show.out.print(f"Each house needs a coordinator: {staff} work in {houses} houses, where {order.wanted.staff} were asked for.")
    with _progress(show) as tell:
        ended = live_in(orders, tell)
    return _reported(order.directory, ended, protocol, show)


def _live_port() -> int:
    port = ApiSettings.read(os.environ).port
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            raise Busy("port_taken", f"Something listens on port {port} already; set BREAKWATER_PORT to another one.") from None
    return port


def _invite(url: str, login: str, password: str, show: Showing) -> None:
    show.out.print(f"Synthetic people live at [link={url}/docs]{url}/docs[/]. Login {login}, password [bold]{password}[/] (shown once).")


def _keep_up(url: str, show: Showing) -> None:
    """Until Ctrl-C."""
    show.out.print(f"The study has ended and the server stays at {url}. Ctrl-C stops it.", highlight=False)
    try:
        while True:
            sleep(3600)
    except KeyboardInterrupt:
        return


def _run(drive: Drive, show: Showing) -> None:
    with _progress(show) as tell:
        drive.run(tell)


def _reported(home: Path, houses: Sequence[Ended], protocol: Protocol, show: Showing) -> Lived:
    """Writes what was found: of several houses one report of all people."""
    happened, ids, datasets = joined.happened(houses), joined.ids(houses), tuple(one.dataset for one in houses)
    acknowledged = None if ids is None else [pair for one in houses for pair in one.acknowledged]
    summary = summarize(datasets, happened, rekey=ids, acknowledged=acknowledged)
    regrets = tuple(warnings(summary, protocol))
    (home / "summary.json").write_bytes(encoded(summary))
    (home / "happened.json").write_bytes(canonical(happened.document()) + b"\n")
    _write_page(home / "report.html", lambda: page(summary, regrets), show)
    return Lived(home, happened, summary, regrets, datasets)


def _known(drive: Drive) -> Protocol:
    protocol = drive.held.newest()
    if protocol is None:
        raise Conflict("nobody_joined", "Nobody had joined when the rehearsal stopped, so there is nothing to report.")
    return protocol


def _write_page(path: Path, made: Callable[[], str], show: Showing) -> None:
    try:
        path.write_text(made(), encoding="utf-8")
    except Invalid as problem:
        if problem.code != "matplotlib_missing":
            raise
        show.out.print(problem.detail, highlight=False)


def _side_by_side(home: Path, found: Sequence[Lived], show: Showing) -> None:
    summaries = [one.summary for one in found]
    path = home / "side-by-side.html"
    _write_page(path, lambda: side_by_side(summaries, [one.regrets for one in found]), show)
    show.out.print(beside_on_screen(summaries))
    show.out.print(f"Side by side  {path}", highlight=False, soft_wrap=True)


def _show(found: Sequence[Lived], show: Showing) -> None:
    for one in found:
        show.out.print(on_screen(one.summary, one.regrets))
        for path in (one.directory / "summary.json", one.directory / "report.html", *one.datasets):
            if path.exists():
                show.out.print(f"{path.name:13} {path}", highlight=False, soft_wrap=True)
        if not one.happened.complete:
            reached = f"{one.happened.ended_at:%Y-%m-%d %H:%M}"
            show.out.print(f"[yellow]Stopped before the end[/], at {reached} UTC of the study. What was reached stands in {one.directory}.")


@contextmanager
def _progress(show: Showing) -> Iterator[Tell]:
    """Days done, the study's clock, and what has come so far."""
    columns = (
        TextColumn("{task.fields[clock]}"),
        BarColumn(bar_width=None),
        TextColumn("day {task.fields[day]}  {task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=show.bar, transient=True, disable=show.quiet or not show.bar.is_terminal) as bar:
        task = bar.add_task("", total=None, clock="", day="", told="")

        def tell(one: Reached) -> None:
            bar.update(
                task,
                total=one.days,
                completed=min(one.day, one.days),
                clock=f"{one.now:%a %Y-%m-%d %H:%M} UTC",
                day=f"{min(one.day, one.days):.0f}/{one.days:.0f}",
                told=f"{one.prompts} prompts · {one.answers} answers · {one.alerts} alerts worked",
            )

        yield tell
