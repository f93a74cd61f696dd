"""What a foreign rule may read, and the refusal to carry one."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Final

from api.foreign.logic.tree import Reference
from models.kinds import ItemKind

NUMBERS: Final = frozenset({ItemKind.SLIDER, ItemKind.INTEGER, ItemKind.DECIMAL, ItemKind.DURATION})


@dataclass(eq=False)
class NotCarried(Exception):
    """The rule means something that our tree does not say. `rule` is a stable word; the message never holds the text."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Known:
    """A field that a rule may read: our item, and the option codes by foreign code."""

    item: str
    kind: ItemKind
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> dict[str, str]:
        return {"item": self.item}


@dataclass(frozen=True, slots=True)
class Scope:
    """The fields asked before the one with the rule; the other names, so that a refusal says why. It grows as the form is read."""

    earlier: Mapping[str, Known]
    asked: Set[str] = frozenset()
    unasked: Set[str] = frozenset()
    elsewhere: Set[str] = frozenset()

    def find(self, reference: Reference) -> Known:
        """The field of a reference. Raises NotCarried."""
        if reference.smart:
            raise NotCarried("smart_variable", "It reads a variable of REDCap's own.")
        if reference.event is not None or reference.instance is not None:
            raise NotCarried("other_event", "It reads another event or instance; prompts have none.")
        if reference.argument is not None:
            raise NotCarried("reference_argument", "It reads a field in another form than its value.")
        known = self.earlier.get(reference.field)
        if known is not None:
            return known
        if reference.field in self.unasked:
            raise NotCarried("field_not_asked", "It reads a field that is not asked here.")
        if reference.field in self.asked:
            raise NotCarried("later_field", "It reads a field that is asked later, or its own.")
        if reference.field in self.elsewhere:
            raise NotCarried("other_form", "It reads a field of another form.")
        raise NotCarried("unknown_field", "It reads a field that the study does not have.")
