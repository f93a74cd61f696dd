"""`breakwater prior`: a prior for the estimator, learned from a study's answers, as the file that a house may start with."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from api.laboratory.streams import read_streams
from models.codec import canonical
from models.errors import Conflict
from risk.estimate.prior import PRIOR_FILE, Prior, load
from risk.laboratory.learned_limits import watched, with_limits
from risk.laboratory.learned_prior import Learned, learned, published


def run_prior(
    dataset: Path,
    mapping: Path | None,
    craving: Sequence[str],
    base: Path | None,
    to: Path,
    *,
    name: str,
    synthetic: bool,
    today: date,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Writes the file `to`, and says what is in it. Without `craving` its indicators stay as the protocol asks them.

    `synthetic`: the people are simulated, which an export says by itself. A prior of simulated people is no base for one of real people.

    Raises Conflict (`file_exists`) where `to` is there: a prior that people's states began from must not change under its name.
    """
    if to.exists():
        raise Conflict("file_exists", f"{to.name} is there already, and a prior never changes; name another place with --to.")
    tell("answers")
    streams = read_streams(dataset, mapping, craving or None)
    simulated = synthetic or streams.synthetic
    began = load(base.read_bytes() if base else (files("risk.estimate") / "priors" / PRIOR_FILE).read_bytes(), rehearsal=simulated)
    tell(f"couplings of {len(streams.people)} people")
    found = learned(streams.people, streams.nodes, began.document)
    tell("limits of the detectors of change")
    under = load(canonical(found.document), rehearsal=True)
    found = replace(found, document=with_limits(found.document, [watched(one, streams.nodes, under) for one in streams.people]))
    source = f"{streams.title} ({streams.source}), sha256 {_digest(dataset)}"
    raw = published(found, began, name=name, dataset=source, made_at=today.isoformat(), synthetic=simulated)
    to.write_bytes(raw)
    return _said(load(raw, rehearsal=True), began, found)


def _said(made: Prior, began: Prior, found: Learned) -> dict[str, Any]:
    before = began.document.coupling
    couplings = [
        {"name": name, "mean": one.mean, "sd": one.sd, "before": None if one == before[name] else [before[name].mean, before[name].sd]}
        for name, one in made.document.coupling.items()
    ]
    limits = [] if made.document.limits == began.document.limits else [msgspec.to_builtins(one) for one in made.document.limits]
    said = {"id": made.id, "people": found.people, "used": found.used, "synthetic": made.document.synthetic}
    return {**said, "couplings": couplings, "limits": limits}


def _digest(dataset: Path) -> str:
    """Of the file; of a folder that of its manifest, which has those of its tables."""
    return sha256((dataset / "MANIFEST.json" if dataset.is_dir() else dataset).read_bytes()).hexdigest()
