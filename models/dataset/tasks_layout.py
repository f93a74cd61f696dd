"""The tables of timed tasks: trials, and scores with what speaks against them. Pure."""

from models.dataset.columns import PERSON, SYNTHETIC, TO_PERSON, count, document, flag, number, text, utc, words
from models.dataset.schema import Column, Table
from models.kinds import TaskKind

_OF_RESPONSE: tuple[Column, ...] = (
    PERSON,
    text("response_id", "Id of the response.", required=True),
    count("revision", "Revision of the response.", 1),
    flag("newest", "The newest revision when the dataset was cut."),
    text("prompt_id", "The prompt it answers; empty for an entry."),
    text("instrument", "Which questionnaire.", required=True),
    count("protocol_revision", "Revision of the protocol.", 1),
    utc("event_time", "When the response was given, device clock corrected."),
    text("item", "Which task of the questionnaire.", required=True),
    text("task", "Kind of task; empty: a task without parameters, whose trials are in `detail` alone.", words(TaskKind)),
    count("task_version", "Version of the rules of its trials and scores.", 1),
)

TRIALS = Table(
    "trials",
    "One row for each trial of each timed task, in the order of the trials.",
    (
        *_OF_RESPONSE,
        count("trial", "Number of the trial within the task, from 1, practice included.", 1),
        flag("practice", "Practice: not scored."),
        flag("scored", "Enters the scores: no practice, no anticipation, answered where only answers are scored."),
        text("type", "go, no_go; recall; choice; cue, neutral."),
        text(
            "stimulus",
            "What was shown: go or no_go; the cells of the dots; the delay in days; the code of the word and its color. Parts are "
            "separated by semicolons.",
        ),
        text("answer", "press; the cells where dots were placed; now or later; the color that was named. Empty: none in time."),
        number("rt_ms", "Reaction time from the onset, milliseconds; empty: no answer.", minimum=0),
        flag("correct", "As the task asks; empty: the task knows no right answer."),
        number("error", "Dot memory: mean distance of the placed dots from those shown, cells.", minimum=0),
        document("detail", "Of a task without parameters: the trial as the phone sent it."),
        SYNTHETIC,
    ),
    key=("response_id", "revision", "item", "trial"),
    references=(TO_PERSON, ("prompt_id", "prompts", "prompt_id")),
)

TASK_SCORES = Table(
    "task_scores",
    "One row for each measure of each timed task, also where the scores are not valid; docs/tasks.md has the equations.",
    (
        *_OF_RESPONSE,
        text("measure", "Which measure.", required=True),
        number("value", "What the trials give, valid or not; empty: they do not give it."),
        flag("valid", "Nothing speaks against the scores. Only valid ones enter rules, estimates and the other tables."),
        text("flags", "What speaks against them, or must be known with them, separated by semicolons."),
        count("n_trials", "Trials without practice."),
        count("n_scored", "Of those, how many were scored."),
        text("variable", "The series that the measure belongs to; empty: the protocol names none."),
        text("column", "Its column in the prompt table; empty: it has none."),
        SYNTHETIC,
    ),
    key=("response_id", "revision", "item", "measure"),
    references=(TO_PERSON, ("prompt_id", "prompts", "prompt_id")),
)

TASK_SIDE: tuple[Table, ...] = (TRIALS, TASK_SCORES)
