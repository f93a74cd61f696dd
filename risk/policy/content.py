"""Which content may be shown to this person now, and with what probability each item is drawn."""

import math
from collections.abc import Mapping
from datetime import timedelta

from models.definition.content import ContentItem
from models.definition.decision import Arm
from models.definition.expression import holds
from models.definition.operations import Value
from risk.terms import PointContext


def eligible(item: ContentItem, context: PointContext, items: Mapping[str, Value], variables: Mapping[str, Value]) -> bool:
    """True where nothing speaks against the item for this person now.

    Against it: the person or the study rests it, it was shown within its rest hours, it plays a scene and there is none,
    or its contraindication holds. A contraindication that cannot be told, because what it reads is missing, does not hold;
    the snapshot shows what was missing.
    """
    if item.code in context.rested or (item.needs_scene and not context.has_scene):
        return False
    shown_at = context.content_history.get(item.code)
    if shown_at is not None and item.rest_hours > 0 and context.now - shown_at < timedelta(hours=item.rest_hours):
        return False
    return item.not_when is None or not holds(item.not_when, items, variables)


def content_probabilities(
    arm: Arm,
    library: Mapping[str, ContentItem],
    context: PointContext,
    items: Mapping[str, Value],
    variables: Mapping[str, Value],
) -> dict[str, float]:
    """The full vector over every item that the arm names, 0 for what cannot be drawn.

    The groups are tried in order: the first with an eligible item of positive weight is drawn from. All zeros: nothing fits.
    """
    vector = {code: 0.0 for group in arm.groups for code in group}
    for group in arm.groups:
        weights = {
            code: weight
            for code in group
            if (weight := _weight(arm, code)) > 0 and code in library and eligible(library[code], context, items, variables)
        }
        if weights:
            total = math.fsum(weights.values())
            return vector | {code: weight / total for code, weight in weights.items()}
    return vector


def _weight(arm: Arm, code: str) -> float:
    weight = arm.weights.get(code, 1.0)
    return weight if math.isfinite(weight) else 0.0
