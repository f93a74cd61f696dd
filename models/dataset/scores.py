"""Scores: a row for each score of each response, and how every score is made. Pure.

Nothing is stored of them: a score is a function of the stored answers and of the revision that they were asked from, so the file and
whoever computes it again from `answers_long` and `score_rules` say the same.
"""

import json
from collections.abc import Iterator
from typing import Any

from models.dataset.answers import document
from models.dataset.codebook import Codebook
from models.dataset.columns import PERSON, SYNTHETIC, TO_PERSON, count, flag, number, text, utc, words
from models.dataset.framing import Framing, Person, asked
from models.dataset.schema import Record, Table
from models.dataset.shape import Row, Shape
from models.definition.instrument import Instrument, Score
from models.definition.score import ends, items_of, scored
from models.kinds import Timing

SCORES = Table(
    "scores",
    "One row for each score of each revision of each response, computed from its answers; score_rules says how.",
    (
        PERSON,
        text("response_id", "Id of the response.", required=True),
        count("revision", "Revision of the response.", 1),
        flag("newest", "The newest revision when the dataset was cut."),
        text("prompt_id", "The prompt it answers; empty for an entry."),
        text("instrument", "Which questionnaire.", required=True),
        count("protocol_revision", "Revision of the protocol.", 1),
        text("timing", "When the answers came.", words(Timing)),
        utc("event_time", "When the response was given, device clock corrected."),
        text("score", "Which score.", required=True),
        number("value", "Its number; empty: too little was answered, or its expression gives no number."),
        count("n_items", "Items that it is made of."),
        count("n_answered", "Of those, answered."),
        SYNTHETIC,
    ),
    key=("response_id", "revision", "score"),
    references=(TO_PERSON, ("prompt_id", "prompts", "prompt_id")),
)

SCORE_RULES = Table(
    "score_rules",
    "How each score of each questionnaire of each protocol revision is made.",
    (
        text("score", "Id of the score.", required=True),
        text("instrument", "Which questionnaire.", required=True),
        count("protocol_revision", "Revision of the protocol.", 1),
        text("protocol_version", "Version of the protocol."),
        text("how", "What it is.", ("sum", "mean", "expression")),
        text("items", "The items that it is made of, separated by semicolons."),
        text("reversed", "Those that count lowest + highest - answer, as item = lowest + highest, separated by semicolons."),
        number("least_answered", "Of a sum or mean: the least share of its items that must be answered.", minimum=0, maximum=1),
        text("expression", "Of an expression: its tree in JSON, in the language of docs/expressions.md."),
        text("rule", "The same in words."),
    ),
    key=("protocol_revision", "instrument", "score"),
)


class ScoreRows:
    """The rows of `SCORES` in one shape."""

    def __init__(self, framing: Framing, shape: Shape) -> None:
        self._framing, self._shape = framing, shape

    def rows(self, person: Person, response: Any, *, newest: bool, prompt_id: str | None) -> Iterator[Row]:
        """`response` is an `AnswersRow`; `newest`: of its revisions in the cut."""
        revision, instrument = asked(self._framing, response.protocol_version_id, response.instrument)
        if instrument is None or not instrument.scores:
            return
        shape = self._shape
        head = [
            person.participant_id,
            person.source_id(response.client_id),
            shape.count(response.revision),
            shape.flag(newest),
            shape.nothing if prompt_id is None else prompt_id,
            shape.text(response.instrument),
            shape.count(revision),
            response.timing,
            shape.utc(response.event_time),
        ]
        synthetic = shape.flag(response.synthetic)
        for one in scored(instrument, document(response.answers)):
            yield [*head, shape.text(one.id), shape.number(one.value), shape.count(one.items), shape.count(one.answered), synthetic]


def rule_rows(book: Codebook) -> Iterator[Record]:
    """The rows of `SCORE_RULES`, by revision in the order of the protocol."""
    for revision, protocol in sorted(book.protocols.items()):
        for instrument in protocol.instruments:
            for score in instrument.scores:
                yield _rule(revision, protocol.version, instrument, score)


def _rule(revision: int, version: str, instrument: Instrument, score: Score) -> Record:
    items, expression = items_of(score), score.how == "expression"
    turned = [item for item in map(instrument.item, items) if item is not None and item.reverse and not expression]
    return {
        "score": score.id,
        "instrument": instrument.id,
        "protocol_revision": revision,
        "protocol_version": version,
        "how": score.how,
        "items": ";".join(items),
        "reversed": ";".join(f"{item.id} = {sum(ends(item)):g}" for item in turned) or None,
        "least_answered": None if expression else score.least_answered,
        "expression": json.dumps(score.model_dump(mode="json")["value"], separators=(",", ":")) if expression else None,
        "rule": _in_words(score, len(items)),
    }


def _in_words(score: Score, items: int) -> str:
    if score.how == "expression":
        return "The value of the expression over the answers; empty where it is missing or no number."
    given = f"Empty where fewer than {score.least_answered:g} of the {items} items are answered."
    if score.how == "mean":
        return f"The mean of the answered items. {given}"
    return f"The sum of the answered items, times {items} / answered. {given}"
