"""`breakwater`: run a study from the command line.

Exit codes: 0 done · 1 refused, with the reason · 2 the call's words are off · 3 another process writes · 4 the database does not answer ·
5 done, and something has moved (`drift`).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy.exc import OperationalError

from api import commands, import_commands, model_cli, rehearsal_commands, showing
from api.logs import set_up_logs
from api.rehearsal.drive import Wanted
from api.rehearsal.people.terms import Preset, World
from api.rehearsal_commands import Lived, Showing
from api.showing import err, out
from models.errors import Conflict, Fault, Invalid, Problem
from models.kinds import Role
from models.lock import AlreadyWriting
from models.settings import DatabaseSettings

app = typer.Typer(name="breakwater", help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
protocol_app = typer.Typer(help="Check and publish what a study says.", no_args_is_help=True)
staff_app = typer.Typer(help="People who work in a study.", no_args_is_help=True)
app.add_typer(protocol_app, name="protocol")
app.add_typer(staff_app, name="staff")
app.add_typer(model_cli.app, name="models")

StudySlug = Annotated[str, typer.Option("--study", help="Short name of the study.")]


def main() -> None:
    """The entry point of the console script."""
    set_up_logs(os.environ.get("BREAKWATER_LOG_LEVEL", "INFO"))
    with _refusals():
        app(standalone_mode=True)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns problems into a sentence and an exit code; a traceback would help nobody and may hold data."""
    try:
        yield
    except AlreadyWriting as problem:
        err.print(f"[bold]Not now.[/] {escape(problem.detail)}")
        sys.exit(3)
    except Problem as problem:
        err.print(f"[bold red]Refused[/] ({problem.code}): {escape(problem.detail)}")
        showing.faults(problem)
        sys.exit(1)
    except OperationalError as error:
        err.print(f"[bold red]The database does not answer[/] ({type(error.orig).__name__}). Is it running, and is its address right?")
        sys.exit(4)
    except KeyboardInterrupt:
        sys.exit(130)


def _settings() -> DatabaseSettings:
    return DatabaseSettings.read(os.environ)


@app.command()
def serve(
    worker: Annotated[bool, typer.Option(help="Run the duties in this process too. Always on with SQLite.")] = True,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="On the first run: mark the database as a rehearsal.")] = False,
    start: Annotated[str | None, typer.Option(help="Where a rehearsal's study time begins, ISO 8601 with offset. Default: now.")] = None,
) -> None:
    """Start the server. The first run makes secrets, tables, a study and a way in, and prints them once."""
    commands.serve(_settings(), worker=worker, rehearsal=rehearsal, start=commands.instant(start, "/start"), console=out)


@app.command()
def worker() -> None:
    """Run the duties in a process of their own. PostgreSQL only: SQLite has one writing process."""
    commands.worker(_settings())


@app.command()
def migrate() -> None:
    """Bring the database to the newest tables."""
    before, after = commands.migrate(_settings())
    out.print(f"tables at {after}" if before == after else f"tables moved from {before or 'empty'} to {after}")


@protocol_app.command("check")
def protocol_check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A protocol document.")]) -> None:
    """Name every fault of a protocol by its place. Exit 0: none."""
    commands.check_protocol(file)
    out.print(f"{file.name}: no faults")


@protocol_app.command("publish")
def protocol_publish(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    study: StudySlug,
    effective: Annotated[str | None, typer.Option(help="Local day from which it holds, YYYY-MM-DD. Default: today.")] = None,
    note: Annotated[str | None, typer.Option(help="Why, for the record.")] = None,
) -> None:
    """Publish a protocol. A published version never changes; enrollments stay on theirs until they are moved."""
    published = commands.publish_protocol(_settings(), file, study, effective, note)
    out.print(
        f"{study}: revision {published.revision} ({'new' if published.created else 'was published before'}), {published.checksum[:12]}"
    )


@app.command()
def enroll(
    study: StudySlug,
    zone: Annotated[str, typer.Option(help="IANA time zone of the person.")],
    arm: Annotated[str | None, typer.Option(help="Study arm.")] = None,
) -> None:
    """Enroll a person and print the code for the phone, once."""
    uid, code, expires = commands.enroll(_settings(), study, zone, arm)
    out.print(f"enrollment {uid}\ncode       [bold]{code}[/]  (once, until {expires:%Y-%m-%d %H:%M} UTC)")


@staff_app.command("add")
def staff_add(
    login: Annotated[str, typer.Argument(help="The name to sign in with.")],
    study: StudySlug,
    role: Annotated[list[Role], typer.Option(help="Repeat for several.")],
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
) -> None:
    """Add a member of staff and print a one-time password, once. Seeing alerts needs the person's own attestation after signing in."""
    out.print(f"one-time password for {login}: [bold]{commands.add_staff(_settings(), login, study, role, name)}[/]")


@staff_app.command("reset")
def staff_reset(login: Annotated[str, typer.Argument()]) -> None:
    """Make another one-time password and end every session of this person."""
    out.print(f"one-time password for {login}: [bold]{commands.reset_staff(_settings(), login)}[/]")


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The dataset, CSV.")],
    mapping: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="How its columns become answers.")],
    directory: Annotated[Path | None, typer.Option(help="Where the rehearsal lives. Default: var/replay-<study>.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write the report, JSON. Default: in the directory.")] = None,
    quiet: Annotated[bool, typer.Option(help="No progress bar.")] = False,
) -> None:
    """Send an existing EMA dataset through the API at its own times, and export what the house made of it."""
    if "BREAKWATER_LOG_LEVEL" not in os.environ:
        set_up_logs("WARNING")
    with showing.progress("answers sent", quiet) as advance:
        result = commands.replay(_settings(), file, mapping, directory, report, advance)
    showing.summary(result)


@app.command()
def export(
    study: StudySlug,
    purpose: Annotated[str, typer.Option(help="Why the data leave; it stands in the disclosure ledger.")],
    to: Annotated[Path, typer.Option(help="Folder for the archive.")] = Path(),
    parquet: Annotated[bool, typer.Option(help="Parquet beside CSV.")] = False,
    release: Annotated[str, typer.Option(help="Ids are re-keyed for each release.")] = "1",
    quiet: Annotated[bool, typer.Option(help="No progress.")] = False,
) -> None:
    """Write a study's dataset with its codebook."""
    with showing.progress("exports", quiet) as advance:
        advance(0, 1)
        built = commands.export(_settings(), study, purpose, to, parquet=parquet, release=release)
        advance(1, 1)
    out.print(f"{built.path}\nsha256 {built.sha256}")


@app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="RADAR or REDCap files of one study.")
    ],
    report: Annotated[Path, typer.Option(help="Where to write what was carried and what was not, JSON.")] = Path("import-report.json"),
    out: Annotated[Path, typer.Option(help="Where to write the protocol. Never written over.")] = Path("imported.json"),
    frame: Annotated[
        str, typer.Option(help="The protocol that lends help screen, staffing and wake windows: a file, or a shipped one.")
    ] = "oud",
    days: Annotated[int | None, typer.Option(min=1, max=3660, help="Study days. Default: the frame's.")] = None,
    name: Annotated[str | None, typer.Option(help="Short name of the protocol. Default: the study's own.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the protocol, as `en`. Default: en where a file is in it.")] = None,
    by_chance: Annotated[bool, typer.Option("--by-chance", help="Draw anew the times that were written by hand for everybody.")] = False,
) -> None:
    """Import a study that runs elsewhere, as a protocol to look through: RADAR aRMT and REDCap."""
    places = import_commands.Places(out, report)
    outcome = import_commands.import_files(files, places, frame=frame, days=days, name=name, language=language, by_chance=by_chance)
    showing.imported(outcome.report, places)
    if refused := outcome.report["refused"]:
        faults = [Fault(one["file"], one["code"], one["reason"]) for one in refused]
        raise Invalid("files_refused", f"{len(refused)} of {len(files)} files were not imported.", faults)


@app.command("export-dictionary")
def export_dictionary(
    protocol: Annotated[str, typer.Argument(help="A protocol: a file, or a shipped one.")],
    out: Annotated[Path, typer.Option(help="A .csv for a data dictionary, a .zip for an instrument.")] = Path("dictionary.csv"),
    instrument: Annotated[str | None, typer.Option(help="One instrument. Default: all of them.")] = None,
) -> None:
    """Write instruments as a REDCap data dictionary, or one of them as an instrument archive."""
    notes = import_commands.export_dictionary(protocol, out, instrument)
    showing.kinds(notes.by_kind())
    typer.echo(str(out))


@app.command()
def evaluate(
    dataset: Annotated[Path, typer.Argument(exists=True, help="An export of this house, or with --mapping a folder of CSV tables.")],
    report: Annotated[Path, typer.Option(help="Folder for report.html, report.json and the models.")],
    mapping: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="How a foreign dataset's tables are read.")] = None,
    people: Annotated[int | None, typer.Option(min=30, help="Take so many people, for a first look. Default: all.")] = None,
    repeats: Annotated[int, typer.Option(min=20, max=5000, help="Draws of people behind each interval.")] = 200,
    card: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A model card whose section is made anew.")] = None,
    quiet: Annotated[bool, typer.Option(help="No progress.")] = False,
) -> None:
    """Train the population models on a dataset with people held out, and say how good they are and what alerts would do."""
    found = commands.evaluate(dataset, mapping, report, people=people, repeats=repeats, card=card, tell=showing.lines(quiet))
    out.print(f"{found['people']:,} people, {found['person_days']:,} person-days; the rule lets {found['shipped']} ship at most")
    showing.report(report, synthetic=found["synthetic"])


@app.command()
def forecast(
    dataset: Annotated[Path, typer.Argument(exists=True, help="An export of this house, or with --mapping a file of answers, CSV.")],
    report: Annotated[Path, typer.Option(help="Folder for report.html and report.json.")],
    mapping: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A mapping as `breakwater replay` reads it.")] = None,
    craving: Annotated[
        list[str] | None, typer.Option(help="A variable of craving; repeat for the mean of several. Default: craving.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=20, max=5000, help="Draws of people behind each interval.")] = 200,
    quiet: Annotated[bool, typer.Option(help="No progress.")] = False,
) -> None:
    """Say how well craving is foreseen, and read from what else is said, by couplings that are shrunk, pooled, unshrunk or none."""
    found = commands.forecast(dataset, mapping, craving or [], report, repeats=repeats, tell=showing.lines(quiet))
    showing.errors(found["kinds"])
    showing.report(report, synthetic=found["synthetic"])


@app.command()
def prior(
    dataset: Annotated[Path, typer.Argument(exists=True, help="An export of this house, or with --mapping a file of answers, CSV.")],
    to: Annotated[Path, typer.Option(help="Where to write the prior. Never written over.")],
    name: Annotated[str, typer.Option(help="Short name of the prior; it stands on every estimate.")],
    mapping: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A mapping as `breakwater replay` reads it.")] = None,
    craving: Annotated[
        list[str] | None, typer.Option(help="A variable of craving; repeat for the mean of several. Default: as the protocol asks.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The prior that it begins from. Default: the shipped one.")
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The people are simulated; an export says so itself.")] = False,
    quiet: Annotated[bool, typer.Option(help="No progress.")] = False,
) -> None:
    """Learn the estimator's prior from people's answers. A house starts with it by BREAKWATER_PRIOR, and never by itself."""
    made = commands.prior(dataset, mapping, craving or [], base, to, name=name, synthetic=synthetic, tell=showing.lines(quiet))
    showing.prior(made, to)


@app.command()
def drift(
    dataset: Annotated[Path, typer.Argument(exists=True, help="What came since: an export of this house, or with --mapping a folder.")],
    reference: Annotated[Path, typer.Option(exists=True, help="What is usual: a dataset of the same kind.")],
    report: Annotated[Path, typer.Option(help="Folder for report.html and report.json.")],
    model: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A model's document. Default: one is trained here.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="How both foreign datasets' tables are read.")] = None,
    quiet: Annotated[bool, typer.Option(help="No progress.")] = False,
) -> None:
    """Watch what a model reads and expects against a reference: data by week, calibration by month, ranking by quarter. Exit 5: moved."""
    found = commands.drift(dataset, reference, mapping, model, report, tell=showing.lines(quiet))
    showing.moved(found["found"], found["actions"])
    showing.report(report, synthetic=found["synthetic"])
    if found["found"]:
        raise typer.Exit(5)


DEMO_START = "2026-03-06T13:00Z"
"""A Friday: two days before clocks change in North America, three weeks before they do in Europe."""


@app.command()
def demo(
    people: Annotated[int, typer.Option(min=1, max=2000, help="Simulated people.")] = 20,
    days: Annotated[int, typer.Option(min=1, max=400, help="Study days of each.")] = 28,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    directory: Annotated[Path | None, typer.Option(help="Default: demo in the data directory. Never written over.")] = None,
    start: Annotated[str, typer.Option(help="Where study time begins, ISO 8601 with offset.")] = DEMO_START,
    live: Annotated[bool, typer.Option("--live", help="Slowly, on BREAKWATER_PORT, and the server stays up at the end.")] = False,
    hour_seconds: Annotated[float, typer.Option(min=0.01, help="With --live: seconds that an hour of the study lasts.")] = 10.0,
    url: Annotated[str | None, typer.Option(help="A server that runs on a rehearsal database; default: one of its own.")] = None,
    login: Annotated[str, typer.Option(help="With --url: the account. BREAKWATER_PASSWORD holds its password, or it is asked.")] = "admin",
    quiet: Annotated[bool, typer.Option(help="No progress.")] = False,
) -> None:
    """Live the shipped study through with simulated people, over HTTP, and show what came of it."""
    wanted = Wanted(seed=seed, people=people, days=days, hour_seconds=hour_seconds if live else None)
    home, show = directory or _settings().directory / "demo", Showing(out, err, quiet=quiet, live=live)
    if url is None:
        lived = rehearsal_commands.demo(wanted, home, _begins(start), show)
    else:
        lived = rehearsal_commands.demo_elsewhere(wanted, home, url, login, _password(login), _new_password, show)
    _end_well([lived])


@app.command()
def rehearse(
    protocols: Annotated[list[str], typer.Argument(metavar="PROTOCOL...", help="Files, or shipped ones: oud, oud_low_burden.")],
    days: Annotated[int, typer.Option(min=1, max=400, help="Study days of each person, at most.")] = 90,
    participants: Annotated[int, typer.Option(min=1, max=2000, help="Simulated people.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    mnar: Annotated[float, typer.Option(min=0, max=3, help="How strongly not answering depends on craving and lapse.")] = 0.6,
    preset: Annotated[Preset, typer.Option(help="Who the people are.")] = Preset.RECOVERY,
    world: Annotated[
        World, typer.Option(help="What is true of them: a null world is one in which an analysis must find nothing.")
    ] = World.USUAL,
    staff: Annotated[int, typer.Option(min=1, max=50, help="Coordinators.")] = 2,
    houses: Annotated[
        int, typer.Option(min=1, help="Servers side by side, each with a share of the people and of the coordinators; one core feeds one.")
    ] = 1,
    start: Annotated[str, typer.Option(help="Where study time begins, ISO 8601 with offset.")] = DEMO_START,
    directory: Annotated[Path | None, typer.Option(help="Default: rehearsal in the data directory. Never written over.")] = None,
    quiet: Annotated[bool, typer.Option(help="No progress.")] = False,
) -> None:
    """Live a protocol of your own through before real people do; several are shown side by side."""
    wanted = Wanted(seed=seed, people=participants, days=days, staff=staff, mnar=mnar, preset=preset, world=world)
    home = directory or _settings().directory / "rehearsal"
    show = Showing(out, err, quiet=quiet)
    _end_well(rehearsal_commands.rehearse(protocols, wanted, home, _begins(start), show, houses=houses))


def _begins(start: str) -> datetime:
    begins = commands.instant(start, "/start")
    assert begins is not None
    return begins


def _password(login: str) -> str:
    """Never an argument: those are seen by everyone on the machine."""
    return os.environ.get("BREAKWATER_PASSWORD") or typer.prompt(f"Password of {login}", hide_input=True, err=True)


def _new_password() -> str | None:
    if os.environ.get("BREAKWATER_PASSWORD"):
        return None
    text = "This is a one-time word. A password of your own (you state that you have no power over participants)"
    return str(typer.prompt(text, hide_input=True, confirmation_prompt=True, err=True))


def _end_well(found: list[Lived]) -> None:
    """Exit code 1 with a sentence where a promise was broken, 130 where it was stopped."""
    if sentences := [one for lived in found for one in rehearsal_commands.broken(lived)]:
        raise Conflict("promise_broken", "The rehearsal found what must never be: " + "; ".join(sentences) + ".")
    if not all(one.happened.complete for one in found):
        raise typer.Exit(130)
