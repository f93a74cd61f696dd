"""The modules of an update as a compiler made them from their Python sources, or those sources (docs/decisions/0034).

Both give the same bits. What was compiled carries a mark in its files' names, the digest of every source that it was made from: an edit
of any of them hides it, and all are Python again. It is never part old and part new.
"""

import hashlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Final, Literal

Form = Literal["compiled", "python"]

HOME: Final = "risk.estimate"
MODULES: Final = tuple(
    f"{HOME}.{name}"
    for name in (
        "baseline",
        "change",
        "coupling",
        "cues",
        "digits",
        "domains",
        "estimator",
        "evidence",
        "kernels.of_12",
        "kernels.of_6",
        "kernels.of_8",
        "lagged",
        "layout",
        "levels",
        "readout",
        "regressors",
    )
)
"""What is compiled. Modules that are mostly classes are not: it would gain nothing."""

suffixes = list(EXTENSION_SUFFIXES)
"""Endings of compiled files that this interpreter loads. Where it is emptied before HOME is imported, everything is Python."""


class Finder(MetaPathFinder):
    """Finds MODULES: compiled, where all of them were made from what stands in the sources now; else the sources."""

    def __init__(self, folder: str) -> None:
        self._mark = mark(folder)
        made = [FileFinder(folder, (ExtensionFileLoader, suffixes)).find_spec(library(self._mark))]
        made += [self._compiled(_folder(folder, name), name) for name in MODULES]
        self.form: Form = "compiled" if all(made) else "python"

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002
        if fullname not in MODULES or not path:
            return None
        return self._compiled(path[0], fullname) if self.form == "compiled" else _source(path[0], fullname)

    def _compiled(self, folder: str, name: str) -> ModuleSpec | None:
        return FileFinder(folder, (ExtensionFileLoader, [f".{self._mark}{suffix}" for suffix in suffixes])).find_spec(name)


def _source(folder: str, name: str) -> ModuleSpec | None:
    return FileFinder(folder, (SourceFileLoader, [".py"])).find_spec(name)


def _folder(home: str, name: str) -> str:
    """The folder of a module, from that of HOME."""
    return "/".join([home, *name.split(".")[2:-1]])


def library(marked: str) -> str:
    """The module in HOME that holds the compiled code of all MODULES; their own files only lead to it."""
    return f"{HOME}.made_of_{marked}__mypyc"


def mark(folder: str) -> str:
    """The digest of the sources of MODULES in HOME, which lies in `folder`."""
    found = hashlib.sha256()
    for name in MODULES:
        path = f"{_folder(folder, name)}/{name.rpartition('.')[2]}.py"
        text = SourceFileLoader(name, path).get_data(path)
        found.update(b"%d " % len(text) + text)
    return found.hexdigest()[:16]


def prefer(folder: str) -> Form:
    """Puts the finder of HOME, which lies in `folder`, before all others. Gives the form in which MODULES will be loaded."""
    finder = Finder(folder)
    sys.meta_path.insert(0, finder)
    return finder.form
