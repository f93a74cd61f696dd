from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Gone
from models.ids import new_key
from models.sealed import Unsealable, blind, person_key, place, plan_key, randomization_key, seal, unseal, unwrap, wrap
from tests.conftest import fixed_keys

KEYS = fixed_keys()
KEY, WHERE = bytes(range(32)), place("response", "texts", "a/1")
SEALED = seal(KEY, b"what was said", WHERE)


@given(st.binary(max_size=300))
def test_what_was_sealed_opens_at_its_own_place(plain):
    assert unseal(KEY, seal(KEY, plain, WHERE), WHERE) == plain


def test_the_same_words_never_look_the_same():
    assert seal(KEY, b"same", WHERE) != seal(KEY, b"same", WHERE)


OTHER_CELLS = [place("response", "texts", "a/2"), place("response", "body", "a/1"), place("amendment", "texts", "a/1"), b""]


@pytest.mark.parametrize("where", OTHER_CELLS)
def test_a_sealed_value_does_not_open_in_another_cell(where):
    with pytest.raises(Unsealable):
        unseal(KEY, SEALED, where)


@given(st.integers(0, len(SEALED) * 8 - 1))
def test_a_single_flipped_bit_is_noticed(bit):
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(Unsealable):
        unseal(KEY, bytes(changed), WHERE)


@pytest.mark.parametrize("length", range(0, len(SEALED)))
def test_a_value_that_was_cut_short_does_not_open(length):
    with pytest.raises(Unsealable):
        unseal(KEY, SEALED[:length], WHERE)


def test_another_key_does_not_open_it():
    with pytest.raises(Unsealable):
        unseal(new_key(), SEALED, WHERE)


def test_what_cannot_be_opened_is_not_repeated():
    with pytest.raises(Unsealable) as caught:
        unseal(KEY, SEALED + b"\x00", WHERE)
    assert caught.value.__cause__ is None
    assert str(caught.value) == "unsealable: a sealed value does not open under its key"


@pytest.mark.parametrize(
    ("opens", "table", "column"),
    [(person_key, "participant", "data_key"), (plan_key, "enrollment", "plan_key"), (randomization_key, "enrollment", "randomization_key")],
)
def test_each_kind_of_key_opens_only_as_its_own_kind(opens, table, column):
    inner = new_key()
    wrapped = wrap(KEYS, inner, place(table, column, "someone"))
    assert opens(KEYS, wrapped, "k1", "someone") == inner
    with pytest.raises(Unsealable):
        opens(KEYS, wrapped, "k1", "someone else")
    for other in {person_key, plan_key, randomization_key} - {opens}:
        with pytest.raises(Unsealable):
            other(KEYS, wrapped, "k1", "someone")


def test_a_shredded_key_is_gone_for_good():
    with pytest.raises(Gone, match="erased"):
        unwrap(KEYS, None, "k1", WHERE)


def test_a_key_of_an_older_generation_opens_while_it_is_kept_and_says_so_when_it_is_not():
    older = replace(KEYS, key_id="k2", encryption={**KEYS.encryption, "k2": new_key()})
    wrapped = wrap(KEYS, KEY, WHERE)
    assert unwrap(older, wrapped, "k1", WHERE) == KEY
    with pytest.raises(Unsealable, match="k9"):
        unwrap(older, wrapped, "k9", WHERE)


def test_the_fingerprint_changes_with_every_key_and_tells_none():
    changed = [replace(KEYS, **{name: new_key()}) for name in ("audit", "token", "export", "index")]
    changed.append(replace(KEYS, encryption={"k1": new_key()}))
    prints = {keys.fingerprint() for keys in [KEYS, *changed]}
    assert len(prints) == 6
    assert all(KEYS.audit.hex()[:8] not in one for one in prints)


def test_keys_do_not_show_themselves():
    shown = repr(KEYS) + str(KEYS)
    assert all(repr(key)[2:10] not in shown and key.hex()[:8] not in shown for key in (KEYS.audit, KEYS.token, KEYS.export, KEYS.index))


def test_a_blind_index_finds_the_same_value_of_the_same_kind_only():
    assert blind(KEYS, "contact", "a@b.example") == blind(KEYS, "contact", "a@b.example")
    assert blind(KEYS, "contact", "a@b.example") != blind(KEYS, "name", "a@b.example")
    assert blind(replace(KEYS, index=new_key()), "contact", "a@b.example") != blind(KEYS, "contact", "a@b.example")
