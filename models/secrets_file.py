"""`secrets.toml`: made on the first run, readable by its owner alone."""

import os
import tomllib
from pathlib import Path

from models.errors import Problem
from models.ids import new_key
from models.sealed import Keys

_NAMES = ("audit", "token", "export", "index")


class BadSecrets(Problem):
    """The secrets file is missing, short or open to others: refuse to start."""


def load_or_make(directory: Path) -> Keys:
    """The keys of this installation; makes them where there are none yet."""
    path = directory / "secrets.toml"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(path)
    return load(path)


def load(path: Path) -> Keys:
    """Raises BadSecrets with the file's name and the broken rule, never a key."""
    if not path.exists():
        raise BadSecrets("secrets_missing", f"{path.name} is not there")
    if path.stat().st_mode & 0o077:
        raise BadSecrets("secrets_open", f"{path.name} can be read by other users; run: chmod 600 {path}")
    try:
        document = tomllib.loads(path.read_text())
        encryption = {name: bytes.fromhex(value) for name, value in document["encryption"].items()}
        others = {name: bytes.fromhex(document[name]) for name in _NAMES}
        key_id = document["key_id"]
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise BadSecrets("secrets_unreadable", f"{path.name} is not as expected: {type(error).__name__}") from None
    weak = [name for name, value in {**encryption, **others}.items() if len(value) < 32 or len(set(value)) < 8]
    weak += [name for name, value in encryption.items() if len(value) > 32]
    if weak or key_id not in encryption:
        raise BadSecrets("secrets_weak", f"{path.name}: not 32 bytes, too plain or missing: {', '.join(weak) or key_id}")
    return Keys(key_id=key_id, encryption=encryption, **others)


def _make(path: Path) -> None:
    """The whole file under its name or none: a crash half way must not leave keys that cannot be read."""
    lines = ['key_id = "k1"', *(f'{name} = "{new_key().hex()}"' for name in _NAMES), "", "[encryption]", f'k1 = "{new_key().hex()}"', ""]
    written = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("# The keys of this installation. Lose them and sealed data cannot be read; keep a copy apart from the database.\n")
        file.write("\n".join(lines))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(written, path)
    except FileExistsError:
        return  # another process was first; its keys hold
    finally:
        written.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
