"""The prompt side: `PROMPT_COLUMNS`, to which `codebook` adds the items, and the tables of answers, people and slots. Pure."""

from datetime import timedelta

from models.dataset.columns import (
    PERSON,
    SYNTHETIC,
    TO_PERSON,
    both,
    count,
    day,
    flag,
    labeled,
    number,
    text,
    utc,
    words,
)
from models.dataset.schema import Column, Table
from models.definition.prompting import EARLY_GRACE
from models.kinds import DesignKind, Domain, InstrumentKind, Missing, Node, PromptState, RecallFrame, Timing

STATUSES = {
    "completed": "answered to the end",
    "partial": "answered in part",
    "expired": "answered only after the prompt had expired",
    "opened": "opened, then expired without an answer",
    "missed": "sent and never opened",
    "declined": "the person said not now",
    "withdrawn": "cancelled because the person left",
    "device_off": "the device could not be reached",
    "not_sent": "planned and never sent; `reason` says why",
    "open": "could still be answered when the dataset was cut",
}
"""What became of a prompt, in words for analysis; `state` keeps the word of the house."""

TRIGGERS = {
    "random": "drawn at random in a block of the wake window",
    "fixed": "at a set time, or at a set distance from waking or sleeping",
    "follow_up": "planned by an answer",
    "event": "started by the person",
}

_EARLY = f"early: begun more than {EARLY_GRACE // timedelta(minutes=1)} minutes before the prompt was due."

PROMPT_COLUMNS: tuple[Column, ...] = (
    PERSON,
    text("study_id", "Random id of the study.", required=True),
    text("site", "Random id of the site."),
    text("arm", "Study arm of the person."),
    text("record_id", "Id of this row: that of the prompt or, for an entry, of the response.", required=True),
    text("row_kind", "A planned prompt, or an entry that the person started.", ("prompt", "entry"), required=True),
    text("prompt_id", "Id of the prompt; empty for an entry."),
    text("response_id", "Id of the response that the answers come from."),
    text("instrument", "Which questionnaire.", required=True),
    text("instrument_kind", "What kind of questionnaire.", words(InstrumentKind)),
    text("design", "Which design of the protocol planned it."),
    labeled("trigger", "How the moment was chosen.", TRIGGERS),
    text("protocol_version", "Version of the protocol, as its authors number it; in an old study two revisions may share one."),
    count("protocol_revision", "Revision of the protocol within the study; protocol/revision-<n>.json.", 1),
    count("study_day", "Local calendar day, 1 is the day of enrollment. Of a prompt: the day on which its wake window begins.", None),
    count("day", "Number of this day among the person's days with planned prompts (openESM: day).", 1),
    count("beep", "Number of the prompt within its day, by planned time (openESM: beep).", 1),
    count("counter", "Number of the prompt within the study (openESM: counter).", 1),
    number("weekday", "Day of the week of the local date, ISO: Monday is 1.", "integer", 1, 7),
    count("entry_seq", "Number of the entry within the study.", 1),
    *both("scheduled", "When the prompt was due."),
    *both("sent", "When it was first sent."),
    *both("delivered", "When a channel reported it as delivered."),
    *both("opened", "When the person opened it."),
    *both("first_answer", "When the first item was answered, device clock corrected."),
    *both("completed", "When the last item was answered, device clock corrected."),
    *both("expired", "When it expired."),
    utc("server_received", "When the answers reached the server."),
    text("iana_tz", "Time zone of the person at this row."),
    number("utc_offset_minutes", "Minutes east of UTC at this row.", "integer"),
    flag("tz_changed", "The zone differs from that of the person's row before."),
    text("state", "State of the prompt in the house's words.", words(PromptState)),
    labeled("status", "What became of it.", STATUSES),
    text("reason", "Coded reason of the state."),
    text("timing", f"When the answers came, decided by the server; {_EARLY}", words(Timing)),
    count("reminders_sent", "Reminders sent."),
    count("snoozes", "Times the person put it off."),
    count("n_items_shown", "Items that were shown."),
    count("n_items_answered", "Items that were answered."),
    number("response_latency_s", "Seconds from sent to opened."),
    number("duration_s", "Seconds from opening the questionnaire to the last answer, device clock."),
    count("n_responses", "Responses to this prompt; the others are in answers_long."),
    count("revision", "Revision of the response; more than 1: edited.", 1),
    flag("edited", "The person or staff changed the answers later, on record."),
    flag("too_fast", "At least 3 answers at less than one second each: look before use."),
    flag("straight_line", "At least 5 answers on one scale, all alike: look before use."),
    number("clock_skew_s", "Measured error of the device's clock at upload, seconds."),
    flag("clock_suspect", "The device's clock could not be trusted."),
    text("app_version", "Version of the app that answered."),
    text("os", "Operating system of the device."),
    text("language", "Language in which the questionnaire was shown; empty: from before this was kept."),
    number("density", "Sampling density of the planned moment, per minute; empty where it was not drawn."),
    number("day_probability", "Probability with which the day was included.", minimum=0, maximum=1),
    text("source_response_id", "The response that started a follow-up."),
    SYNTHETIC,
)

ANSWERS_LONG = Table(
    "answers_long",
    "One row for each item of each revision of each response, in the order of the questionnaire.",
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
        text("item", "Which item.", required=True),
        count("position", "Place of the item in the questionnaire, from 1.", 1),
        count("order_position", "Place of the item in the order of this response, from 1; another where the order was drawn.", 1),
        text("variable", "The series that the item belongs to."),
        text("frame", "The time that the item asks about.", words(RecallFrame)),
        text("domain", "Domain of the craving network, in words for people.", words(Domain)),
        text("node", "Node of the estimator.", words(Node)),
        text("value", "The answer as text; several choices are separated by semicolons."),
        number("value_number", "The answer as a number; yes is 1."),
        text("missing", "Which kind of nothing.", words(Missing)),
        flag("withheld", "Answered, but the words may name someone and are not exported."),
        *both("answered", "When this item was answered, device clock corrected."),
        number("inclusion_probability", "Probability with which the rotation asked this item; empty: always asked.", minimum=0, maximum=1),
        SYNTHETIC,
    ),
    key=("response_id", "revision", "item"),
    references=(TO_PERSON, ("prompt_id", "prompts", "prompt_id")),
)

PARTICIPANTS = Table(
    "participants",
    "One row for each person who started and lets the data be used.",
    (
        PERSON,
        text("study_id", "Random id of the study.", required=True),
        text("site", "Random id of the site."),
        text("arm", "Study arm."),
        text("stratum", "Stratum of the randomization."),
        text("state", "State of the enrollment at the cut.", ("active", "completed", "withdrawn")),
        day("start_date", "Study day 1, local date."),
        utc("started", "When the enrollment started."),
        utc("ended", "When it ended."),
        count("last_study_day", "Study day of the last prompt whose moment had come.", None),
        text("iana_tz", "Time zone at the start."),
        count("n_zones", "Distinct time zones so far."),
        count("first_revision", "Protocol revision of the first prompt.", 1),
        count("last_revision", "Protocol revision of the last prompt whose moment had come.", 1),
        flag("consent_collect", "Collection was allowed at the cut."),
        flag("consent_contact", "Contact was allowed at the cut."),
        text("left", "Ways of leaving on record, in order, separated by semicolons."),
        SYNTHETIC,
    ),
    key=("participant_id",),
)

SCHEDULE = Table(
    "schedule",
    "Every slot that was ever planned, also those that vanished (superseded) and those still to come.",
    (
        PERSON,
        text("prompt_id", "Id of the slot.", required=True),
        text("design", "Which design planned it.", required=True),
        text("design_kind", "Kind of that design.", words(DesignKind)),
        text("instrument", "Which questionnaire.", required=True),
        count("protocol_revision", "Revision of the protocol.", 1),
        day("slot_date", "Local day of the slot."),
        count("slot_index", "Place of the slot within its day, from 0."),
        count("study_day", "Study day of the slot.", None),
        utc("planned", "When it was planned."),
        *both("scheduled", "When it was due at the cut."),
        utc("window_start", "Beginning of the time that the moment was chosen from."),
        utc("window_end", "End of that time."),
        utc("expires", "When it would expire."),
        text("iana_tz", "Time zone of the plan."),
        text("state", "State at the cut.", words(PromptState)),
        text("reason", "Coded reason of the state."),
        count("replans", "Times its moment or state was planned anew."),
        number("density", "Sampling density of the moment, per minute."),
        number("day_probability", "Probability with which the day was included.", minimum=0, maximum=1),
        SYNTHETIC,
    ),
    key=("prompt_id",),
    references=(TO_PERSON,),
)

EVENTS = Table(
    "events",
    "The log of every slot: planned, sent, reminded, delivered, opened, completed, expired and the rest.",
    (
        PERSON,
        text("prompt_id", "Which slot.", required=True),
        count("sequence", "Number of the event of this slot.", 1),
        utc("at", "When."),
        text("name", "What happened.", required=True),
        text("from_state", "State before."),
        text("to_state", "State after.", required=True),
        text("actor", "Who: system, participant or staff."),
        text("reason", "Coded reason."),
    ),
    key=("prompt_id", "sequence"),
    references=(TO_PERSON, ("prompt_id", "schedule", "prompt_id")),
)

_COUNTED = (
    count("planned", "Prompts whose moment had come and which could no longer be answered, or were."),
    count("not_sent", "Of those, never sent."),
    count("withdrawn", "Of those, cancelled because the person left."),
    count("open", "Prompts still open at the cut; in no other count."),
    count("denominator", "planned - not_sent - withdrawn.", None),
    count("completed_on_time", "Completed within the prompt's time: neither early nor late."),
    count("completed_ever", "Completed at any time, also before the prompt was due."),
    number("compliance_on_time", "completed_on_time / denominator.", minimum=0, maximum=1),
    number("compliance_ever", "completed_ever / denominator.", minimum=0, maximum=1),
)

COMPLIANCE = Table(
    "compliance",
    "Counts and shares for each person: over all designs together, and for each. Entries are never counted.",
    (PERSON, text("design", "Which design; `(all)`: all together.", required=True), *_COUNTED),
    key=("participant_id", "design"),
    references=(TO_PERSON,),
)

COMPLIANCE_WEEKS = Table(
    "compliance_weeks",
    "The same counts and shares for each study week of each person; the weeks of a design add up to its row in `compliance`.",
    (
        PERSON,
        text("design", "Which design; `(all)`: all together.", required=True),
        number("week", "Study week by the prompt's study day; 1 is days 1 to 7.", "integer"),
        *_COUNTED,
    ),
    key=("participant_id", "design", "week"),
    references=(TO_PERSON,),
)

PROMPT_SIDE: tuple[Table, ...] = (ANSWERS_LONG, PARTICIPANTS, SCHEDULE, EVENTS, COMPLIANCE, COMPLIANCE_WEEKS)
