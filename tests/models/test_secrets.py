import stat

import pytest

from models.ids import new_key
from models.sealed import seal, unseal
from models.secrets_file import BadSecrets, load, load_or_make

NAMES = ("audit", "token", "export", "index")


@pytest.fixture
def path(tmp_path):
    load_or_make(tmp_path)
    return tmp_path / "secrets.toml"


def refusal(path):
    with pytest.raises(BadSecrets) as caught:
        load(path)
    words = f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    keys = [line.split('"')[1] for line in path.read_text(errors="replace").splitlines() if line.count('"') == 2]
    assert not any(key in words for key in keys if len(key) > 8), "a refusal never shows a key"
    return caught.value.code


def test_the_first_run_makes_keys_that_the_owner_alone_can_read(tmp_path):
    made = load_or_make(tmp_path / "new" / "place")
    path = tmp_path / "new" / "place" / "secrets.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len({made.encryption["k1"], *(getattr(made, name) for name in NAMES)}) == 5
    assert all(len(getattr(made, name)) == 32 for name in NAMES)
    assert unseal(made.encryption["k1"], seal(made.encryption["k1"], b"x", b""), b"") == b"x"


def test_the_next_run_finds_the_same_keys(tmp_path):
    first = load_or_make(tmp_path)
    assert load_or_make(tmp_path) == first
    assert load_or_make(tmp_path).fingerprint() == first.fingerprint()


def test_two_installations_share_no_key(tmp_path):
    assert load_or_make(tmp_path / "a").fingerprint() != load_or_make(tmp_path / "b").fingerprint()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_can_reach_is_refused(path, mode):
    path.chmod(mode)
    assert refusal(path) == "secrets_open"


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(BadSecrets, match="secrets_missing"):
        load(tmp_path / "secrets.toml")


@pytest.mark.parametrize(
    "broken",
    [
        lambda words: words[: len(words) // 2],
        lambda words: words.replace("audit = ", "awdit = "),
        lambda words: words.replace('audit = "', 'audit = "zz'),
        lambda words: words.replace("[encryption]", "[other]"),
        lambda words: words.replace("[encryption]", "encryption = 3\n[other]"),
        lambda words: words.replace('token = "', "token = 7 #"),
        lambda words: words + "\nk2 = [1, 2]\n",
        lambda words: "\udcff" + words,
    ],
    ids=["half", "renamed", "not-hex", "no-table", "number-for-table", "number-for-key", "list-for-key", "not-utf8"],
)
def test_a_file_that_is_not_as_expected_is_refused(path, broken):
    path.write_bytes(broken(path.read_text()).encode("utf-8", "surrogateescape"))
    assert refusal(path) in {"secrets_unreadable", "secrets_weak"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weak", ["ab" * 31, "00" * 32, "0102" * 16], ids=["short", "zeros", "two-bytes"])
def test_a_weak_key_is_refused_by_its_name(path, name, weak):
    lines = [f'{name} = "{weak}"' if line.startswith(name) else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))
    with pytest.raises(BadSecrets, match=name) as caught:
        load(path)
    assert caught.value.code == "secrets_weak"


def test_an_encryption_key_of_another_length_is_refused_before_it_is_used(path):
    path.write_text(path.read_text() + f'k2 = "{(new_key() + new_key()).hex()}"\n')
    with pytest.raises(BadSecrets, match="k2"):
        load(path)


def test_an_active_key_that_is_not_there_is_refused(path):
    path.write_text(path.read_text().replace('key_id = "k1"', 'key_id = "k7"'))
    assert refusal(path) == "secrets_weak"


def test_keys_of_earlier_generations_are_read_too(path):
    path.write_text(path.read_text().replace('key_id = "k1"', 'key_id = "k2"') + f'k2 = "{new_key().hex()}"\n')
    keys = load(path)
    assert (keys.key_id, sorted(keys.encryption)) == ("k2", ["k1", "k2"])
