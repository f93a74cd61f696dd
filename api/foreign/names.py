"""Names of ours for foreign names: lower case, digits and underscores, each once."""

import hashlib
import re
from collections.abc import Container
from typing import Final

LONGEST: Final = 63
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def code_of(foreign: str, taken: Container[str] = (), prefix: str = "f") -> str:
    """A `Code` for a foreign name, none of `taken`. One that is a code already and free stays as it is.

    What does not begin with a letter gets the prefix; what is too long is cut and ends on a digest of the whole.

    >>> code_of("m_crave"), code_of("2MW test"), code_of("-1", prefix="c"), code_of("1", {"c_1"}, "c")
    ('m_crave', 'f_2mw_test', 'c_m1', 'c_1_2')
    """
    name = foreign if _is_code(foreign) else _slug(foreign, prefix)
    if len(name) > LONGEST:
        name = f"{name[: LONGEST - 9].rstrip('_')}_{hashlib.sha256(foreign.encode('utf-8', 'replace')).hexdigest()[:8]}"
    if name not in taken:
        return name
    stem, number = name[: LONGEST - 5], 2
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


def _is_code(name: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9_]*", name) is not None


def _slug(foreign: str, prefix: str) -> str:
    lowered = foreign.strip().lower()
    signed = re.sub(r"^-(?=\d)", "m", lowered)
    slug = _OTHER.sub("_", signed).strip("_")
    return slug if slug[:1].isalpha() and signed == lowered else f"{prefix}_{slug}".rstrip("_")
