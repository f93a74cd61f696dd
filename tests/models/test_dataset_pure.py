"""The pure parts of the dataset: ids, what may leave, columns, the life of a prompt, compliance, quality."""

import csv
import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.dataset.answers import ItemCells, as_text, earliest, item_times, scales, straight_line
from models.dataset.codebook import codebook
from models.dataset.compliance import Compliance
from models.dataset.deidentify import Rekey, Sharing, actor_kind, escaped, shared, sharing
from models.dataset.frames import Slot, status
from models.dataset.instants import local_text, micros, offset_at, texts, utc_text
from models.dataset.layout import STATUSES
from models.dataset.lifeline import life, moment
from models.dataset.points import treatment_probability
from models.dataset.schema import Code
from models.dataset.shape import CSV, TYPED, Shape
from models.dataset.write import as_csv
from models.definition.instrument import Instrument, Item, Option
from models.kinds import InstrumentKind, ItemKind, PromptState, RecallFrame, Timing
from models.queries.export import MISSING_CODES
from tests.build import shipped

AT = datetime(2026, 3, 4, 15, tzinfo=UTC)


def ask(name: str, kind: ItemKind, **members: Any) -> Item:
    return Item(id=name, kind=kind, text={"en": f"{name}?"}, variable=name, frame=RecallFrame.NOW, **members)


def option(code: str) -> Option:
    return Option(code=code, label={"en": code.title()})


def holding(item: Item) -> Any:
    """A protocol that asks nothing but this."""
    instrument = Instrument(id="one", kind=InstrumentKind.MOMENTARY, title={"en": "One"}, seconds=10, items=(item,))
    return shipped().model_copy(update={"instruments": (instrument,)})


def book_of(item: Item) -> Any:
    return codebook({1: holding(item)})


def cells_of(book: Any, item: Item, answers: dict[str, Any], missing: dict[str, str] | None = None, shape: Shape = TYPED) -> dict[str, Any]:
    """The item cells that are not empty, by the names of their columns."""
    cells = ItemCells(book, (item,), MISSING_CODES, shape)(answers, missing or {})
    names = [column.name for column in book.item_columns()]
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}


def test_an_id_depends_on_key_study_release_kind_and_thing() -> None:
    rekey = Rekey(b"k" * 32, "study", "release")
    others = [replace(rekey, key=b"l" * 32), replace(rekey, study="other"), replace(rekey, release="other")]
    ids = {one("participant", "x") for one in (rekey, *others)} | {rekey("participant", "y"), rekey("participant", "x", "y")}
    assert len(ids) == 6
    assert rekey("participant", "x")[1:] != rekey("prompt", "x")[1:]


@given(st.binary(min_size=1, max_size=100), st.text(max_size=90), st.text(max_size=90))
def test_an_id_is_the_same_when_what_it_shares_was_hashed_before(key: bytes, person: str, thing: str) -> None:
    rekey = Rekey(key, "study", "release")
    assert rekey.under("prompt", person)(thing) == rekey("prompt", person, thing)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-14 * 60, 14 * 60))  # hypothesis wants them bare
def test_an_instant_reads_as_the_library_writes_it(bare: datetime, offset: int) -> None:
    instant = bare.replace(tzinfo=UTC)
    local = instant.astimezone(timezone(timedelta(minutes=offset))).isoformat(timespec="milliseconds")
    utc = instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert texts(micros(instant), offset) == (local, utc)
    assert (local_text(micros(instant), offset), utc_text(micros(instant))) == (local, utc)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kathmandu", "UTC"])
def test_a_wall_clock_is_that_of_the_zone_at_that_very_instant(zone: str) -> None:
    """Every quarter of an hour of a year, and every minute of the hours around a change."""
    quarter, wall = timedelta(minutes=15), ZoneInfo(zone)
    last = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(4 * 24 * 366):
        at = last + quarter
        changed = at.astimezone(wall).utcoffset() != last.astimezone(wall).utcoffset()
        for instant in (last + timedelta(minutes=minute) for minute in range(-60, 75)) if changed else (at,):
            offset = instant.astimezone(wall).utcoffset()
            assert offset is not None
            assert offset_at(zone, micros(instant)) == offset / timedelta(minutes=1), number
        last = at


def test_the_key_is_not_in_the_representation() -> None:
    assert "kkkk" not in repr(Rekey(b"k" * 32, "study", "release"))


@given(st.text())
def test_no_text_in_a_cell_begins_like_a_formula(text: str) -> None:
    cell = as_csv(text)
    assert not cell.startswith(("=", "+", "@", "\t", "\r"))
    assert not cell.startswith("-") or cell[1:].replace(".", "", 1).isdecimal()
    assert cell in {text, f"'{text}"}


def test_a_number_is_never_escaped() -> None:
    assert [as_csv(one) for one in (-5, -0.5, Code("-77"), True, None)] == ["-5", "-0.5", "-77", "1", ""]
    assert escaped("-5") == "-5"
    assert escaped("-5+A1") == "'-5+A1"


@pytest.mark.parametrize(
    ("item", "level"),
    [
        (ask("a", ItemKind.SLIDER), Sharing.VALUE),
        (ask("a", ItemKind.TEXT), Sharing.PRESENCE),
        (ask("a", ItemKind.SINGLE, identifying=True), Sharing.PRESENCE),
        (ask("a", ItemKind.MULTI, options_from="reminders", identifying=True), Sharing.PRESENCE),
        (ask("a", ItemKind.MULTI, options_from="reminders"), Sharing.LISTED),
        (ask("a", ItemKind.INFORMATION), Sharing.NOTHING),
    ],
)
def test_what_may_name_someone_does_not_leave(item: Item, level: Sharing) -> None:
    assert sharing(item) is level


def test_an_entry_of_an_own_list_is_only_listed() -> None:
    own = ask("own", ItemKind.MULTI, options_from="reminders", options=(option("smell"),))
    assert shared(own, ["smell", "6f1f4d0e", "77aa"]) == ("smell", "listed")
    assert shared(own, ["6f1f4d0e"], Sharing.PRESENCE) is None


def test_an_item_that_may_not_leave_in_one_revision_leaves_in_none() -> None:
    open_item = ask("a", ItemKind.SINGLE, options=(option("x"),))
    closed = ask("a", ItemKind.SINGLE, options=(option("x"),), identifying=True)
    book = codebook({1: holding(closed), 2: holding(open_item)})
    assert [column.main.name for column in book.items.values()] == ["a__given"]
    assert cells_of(book, open_item, {"a": "x"}) == {"a__given": True}
    assert cells_of(book, open_item, {"a": "x"}, shape=CSV) == {"a__given": "1"}


def test_the_codebook_of_a_protocol_is_the_same_every_time() -> None:
    protocol = shipped()
    first, second = codebook({1: protocol, 2: protocol}), codebook({2: protocol, 1: protocol})
    assert first.prompts_table() == second.prompts_table()
    assert list(first.item_rows()) == list(second.item_rows())
    names = [column.name for column in first.prompts_table().columns]
    assert len(names) == len(set(names))
    assert first.prompts_table() == codebook({1: protocol}).prompts_table()


def test_a_column_takes_what_every_revision_may_say() -> None:
    narrow = ask("a", ItemKind.INTEGER, minimum=0, maximum=7)
    column = codebook({1: holding(narrow), 2: holding(ask("a", ItemKind.SLIDER, minimum=-1, maximum=5))}).items["a"].main
    assert (column.type, column.minimum, column.maximum) == ("number", -1, 7)
    words = codebook({1: holding(narrow), 2: holding(ask("a", ItemKind.SINGLE, options=(option("x"),)))}).items["a"].main
    assert (words.type, words.enum) == ("string", ())


def test_an_item_named_like_a_column_of_ours_gets_another_name() -> None:
    book = book_of(ask("status", ItemKind.SLIDER))
    assert book.items["status"].main.name == "status_"
    assert next(book.item_rows())["column"] == "status_"


@pytest.mark.parametrize(
    ("kind", "value", "cell"),
    [
        (ItemKind.SLIDER, 4, 4.0),
        (ItemKind.INTEGER, 3, 3),
        (ItemKind.YES_NO, False, False),
        (ItemKind.TIME, "23:05", "23:05"),
        (ItemKind.DATE, "2026-03-04", AT.date()),
        (ItemKind.TASK, [{"rt": 310, "hit": True}], '[{"hit":true,"rt":310}]'),
    ],
)
def test_a_value_keeps_its_type(kind: ItemKind, value: Any, cell: Any) -> None:
    item = ask("a", kind)
    assert cells_of(book_of(item), item, {"a": value}) == {"a": cell}
    assert type(cells_of(book_of(item), item, {"a": value})["a"]) is type(cell)


def test_no_choice_is_an_answer_and_not_nothing() -> None:
    item = ask("a", ItemKind.MULTI, options=(option("x"), option("y")))
    book = book_of(item)
    assert cells_of(book, item, {"a": []}) == {"a": "", "a__x": False, "a__y": False}
    assert cells_of(book, item, {}, {"a": "declined"}, CSV) == {"a": "-88", "a__x": "-88", "a__y": "-88"}
    assert cells_of(book, item, {}, {"a": "declined"}) == {}


def test_trials_are_text_that_a_program_reads_again() -> None:
    assert as_text(ask("a", ItemKind.TASK), (1, 2.5)) == "[1,2.5]"


def test_five_equal_answers_on_one_scale_are_a_straight_line() -> None:
    items = [ask(f"i{number}", ItemKind.SLIDER, minimum=0, maximum=10) for number in range(5)]
    other = ask("other", ItemKind.SLIDER, minimum=-5, maximum=5)
    same: dict[str, Any] = {item.id: 3 for item in items}
    assert straight_line(scales([*items, other]), same | {"other": 1})
    assert not straight_line(scales(items), same | {"i4": 4})
    assert not straight_line(scales(items[:4]), same)
    assert not straight_line(scales(items), {item.id: 3 for item in items[:4]})


def test_staff_are_a_kind_and_not_a_name() -> None:
    actors = ("staff:7d0e", "device:77", "system", "participant")
    assert [actor_kind(one) for one in actors] == ["staff", "participant", "system", "participant"]


@dataclass(frozen=True)
class Happened:
    name: str
    from_state: PromptState | None
    to_state: PromptState
    at: datetime = AT
    reason: str | None = None


PROMPT = SimpleNamespace(
    state="completed", reason=None, sent_at=None, delivered_at=None, opened_at=None, due_at=AT, window_start=AT, window_end=AT,
    expires_at=AT + timedelta(minutes=45), zone="UTC", offset_minutes=0, instrument="momentary", protocol_version_id=1, study_day=1,
    density=None, day_probability=1.0,
)  # fmt: skip
PLANNED = Happened("planned", None, PromptState.PLANNED)
SENT = Happened("sent", PromptState.QUEUED, PromptState.SENT)
OPENED = Happened("opened", PromptState.SENT, PromptState.OPENED)
EXPIRED = Happened("expired", PromptState.SENT, PromptState.EXPIRED)


def slot(before: list[Happened], after: list[Happened], *responses: Any) -> Slot:
    return Slot(PROMPT, moment(PROMPT, None), life(PROMPT, before, after, as_of=AT), responses)


def answer(*, complete: bool = True, number: int = 1) -> Any:
    return SimpleNamespace(complete=complete, id=number)


@pytest.mark.parametrize(
    ("before", "responses", "expected"),
    [
        ([PLANNED, SENT, EXPIRED], (), "missed"),
        ([PLANNED, SENT, OPENED, EXPIRED], (), "opened"),
        ([PLANNED, EXPIRED], (), "not_sent"),
        ([PLANNED, SENT, EXPIRED], (answer(),), "expired"),
        ([PLANNED, SENT, Happened("completed", PromptState.SENT, PromptState.COMPLETED)], (answer(),), "completed"),
        ([PLANNED, SENT, Happened("partial", PromptState.SENT, PromptState.PARTIAL)], (answer(complete=False),), "partial"),
        ([PLANNED, SENT, Happened("declined", PromptState.SENT, PromptState.DECLINED)], (), "declined"),
        ([PLANNED, Happened("cancelled", PromptState.PLANNED, PromptState.CANCELLED, reason="withdrawn")], (), "withdrawn"),
        ([PLANNED, Happened("cancelled", PromptState.PLANNED, PromptState.CANCELLED, reason="completed")], (), "not_sent"),
        ([PLANNED, Happened("expired", PromptState.QUEUED, PromptState.EXPIRED, reason="device_unreachable")], (), "device_off"),
        ([Happened("blocked", None, PromptState.BLOCKED, reason="travel")], (), "not_sent"),
        ([PLANNED, SENT], (), "open"),
    ],
)
def test_the_status_of_a_prompt(before: list[Happened], responses: tuple[Any, ...], expected: str) -> None:
    assert status(slot(before, [], *responses), as_of=AT) == expected
    assert expected in STATUSES


def test_a_prompt_past_its_expiry_is_not_open_even_if_nobody_looked_yet() -> None:
    assert status(slot([PLANNED, SENT], []), as_of=AT + timedelta(hours=1)) == "missed"


def test_what_happened_after_the_cut_did_not_happen() -> None:
    lived = slot([PLANNED, SENT], [OPENED, EXPIRED]).life
    assert (lived.state, lived.opened, lived.expired) == (PromptState.SENT, None, None)


def test_without_events_before_the_cut_the_first_one_after_tells_the_state() -> None:
    assert slot([], [EXPIRED]).life.state is PromptState.SENT
    assert slot([], []).life.state is PromptState.COMPLETED


def test_a_receipt_that_came_after_the_answer_counts_by_its_name() -> None:
    late = Happened("sent", PromptState.COMPLETED, PromptState.COMPLETED, at=AT + timedelta(minutes=1))
    assert slot([PLANNED, late], []).life.sent == late.at


def test_a_later_move_gives_back_the_plan_of_the_cut() -> None:
    was = {"due_at": "2026-03-04T09:00:00+00:00", "zone": "Europe/Paris", "density": 0.5}
    assert moment(PROMPT, was).due_at == datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert (moment(PROMPT, was).zone, moment(PROMPT, was).density, moment(PROMPT, was).study_day) == ("Europe/Paris", 0.5, 1)


def test_of_several_responses_a_complete_one_counts_then_the_first() -> None:
    given = [answer(complete=False, number=1), answer(number=3), answer(number=2)]
    assert slot([PLANNED], [], *given).response is given[2]


@given(st.lists(st.tuples(st.sampled_from(sorted(STATUSES)), st.sampled_from([None, *Timing]), st.booleans())))
def test_a_share_lies_between_none_and_all(prompts: list[tuple[str, str | None, bool]]) -> None:
    tally = Compliance()
    for what, timing, complete in prompts:
        tally.add("one", what, timing, complete=complete)
    assert tally.total.denominator >= tally.total.completed_ever >= tally.total.completed_on_time >= 0
    for share in (tally.on_time, tally.ever):
        assert share is None or 0 <= share <= 1
    assert [row["design"] for row in tally.rows("p")] == (["(all)", "one"] if prompts else ["(all)"])


def test_the_probability_of_treatment_is_that_of_the_arms_that_give_something() -> None:
    rule = next(one for one in shipped().rules if len({bool(arm.groups) for arm in one.arms}) == 2)
    chances = {arm.id: arm.probability for arm in rule.arms}
    assert treatment_probability(rule, chances) == pytest.approx(sum(arm.probability for arm in rule.arms if arm.groups))
    assert treatment_probability(rule, {}) is None


@pytest.mark.parametrize("text", ["home", "", "a,b", 'a "b"', "a\nb", "a\rb", "=1+1", "-2.5", " x ", "é"])
def test_a_line_of_joined_cells_is_what_the_writer_writes(text: str) -> None:
    numbers = (0, -3, 10**15, 10**18, 0.1, -0.0, 1e300, 4.0)
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([as_csv(cell) for cell in (text, None, True, *numbers, *map(float, numbers))])
    cells = [CSV.text(text), CSV.text(None), CSV.flag(True), *map(CSV.number, numbers), *map(CSV.decimal, numbers)]
    assert ",".join(cells) + "\n" == line.getvalue()
    assert [CSV.count(number) for number in (None, 0, 7)] == ["", "0", "7"]


def test_the_first_answer_is_the_earliest_whatever_offsets_the_device_writes() -> None:
    bare, east, short = "2026-03-04T10:00:01", "2026-03-04T11:00:00.5+01:00", "2026-03-04T10:00Z"
    first = micros(datetime(2026, 3, 4, 10, tzinfo=UTC))
    assert earliest(item_times(json.dumps({"a": bare, "b": east})), 7) == first + 500_007
    assert earliest(item_times(json.dumps({"a": bare})), 0) == first + 1_000_000
    assert earliest(item_times(json.dumps({"a": bare, "b": short})), 0) == first
    assert earliest(item_times(None), 0) is None


def test_prompts_that_are_alike_count_as_often_as_there_are_of_them() -> None:
    each, together = Compliance(), Compliance()
    seen = (("completed", "on_time", True), ("missed", None, False), ("open", None, False), ("expired", "late", True))
    for what, timing, complete in seen:
        together.add("random", what, timing, complete=complete, times=3)
        for _ in range(3):
            each.add("random", what, timing, complete=complete)
    assert list(each.rows("p")) == list(together.rows("p"))
    assert each.on_time == 1 / 3
