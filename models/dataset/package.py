"""What travels with the tables: the descriptor, the manifest and the words to the reader. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.dataset.schema import Table, table_schema

FORMAT = "breakwater.dataset/1"

ABOUT_IDS = (
    "Every id was made for this release. Ids of another release cannot be linked to these, and nobody should try to find out who "
    "a person is. Exact times and time zones make this a limited data set: it is not free of every identifier, and it must be "
    "kept and shared as such."
)
ABOUT_TEXT = (
    "Free text, entries of personal lists, names, contacts, scenes and notes are not in these files. Where such a question was "
    "answered, a column says that it was, and nothing else."
)
CERTIFICATE = (
    "A Certificate of Confidentiality covers this study. Whoever holds these data, or a copy, may not give them to a court, an "
    "agency, an employer or anyone else who would use them for a proceeding against a person, unless that person agrees. The duty "
    "goes with the data to every later holder."
)
REDISCLOSURE = (
    "These records tell of treatment for a substance use disorder and may be protected by 42 CFR Part 2. They were released for the "
    "stated purpose. They may not be passed on, or used to investigate or charge a person, unless the person's written consent or "
    "that regulation allows it."
)
ABOUT_ESTIMATES = (
    "Estimates are investigational. They describe association, not cause, and are no diagnosis and no verdict on a person. Silence "
    "is not calm: an estimate whose evidence is unknown is never low."
)
ABOUT_SYNTHETIC = "SYNTHETIC DATA. Simulated people made these rows. They are evidence about software and about nobody."


@dataclass(frozen=True, slots=True)
class Facts:
    """What the dataset says about itself. `cut` is a digest: equal cuts have equal ones."""

    study_id: str
    title: str
    slug: str
    certificate: bool
    synthetic: bool
    release: str
    purpose: str
    as_of: datetime
    software_version: str
    formats: tuple[str, ...]
    tables: tuple[str, ...]
    missing_codes: Mapping[str, str]
    cut: str


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom the dataset holds and how they answered. The shares are means over persons; None without any."""

    persons: int
    left_out: int
    """Had started, but withdrew the use of their data."""
    compliance_on_time: float | None
    compliance_ever: float | None


def statements(facts: Facts) -> tuple[str, ...]:
    """What every reader must know, the weightiest first."""
    said = [ABOUT_SYNTHETIC] if facts.synthetic else []
    if facts.certificate:
        said.append(CERTIFICATE)
    return (*said, REDISCLOSURE, ABOUT_IDS, ABOUT_TEXT, ABOUT_ESTIMATES)


def missing_values(codes: Mapping[str, str]) -> list[str]:
    """What means nothing in a cell, the empty one first."""
    return ["", *sorted(set(codes.values()))]


def data_package(
    facts: Facts, tables: Sequence[Table], files: Mapping[str, tuple[str, int]], rows: Mapping[str, int], reached: Reached
) -> dict[str, Any]:
    """The Frictionless data package (v1) of the CSV files. `files` maps a path to its sha256 and size in bytes."""
    exported = [table.name for table in tables]
    resources = []
    for table in tables:
        path = f"{table.name}.csv"
        if path not in files:
            continue
        digest, size = files[path]
        codes = missing_values(facts.missing_codes) if table.name == "prompts" else [""]
        resource: dict[str, Any] = {
            "name": table.name,
            "path": path,
            "profile": "tabular-data-resource",
            "description": table.about,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "hash": f"sha256:{digest}",
            "bytes": size,
            "rows": rows[table.name],
            "schema": table_schema(table, codes, exported),
        }
        if f"{table.name}.parquet" in files:
            resource["parquet"] = f"{table.name}.parquet"
        resources.append(resource)
    return {
        "profile": "tabular-data-package" if resources else "data-package",
        "name": "dataset",
        "title": facts.title,
        "version": facts.release,
        "description": " ".join(statements(facts)),
        "created": _instant(facts.as_of),
        "synthetic": facts.synthetic,
        "missingCodes": dict(facts.missing_codes),
        "samplingScheme": _openesm(reached),
        "resources": resources,
    }


def manifest(facts: Facts, files: Mapping[str, tuple[str, int]], rows: Mapping[str, int], reached: Reached) -> dict[str, Any]:
    """What was asked, how it was cut, what came of it, and the digest of every other file."""
    return {
        "format": FORMAT,
        "synthetic": facts.synthetic,
        "study": {"id": facts.study_id, "slug": facts.slug, "title": facts.title},
        "release": facts.release,
        "purpose": facts.purpose,
        "as_of": _instant(facts.as_of),
        "cut": facts.cut,
        "software_version": facts.software_version,
        "request": {"formats": list(facts.formats), "tables": list(facts.tables), "missing_codes": dict(facts.missing_codes)},
        "people": {"in_the_dataset": reached.persons, "left_out_because_use_was_withdrawn": reached.left_out},
        "compliance": {
            "definition": "completed on time / (planned - not sent - withdrawn), per person, then the mean over persons",
            "on_time": reached.compliance_on_time,
            "ever": reached.compliance_ever,
        },
        "rows": dict(rows),
        "files": {name: {"sha256": digest, "bytes": size} for name, (digest, size) in sorted(files.items())},
        "statements": list(statements(facts)),
    }


def readme(facts: Facts, tables: Sequence[Table], rows: Mapping[str, int]) -> str:
    """The first file that a reader opens."""
    codes = "\n".join(f"  {code:>4}  {kind}" for kind, code in facts.missing_codes.items())
    listed = "\n".join(f"  {table.name:<13} {rows[table.name]:>9} rows. {table.about}" for table in tables)
    said = "\n\n".join(statements(facts))
    return f"""{facts.title}
Release {facts.release}, as of {_instant(facts.as_of)}
Purpose: {facts.purpose}

{said}

TABLES
{listed}

HOW TO READ THEM
  datapackage.json describes every column: type, meaning, range, labels. items.csv holds every question in every revision of the
  protocol, score_rules.csv how every score is made, signal_series.csv what is made of signals; protocol/revision-<n>.json is the
  whole protocol.
  participant_id joins all tables; prompt_id joins prompts, schedule, events, scores and answers_long; response_id joins prompts,
  answers_long, scores, trials, task_scores, estimates and decisions. For tools that expect openESM: id is participant_id; day, beep
  and counter are as named.
  CSV: UTF-8, comma, decimal point; yes is 1. *_utc is UTC; *_local is the wall clock in the person's zone, with
  its offset at that instant.
  A text that begins like a formula has an apostrophe before it.
  Empty: the question belongs to another questionnaire, or nothing came at all (see status). In the item columns of prompts.csv:
{codes}
  In Parquet these are null; answers_long has the kind of nothing in the column `missing` in every format.
  Several choices are separated by semicolons in one column, and have one column of 0 and 1 for each option.

COMPLIANCE
  Completed on time / (planned - not_sent - withdrawn), for each person, then the mean over persons. A prompt that was still open
  at the cut is in no count; entries that a person started are never counted; a device that could not be reached stays in the
  denominator. compliance.csv has both numerators and the denominator; compliance_weeks.csv has them for each study week.

THE CUT
  The files hold what had been stored when the dataset was asked for. Answers that came later, also to prompts in these files, are
  not in them. The same request gives the same bytes again, except that people who withdraw the use of their data are left out
  from then on.
"""


def _openesm(reached: Reached) -> dict[str, Any]:
    return {"implicit_missingness": False, "raw_time_stamp": True, "n_participants": reached.persons}


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
