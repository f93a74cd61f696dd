"""The grammar of foreign logic: what it reads, what it refuses, and that no text makes it do anything else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.foreign.limits import MAX_NESTING
from api.foreign.logic.grammar import parse
from api.foreign.logic.tokens import NotParsed
from api.foreign.logic.tree import Binary, Call, Joined, Number, Reference, Text, Unary, references

A, B, C = Reference("a"), Reference("b"), Reference("c")
ONE = Text("1")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("[a] = '1'", Binary("=", A, ONE)),
        ('[a]="1"', Binary("=", A, ONE)),
        ("[a] == '1'", Binary("=", A, ONE)),
        ("[a] != '1'", Binary("<>", A, ONE)),
        ("[a] <> ''", Binary("<>", A, Text(""))),
        ("[a(3)] = '1'", Binary("=", Reference("a", "3"), ONE)),
        ("[a(-9)] = 1", Binary("=", Reference("a", "-9"), Number(1))),
        ("[visit_1_arm_1][a] = 1", Binary("=", Reference("a", event="visit_1_arm_1"), Number(1))),
        ("[a][2] = 1", Binary("=", Reference("a", instance="2"), Number(1))),
        ("[event-name] = 'x'", Binary("=", Reference("event-name"), Text("x"))),
        ("[a:value] = 1", Binary("=", Reference("a", argument="value"), Number(1))),
        ("responses['a'] === '1'", Binary("=", A, ONE)),
        ("response[a] == '1' || responses['b'] == 1", Joined("or", (Binary("=", A, ONE), Binary("=", B, Number(1))))),
        ('[a] = ""1""', Binary("=", A, ONE)),
        ("([a] = '') and [b] = ''", Joined("and", (Binary("=", A, Text("")), Binary("=", B, Text(""))))),
        ('[a]=""or[b]=""', Joined("or", (Binary("=", A, Text("")), Binary("=", B, Text(""))))),
        ("[a] and [b] or [c]", Joined("or", (Joined("and", (A, B)), C))),
        ("[a] AND ([b] Or [c])", Joined("and", (A, Joined("or", (B, C))))),
        ("not [a] = 1 && [b]", Joined("and", (Unary("not", Binary("=", A, Number(1))), B))),
        ("7 - 2 - 1", Binary("-", Binary("-", Number(7), Number(2)), Number(1))),
        ("1 + 2 * 3 ^ 2", Binary("+", Number(1), Binary("*", Number(2), Binary("^", Number(3), Number(2))))),
        ("-[a] < -2", Binary("<", Unary("-", A), Number(-2))),
        ("round(([a]*10)/([b])^(2), 1)", Call("round", (Binary("/", Binary("*", A, Number(10)), Binary("^", B, Number(2))), Number(1)))),
        ("datediff([a], 'today', 'd', true)", Call("datediff", (A, Text("today"), Text("d"), Text("true")))),
        ("[a] = 1 # only then\nand [b] = 2 // or not", Joined("and", (Binary("=", A, Number(1)), Binary("=", B, Number(2))))),
    ],
)
def test_it_reads_what_studies_write(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a value is missing"),
        ("[a] =", "a value is missing"),
        ("[a] = '1", "begins nothing"),
        ("([a] = '1'", "a closing parenthesis is missing"),
        ("[a] = '1' [", "begins nothing"),
        ("[a] = '1' '2'", "an operator is missing"),
        ("sum([a] 1)", "a comma is missing"),
        ("[a b] = 1", "names no field"),
        ("$('#field').val() == 1", "begins nothing"),
        ("alert([a])", "no function"),
        ("__import__('os')", "no function"),
        ("[a] = 1; [b] = 2", "begins nothing"),
        ("(" * 5000 + "1", "parts"),
        ("(" * (MAX_NESTING + 1) + "1" + ")" * (MAX_NESTING + 1), "nested deeper"),
        ("not " * (MAX_NESTING + 1) + "[a]", "nested deeper"),
        ("-" * (MAX_NESTING + 1) + "1", "nested deeper"),
        ("1" + "+1" * 400, "terms"),
        ("[a]or" * 1500 + "[a]", "parts"),
        ("'" + "a" * 20_000 + "'", "longer than"),
    ],
)
def test_what_is_not_of_the_grammar_is_refused_with_its_place(text, said):
    with pytest.raises(NotParsed) as refused:
        parse(text)
    assert said in refused.value.message
    assert 0 <= refused.value.at <= max(len(text), 1)


def test_a_long_row_of_conditions_is_as_deep_as_a_short_one():
    tree = parse(" or ".join(f"[a({number})] = '1'" for number in range(300)))
    assert isinstance(tree, Joined)
    assert len(list(references(tree))) == 300


PIECES = [
    "[a]",
    "[a(1)]",
    "[e][a]",
    "'1'",
    '"x"',
    "''",
    "1.5",
    "=",
    "<>",
    "<=",
    "and",
    "or",
    "not",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    "^",
    "sum",
    "if",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.text(max_size=60))
def test_any_text_is_a_tree_or_a_refusal(text):
    try:
        found = parse(text)
    except NotParsed:
        return
    assert all(one.field for one in references(found))
