"""Warnings: what could not be carried as it was, with its place and its own words."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from api.foreign.limits import MAX_NOTES, MAX_ORIGINAL
from models.errors import TooLarge


class Kind(StrEnum):
    """Every kind of warning. `docs/importing.md` says what each means."""

    ENCODING_GUESSED = "encoding_guessed"
    NA_IS_EMPTY = "na_is_empty"
    HEADER_GUESSED = "header_guessed"
    COLUMN_LEFT_OUT = "column_left_out"
    ROW_REFUSED = "row_refused"
    NAME_CHANGED = "name_changed"
    MARKUP_REMOVED = "markup_removed"
    SCRIPT_REMOVED = "script_removed"
    TEXT_SHORTENED = "text_shortened"
    LABEL_MISSING = "label_missing"
    PIPING_NOT_CARRIED = "piping_not_carried"
    OPTION_REFUSED = "option_refused"
    TYPE_APPROXIMATED = "type_approximated"
    VALIDATION_NOT_CARRIED = "validation_not_carried"
    RANGE_NOT_CARRIED = "range_not_carried"
    MIDDLE_LABEL_NOT_CARRIED = "middle_label_not_carried"
    NOT_ASKED = "not_asked"
    LOGIC_NOT_PARSED = "logic_not_parsed"
    LOGIC_NOT_CARRIED = "logic_not_carried"
    LOGIC_OUT_OF_STEP = "logic_out_of_step"
    CALCULATION_NOT_CARRIED = "calculation_not_carried"
    CALCULATION_STRICTER = "calculation_stricter"
    ACTION_TAG_NOT_CARRIED = "action_tag_not_carried"
    RANKING_NOT_CARRIED = "ranking_not_carried"
    INSTRUMENT_EMPTY = "instrument_empty"
    LANGUAGE_DIFFERS = "language_differs"
    RECORDS_LEFT_OUT = "records_left_out"
    EVENTS_NOT_CARRIED = "events_not_carried"
    REPEATS_NOT_CARRIED = "repeats_not_carried"
    SURVEY_NOT_CARRIED = "survey_not_carried"
    QUESTIONNAIRE_MISSING = "questionnaire_missing"
    SCHEDULE_NOT_CARRIED = "schedule_not_carried"
    SCHEDULE_CUT = "schedule_cut"
    START_NOT_CARRIED = "start_not_carried"
    TIMES_WRITTEN_BY_HAND = "times_written_by_hand"
    TIMES_DRAWN_ANEW = "times_drawn_anew"
    TRIGGER_NOT_CARRIED = "trigger_not_carried"
    EXPIRY_ASSUMED = "expiry_assumed"
    REMINDER_NOT_CARRIED = "reminder_not_carried"
    TEXT_NOT_CARRIED = "text_not_carried"
    PUSH_NOT_NEUTRAL = "push_not_neutral"
    WAKE_WINDOW_ASSUMED = "wake_window_assumed"
    SECONDS_ASSUMED = "seconds_assumed"
    FRAME_ASSUMED = "frame_assumed"


@dataclass(frozen=True, slots=True)
class Note:
    """One warning. `place` is a line, a JSON pointer or the name of an XML element; `original` the foreign text, cut to a stated length."""

    kind: Kind
    file: str
    place: str
    field: str
    message: str
    original: str = ""


@dataclass(slots=True)
class Notes:
    """Gathers the warnings of an import, file by file."""

    file: str = ""
    found: list[Note] = field(default_factory=list)

    def add(self, kind: Kind, place: str, name: str, message: str, original: str = "") -> None:
        """Raises TooLarge beyond the stated number: a file that warrants more is not one to read on in."""
        if len(self.found) >= MAX_NOTES:
            raise TooLarge("foreign_too_large", f"{self.file} gives more than {MAX_NOTES} warnings.")
        self.found.append(Note(kind, self.file, place, name[:200], message, original[:MAX_ORIGINAL]))

    def by_kind(self) -> dict[str, int]:
        return dict(sorted(Counter(str(note.kind) for note in self.found).items()))
