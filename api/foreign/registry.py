"""Item ids of a protocol. One id, and one variable, means one scale everywhere: a name that two forms use for two scales becomes two."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from api.foreign.names import code_of


@dataclass(slots=True)
class Registry:
    """Every id that was given, with what it measures."""

    given: dict[str, Hashable] = field(default_factory=dict)

    def claim(self, foreign: str, scale: Hashable, instrument: str, here: set[str]) -> str:
        """The id of a field: its name, or where that is taken here or for another scale, its name behind the instrument's."""
        name = code_of(foreign)
        if name in here or self.given.get(name, scale) != scale:
            name = code_of(f"{instrument}_{name}", self.given)
        self.given[name] = scale
        here.add(name)
        return name
