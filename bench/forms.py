"""Modules of risk as plain Python, beside those in use: what the compiled form is held against."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


@contextmanager
def python_form() -> Iterator[None]:
    """Within it, modules of risk are imported once more, from their Python sources, whatever was compiled. After it, all is as before."""
    kept = {name: sys.modules.pop(name) for name in _of_risk()}
    finders = list(sys.meta_path)
    try:
        import_module("risk.compiled").suffixes.clear()
        yield
    finally:
        for name in _of_risk():
            del sys.modules[name]
        sys.modules.update(kept)
        sys.meta_path[:] = finders


def as_python(*names: str) -> tuple[ModuleType, ...]:
    """These modules of risk as Python."""
    with python_form():
        return tuple(import_module(name) for name in names)


def _of_risk() -> list[str]:
    return [name for name in sys.modules if name == "risk" or name.startswith("risk.")]
