"""Modules of risk as plain Python, beside those in use: what the compiled form is held against."""

import sys
from importlib import import_module
from types import ModuleType


def as_python(*names: str) -> tuple[ModuleType, ...]:
    """These modules of risk imported once more from their Python sources, whatever was compiled. What was imported before stays in use."""
    kept = {name: sys.modules.pop(name) for name in _of_risk()}
    finders = list(sys.meta_path)
    try:
        import_module("risk.compiled").suffixes.clear()
        return tuple(import_module(name) for name in names)
    finally:
        for name in _of_risk():
            del sys.modules[name]
        sys.modules.update(kept)
        sys.meta_path[:] = finders


def _of_risk() -> list[str]:
    return [name for name in sys.modules if name == "risk" or name.startswith("risk.")]
