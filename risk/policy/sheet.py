"""What the policy needs of a protocol, worked out once: which names it reads, and the hash of every rule and item."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from models.codec import digest_hex
from models.definition.base import Document
from models.definition.content import ContentItem
from models.definition.decision import ADHERENCE_VARIABLES, MODEL_VARIABLES, DecisionRule
from models.definition.escalation import AlertRule
from models.definition.expression import items_read, variables_read
from models.definition.prompting import FollowUp
from models.definition.protocol import Protocol


class _Same:
    """A document as a key, equal only to itself: documents hold dictionaries and so have no hash of their own.

    The key keeps its document alive, so an identity in the cache is never that of another, later document.
    """

    __slots__ = ("document",)

    def __init__(self, document: Document) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.document is self.document


@dataclass(frozen=True, slots=True)
class Sheet:
    """`variables` and `items` are the names that rules, alert rules, contraindications and follow-ups on the estimate read, sorted.

    `alert_rules` are those of decision points: the ones about adherence and about the alert budget are looked at by the clock
    (`risk.watch`, `risk.budgeted`).

    `identifying` items are frozen as given or not, never with their content. `resting` are the codes with rest hours.
    """

    protocol: Protocol
    variables: tuple[str, ...]
    items: tuple[str, ...]
    alert_rules: tuple[AlertRule, ...]
    reads_adherence: bool
    reads_model: bool
    identifying: frozenset[str]
    library: Mapping[str, ContentItem]
    resting: frozenset[str]


def sheet(protocol: Protocol) -> Sheet:
    """The sheet of a protocol; the same object again for the same protocol object."""
    return _sheet(_Same(protocol))


def rule_hash(rule: DecisionRule) -> str:
    """sha256 of the rule's canonical JSON, 64 hexadecimal digits."""
    return document_hash(rule)


def content_hash(item: ContentItem) -> str:
    """sha256 of the item's canonical JSON, 64 hexadecimal digits."""
    return document_hash(item)


def document_hash(document: Document) -> str:
    """sha256 of the canonical JSON of any part of a protocol, 64 hexadecimal digits."""
    return _hash(_Same(document))


@lru_cache(maxsize=32)
def _sheet(same: _Same) -> Sheet:
    protocol = same.document
    assert isinstance(protocol, Protocol)
    alert_rules = tuple(rule for rule in protocol.alert_rules if not rule.about_adherence and not rule.about_budget)
    trees = tuple(_trees(protocol, alert_rules))
    variables = frozenset[str]().union(*map(variables_read, trees))
    return Sheet(
        protocol=protocol,
        variables=tuple(sorted(variables)),
        items=tuple(sorted(frozenset[str]().union(*map(items_read, trees)))),
        alert_rules=alert_rules,
        reads_adherence=not variables.isdisjoint(ADHERENCE_VARIABLES),
        reads_model=not variables.isdisjoint(MODEL_VARIABLES),
        identifying=frozenset(item.id for _, item in protocol.series() if item.identifying),
        library={item.code: item for item in reversed(protocol.content)},
        resting=frozenset(item.code for item in protocol.content if item.rest_hours > 0),
    )


@lru_cache(maxsize=1024)
def _hash(same: _Same) -> str:
    return digest_hex(same.document.model_dump(mode="json", by_alias=True))


def _trees(protocol: Protocol, alert_rules: Iterable[AlertRule]) -> Iterator[Any]:
    yield from (rule.when for rule in protocol.rules)
    yield from (rule.when for rule in alert_rules)
    yield from (item.not_when for item in protocol.content)
    yield from (design.condition for design in protocol.designs if isinstance(design, FollowUp) and design.basis == "estimate")
