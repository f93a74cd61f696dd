"""A carried rule means what the foreign rule meant, for every answer and for every blank. The reference below reads the text's tree
by the rules of REDCap and knows nothing of ours."""

import operator

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from api.foreign.logic.carry import carry
from api.foreign.logic.grammar import parse
from api.foreign.logic.scope import Known, NotCarried, Scope
from api.foreign.logic.tree import Binary, Call, Joined, Number, Reference, Text, Unary
from api.foreign.logic.write import Named, write
from models.definition.expression import check_shape, holds
from models.kinds import ItemKind

CODES = {"0": "c_0", "1": "c_1", "2": "c_2", "-9": "c_m9"}
FORM = {
    "r": Known("r", ItemKind.SINGLE, CODES),
    "w": Known("w", ItemKind.SINGLE, {"yes": "yes", "no": "no"}),
    "c": Known("c_item", ItemKind.MULTI, {"1": "c_1", "x": "x"}),
    "y": Known("y", ItemKind.YES_NO),
    "n": Known("n", ItemKind.INTEGER),
    "s": Known("s", ItemKind.SLIDER),
    "d": Known("d", ItemKind.DATE),
    "t": Known("t", ItemKind.TEXT),
}
SCOPE = Scope(FORM, asked=frozenset({*FORM, "later"}), unasked=frozenset({"sum_of"}), elsewhere=frozenset({"other"}))

BLANK = ""
ANSWERS = st.fixed_dictionaries(
    {
        "r": st.sampled_from([BLANK, *CODES]),
        "w": st.sampled_from([BLANK, "yes", "no"]),
        "c": st.frozensets(st.sampled_from(["1", "x"])),
        "y": st.sampled_from([BLANK, "0", "1"]),
        "n": st.sampled_from([BLANK, "-1", "0", "1", "2", "7"]),
        "s": st.sampled_from([BLANK, "0", "2", "5.5"]),
        "d": st.sampled_from([BLANK, "2026-01-31", "2026-02-01"]),
        "t": st.sampled_from([BLANK, "abc", "x y"]),
    }
)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def theirs(tree, answers):
    """The value by REDCap's rules: text, a number, or true and false; a blank is the empty text, and arithmetic with it has none."""
    match tree:
        case Number(value):
            return f"{value:.15g}"
        case Text(value):
            return value
        case Reference(field=name, code=None):
            return answers[name]
        case Reference(field=name, code=code):
            return "1" if code in answers[name] else "0"
        case Unary("not", part):
            return not theirs(part, answers)
        case Unary("-", part):
            found = number(theirs(part, answers))
            return BLANK if found is None else str(-found)
        case Joined("and", parts):
            return all(theirs(part, answers) for part in parts)
        case Joined("or", parts):
            return any(theirs(part, answers) for part in parts)
        case Call("sum", parts):
            return str(sum(number(theirs(part, answers)) or 0 for part in parts))
        case Binary(sign, left, right):
            return compared(sign, theirs(left, answers), theirs(right, answers))
    raise AssertionError(tree)


def compared(sign, left, right):
    a, b = number(left), number(right)
    if sign in {"+", "-", "*"}:
        return BLANK if a is None or b is None else str({"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](a, b))
    equal = a == b if a is not None and b is not None else left == right
    if sign in {"=", "<>"}:
        return equal is (sign == "=")
    if BLANK in {left, right}:
        return False
    if a is None or b is None:
        a, b = left, right
    return {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}[sign](a, b)


def ours(answers):
    """The same answers as our house holds them."""
    held = {
        "r": CODES.get(answers["r"]),
        "w": answers["w"] or None,
        "c_item": tuple(FORM["c"].codes[code] for code in sorted(answers["c"])) or None,
        "y": {"0": False, "1": True}.get(answers["y"]),
        "n": int(answers["n"]) if answers["n"] else None,
        "s": float(answers["s"]) if answers["s"] else None,
        "d": answers["d"] or None,
        "t": answers["t"] or None,
    }
    return {name: value for name, value in held.items() if value is not None}


SIGNS = st.sampled_from(["=", "<>", "<", ">", "<=", ">="])
LITERALS = st.sampled_from(["'0'", "'1'", "'2'", '"-9"', "1", "2.5", "''", "'yes'", "'abc'", "'2026-02-01'", "01"])
NUMBERS = st.sampled_from(["[n]", "[s]", "2", "'1'", "([n] + 1)", "([s] - [n])", "-[n]", "sum([n], [s])", "2 * [n]"])
FIELDS = st.sampled_from([f"[{name}]" for name in FORM if name != "c"])
CONDITIONS = st.recursive(
    st.builds("{} {} {}".format, FIELDS, SIGNS, LITERALS)
    | st.builds("{1} {0} {2}".format, SIGNS, LITERALS, FIELDS)
    | st.builds("{} {} {}".format, NUMBERS, SIGNS, NUMBERS)
    | st.builds("[c({})] {} '{}'".format, st.sampled_from(["1", "x"]), st.sampled_from(["=", "<>"]), st.sampled_from("01")),
    lambda part: st.builds("({} {} {})".format, part, st.sampled_from(["and", "or", "AND"]), part) | st.builds("not ({})".format, part),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(CONDITIONS, ANSWERS)
def test_a_carried_rule_holds_for_the_same_answers(text, answers):
    tree = parse(text)
    try:
        carried = carry(tree, SCOPE)
    except NotCarried:
        reject()
    check_shape(carried)
    assert holds(carried, ours(answers), {}) is bool(theirs(tree, answers))


NAMED = {known.item: Named(name, known.kind, {ours: foreign for foreign, ours in known.codes.items()}) for name, known in FORM.items()}


@settings(max_examples=100, deadline=None)
@given(CONDITIONS, ANSWERS)
def test_a_written_rule_reads_back_as_the_same_condition(text, answers):
    try:
        carried = carry(parse(text), SCOPE)
        again = carry(parse(write(carried, NAMED)), SCOPE)
    except NotCarried:
        reject()
    assert holds(again, ours(answers), {}) is holds(carried, ours(answers), {})


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("[r] = '1'", ("==", {"item": "r"}, "c_1")),
        ("[r] = 01", ("==", {"item": "r"}, "c_1")),
        ("[r] <> '1'", ("not", ("==", {"item": "r"}, "c_1"))),
        ("[r] >= 1", ("or", ("==", {"item": "r"}, "c_1"), ("==", {"item": "r"}, "c_2"))),
        ("'0' > [r]", ("==", {"item": "r"}, "c_m9")),
        ("[y] = '1'", ("==", {"item": "y"}, True)),
        ("[y]", ("==", {"item": "y"}, True)),
        ("[n] = ''", ("not", ("answered", "n"))),
        ("[n] <> ''", ("answered", "n")),
        ("isblankormissingcode([n])", ("not", ("answered", "n"))),
        ("not isblankornull([t])", ("answered", "t")),
        ("[n] > '3'", (">", {"item": "n"}, 3)),
        ("[c(x)] = '1'", ("has", {"item": "c_item"}, "x")),
        ("[c(x)]", ("has", {"item": "c_item"}, "x")),
        ("[c(x)] = '0'", ("not", ("coalesce", ("has", {"item": "c_item"}, "x"), False))),
        ("[n] + [s] > 2", (">", ("+", {"item": "n"}, {"item": "s"}), 2)),
        ("[d] > '2026-02-01'", (">", {"item": "d"}, "2026-02-01")),
        ("not ([n] > 3)", ("not", ("coalesce", (">", {"item": "n"}, 3), False))),
    ],
)
def test_rules_become_these_trees_and_are_written_again(text, tree):
    carried = carry(parse(text), SCOPE)
    assert carried == tree
    assert carry(parse(write(carried, NAMED)), SCOPE) == tree or " or " in write(carried, NAMED)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[later] = 1", "later_field"),
        ("[other] = 1", "other_form"),
        ("[sum_of] > 3", "field_not_asked"),
        ("[nowhere] = 1", "unknown_field"),
        ("[visit_arm_1][n] = 1", "other_event"),
        ("[n][current-instance] = 1", "other_event"),
        ("[user-name] = 'x'", "smart_variable"),
        ("[n:value] = 1", "reference_argument"),
        ("[r] = '7'", "unknown_option"),
        ("[r] > 2", "unknown_option"),
        ("[c(7)] = '1'", "unknown_option"),
        ("[r(1)] = '1'", "code_of_single_choice"),
        ("[c(1)] = '2'", "checkbox_value"),
        ("[c] = ''", "blank"),
        ("[w] > 1", "order_of_words"),
        ("[n] = 'often'", "not_a_number"),
        ("[d] > '01/02/2026'", "not_a_date"),
        ("[t] > 3", "type"),
        ("[r] = [w]", "type"),
        ("[n] / 2 > 1", "operation"),
        ("round([n], 1) = 2", "operation"),
        ("datediff([d], 'today', 'd') > 3", "operation"),
        ("[r] + 1 > 2", "not_a_number"),
        ("[n]", "not_a_condition"),
        ("1 + 1", "not_a_condition"),
        (" or ".join(f"[n] = {number}" for number in range(80)), "too_large"),
    ],
)
def test_what_our_tree_does_not_say_is_refused_by_name(text, rule):
    with pytest.raises(NotCarried) as refused:
        carry(parse(text), SCOPE)
    assert refused.value.rule == rule
    assert text not in refused.value.message


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (("==", {"item": "n"}, None), "[n] = ''"),
        (("!=", {"item": "r"}, "c_1"), "([r] <> '1' and [r] <> '')"),
        (("not", (">", {"item": "n"}, 3)), "[n] <= 3"),
        (("not", ("coalesce", (">", {"item": "n"}, 3), False)), "([n] <= 3 or [n] = '')"),
        (("==", {"item": "t"}, "it's"), '[t] = "it\'s"'),
    ],
)
def test_conditions_of_our_own_are_written_with_their_blanks(tree, text):
    assert write(tree, NAMED) == text


@pytest.mark.parametrize(
    "tree", [("==", {"item": "t"}, "\"'"), ("has", {"item": "c_item"}, {"item": "t"}), ("==", {"var": "level"}, 3), ("mean", 1, 2)]
)
def test_what_redcap_does_not_say_is_not_written(tree):
    with pytest.raises(NotCarried):
        write(tree, NAMED)
