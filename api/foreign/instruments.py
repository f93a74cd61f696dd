"""A foreign form, in all its languages, as an instrument of ours."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from api.foreign.calculations import score_of
from api.foreign.drafts import Draft, drafts_of, item_of
from api.foreign.fields import Form
from api.foreign.logic.scope import Known, NotCarried, Scope
from api.foreign.logic.tokens import NotParsed
from api.foreign.names import code_of
from api.foreign.notes import Kind, Notes
from api.foreign.origins import origin_of
from api.foreign.piping import piped, sayable
from api.foreign.registry import Registry
from api.foreign.rules import Tally, branch
from api.foreign.text import plain
from models.definition.checks.types import Type, item_type
from models.definition.instrument import Instrument, Item, Score
from models.definition.origin import OriginForm
from models.kinds import InstrumentKind, ItemKind, RecallFrame

SECONDS_AN_ITEM: Final = 8
"""What an item is taken to need where the study does not say: an assumption, and a warning each time."""


@dataclass(frozen=True, slots=True)
class About:
    """What else is known of an instrument: from its schedule, or assumed."""

    id: str
    kind: InstrumentKind
    seconds: int | None = None
    title: str = ""
    intro: dict[str, str] | None = None
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    instrument: Instrument
    origin: OriginForm
    tally: Tally


def instrument_of(forms: Sequence[Form], about: About, elsewhere: Set[str], registry: Registry, notes: Notes) -> Made:
    """The instrument of a form; the same form in other languages may follow the first. `elsewhere` names fields of other forms."""
    base = forms[0]
    drafts = drafts_of(forms, about.id, registry, notes)
    tally = Tally()
    items = tuple(_items(drafts, elsewhere, notes, tally))
    scores, by_field = _scores(drafts, notes, tally)
    origin = origin_of(base, about.id, drafts, {item.id: item for item in items}, by_field)
    if not items:
        if base.fields:
            notes.add(Kind.INSTRUMENT_EMPTY, "", base.name, "Nothing of this form is asked here; one question stands in its place.")
        items = (_nothing(about.id, base, registry),)
    if about.seconds is None and base.fields:
        notes.add(Kind.SECONDS_ASSUMED, "", base.name, f"How long it takes is not said; {SECONDS_AN_ITEM} seconds an item are taken.")
    title = plain(about.title or base.title, notes, "", base.name) or about.id
    instrument = Instrument(
        id=about.id,
        kind=about.kind,
        title={form.language: title for form in forms},
        intro=about.intro,
        items=items,
        scores=scores,
        seconds=about.seconds or SECONDS_AN_ITEM * len(items),
        started_by_person=about.reported,
    )
    return Made(instrument, origin, tally)


def _items(drafts: Sequence[Draft], elsewhere: Set[str], notes: Notes, tally: Tally) -> list[Item]:
    earlier: dict[str, Known] = {}
    said: dict[str, str] = {}
    items: list[Item] = []
    types: dict[str, Type] = {}
    asked = {draft.field.name for draft in drafts if draft.item is not None}
    unasked = {draft.field.name for draft in drafts} - asked
    scope = Scope(earlier, asked, unasked, elsewhere)
    for draft in drafts:
        known = draft.known
        if known is None:
            continue
        item = piped(item_of(draft, branch(draft.field, scope, types, notes, tally), notes), draft.field, said, notes)
        items.append(item)
        if sayable(item):
            said[draft.field.name] = item.id
        types[item.id] = item_type(item)
        earlier[draft.field.name] = known
    return items


def _scores(drafts: Sequence[Draft], notes: Notes, tally: Tally) -> tuple[tuple[Score, ...], dict[str, str]]:
    """The calculations that are scores, and the score id by field."""
    items = {draft.field.name: draft.known for draft in drafts if draft.known is not None}
    scores: dict[str, Score] = {}
    by_field: dict[str, str] = {}
    for field in (draft.field for draft in drafts if draft.field.type == "calc"):
        formula = field.cell("select_choices_or_calculations")
        tally.found += 1
        try:
            computed = score_of(formula, code_of(field.name, scores), items)
        except NotParsed as refused:
            message = f"At character {refused.at + 1}: {refused.message}."
            notes.add(Kind.LOGIC_NOT_PARSED, field.place, field.name, message, formula)
            continue
        except NotCarried as refused:
            tally.parsed += 1
            notes.add(Kind.CALCULATION_NOT_CARRIED, field.place, field.name, refused.message, formula)
            continue
        tally.parsed += 1
        tally.carried += 1
        if computed.stricter:
            notes.add(Kind.CALCULATION_STRICTER, field.place, field.name, "Theirs passes over blanks; ours needs every item.", formula)
        scores[computed.score.id] = computed.score
        by_field[field.name] = computed.score.id
    return tuple(scores.values()), by_field


def _nothing(instrument: str, form: Form, registry: Registry) -> Item:
    """A question, so that the prompts of the form can be rehearsed before it is written."""
    item = registry.claim(f"{instrument}_not_imported", ItemKind.YES_NO, instrument, set())
    text = {form.language: "This questionnaire could not be imported. Have you seen this?"}
    return Item(id=item, kind=ItemKind.YES_NO, text=text, variable=item, frame=RecallFrame.NONE, direction=0)
