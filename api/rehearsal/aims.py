"""What is rehearsed where: the protocol, and a directory that nothing was written to yet."""

import json
from itertools import count
from pathlib import Path
from typing import Final

from api.actions.first_run import shipped
from api.actions.publish_protocol import checked, faults_of
from models.definition.protocol import Protocol
from models.errors import Invalid

SHIPPED: Final = ("oud", "oud_low_burden")
DIRECTORY_MODE: Final = 0o700


def document_of(name: str) -> bytes:
    """The protocol of that name among the shipped ones, or the file. Raises Invalid with every fault, or where there is none."""
    document = unchecked(name)
    checked(document)
    return document


def unchecked(name: str) -> bytes:
    """The same with whatever faults it has. Raises Invalid where there is none."""
    path = Path(name)
    if name in SHIPPED and not path.is_file():
        return shipped(name)
    try:
        return path.read_bytes()
    except OSError:
        known = ", ".join(SHIPPED)
        raise Invalid("no_such_protocol", f"{name} is neither a file that can be read nor a shipped protocol ({known}).") from None


def cut(document: bytes, days: int) -> tuple[bytes, Protocol]:
    """The protocol's first days, where it lasts longer, so that a short rehearsal ends as a study does; as it is where that cannot be."""
    protocol = checked(document)
    if protocol.length_days <= days:
        return document, protocol
    shorter = json.dumps({**json.loads(document), "length_days": days}, ensure_ascii=False).encode()
    return (document, protocol) if faults_of(shorter) else (shorter, checked(shorter))


def fresh_directory(wanted: Path) -> Path:
    """The directory, made now; where something is there already the next free number, as `demo-2`: nothing is ever written over."""
    for number in count(1):
        path = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            path.mkdir(parents=True, mode=DIRECTORY_MODE)
        except FileExistsError:
            if not (path.is_dir() and not any(path.iterdir())):
                continue
        return path.absolute()
    raise AssertionError("there is always a next number")
