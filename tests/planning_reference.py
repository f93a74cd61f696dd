"""A plan as a phone works it out: `docs/examples/plan/phone.py`, which uses nothing of the planner."""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "examples" / "plan"

_spec = importlib.util.spec_from_file_location("planning_phone", FOLDER / "phone.py")
assert _spec is not None
assert _spec.loader is not None
phone = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = phone  # a dataclass looks its module up
_spec.loader.exec_module(phone)

Someone, first, rules, whole = phone.Someone, phone.first, phone.rules, phone.whole
