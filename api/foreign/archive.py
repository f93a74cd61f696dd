"""Archives, opened with suspicion: nothing is unpacked to a disk, and every size is measured, not believed."""

import io
import zipfile
import zlib
from typing import Final

from api.foreign.limits import MAX_BYTES, MAX_ENTRIES, MAX_RATIO
from models.errors import Invalid, TooLarge

_ENCRYPTED: Final = 0x1
_CHUNK: Final = 1 << 16
_SMALL: Final = 1 << 16
"""Below this, unpacked, a ratio says nothing."""


def entry(raw: bytes, name: str, file: str) -> bytes:
    """The bytes of one entry of a zip archive, by its name without case.

    Raises Invalid: `archive_broken`, `archive_unsafe` (a path that leaves the archive, an encrypted entry, one name twice) or
    `archive_unfit` (no such entry); TooLarge (`foreign_too_large`) above the stated numbers of entries, bytes or ratio.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise TooLarge("foreign_too_large", f"{file} has more than {MAX_ENTRIES} entries.")
            for one in entries:
                _check(one, file)
            found = [one for one in entries if one.filename.lower() == name]
            if not found:
                raise Invalid("archive_unfit", f"{file} holds no {name}.")
            if len(found) > 1:
                raise Invalid("archive_unsafe", f"{file} holds {name} more than once.")
            return _read(archive, found[0], file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
        raise Invalid("archive_broken", f"{file} cannot be read as a zip archive.") from None


def _check(one: zipfile.ZipInfo, file: str) -> None:
    name = one.filename.replace("\\", "/")
    if name.startswith("/") or ":" in name or ".." in name.split("/") or "\0" in one.orig_filename:
        raise Invalid("archive_unsafe", f"{file} has an entry whose path leaves the archive.")
    if one.flag_bits & _ENCRYPTED:
        raise Invalid("archive_unsafe", f"{file} has an encrypted entry.")


def _read(archive: zipfile.ZipFile, one: zipfile.ZipInfo, file: str) -> bytes:
    """Chunk by chunk, so that what an entry claims of its size does not matter."""
    parts: list[bytes] = []
    size = 0
    with archive.open(one) as stream:
        while chunk := stream.read(_CHUNK):
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_BYTES or (size > _SMALL and size > MAX_RATIO * max(one.compress_size, 1)):
                raise TooLarge("foreign_too_large", f"{file} unpacks to more than {MAX_BYTES} bytes, or {MAX_RATIO} times its size.")
    return b"".join(parts)
