"""Backoff, rendering, signatures and addresses: no network, no rows."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as Oracle

from models.errors import Invalid
from scheduler.delivery.address import check_url, permitted
from scheduler.delivery.backoff import ATTEMPTS, JITTER, SCHEDULE, wait
from scheduler.delivery.render import body
from scheduler.delivery.signature import headers, key_of, secret
from tests.build import NOW


@given(st.integers(1, ATTEMPTS - 1), st.binary(min_size=16, max_size=16))
def test_a_wait_is_the_schedules_and_at_most_a_fifth_longer(failed: int, key: bytes) -> None:
    found = wait(failed, key)
    assert found is not None
    assert SCHEDULE[failed - 1] <= found <= SCHEDULE[failed - 1] * (1 + JITTER)
    assert found == wait(failed, key)


def test_after_ten_attempts_and_about_three_days_nobody_tries_again() -> None:
    assert wait(ATTEMPTS, b"key") is None
    assert timedelta(days=3) < sum(SCHEDULE, timedelta()) < timedelta(days=4)


def test_a_body_says_kind_id_and_expiry_and_nothing_else() -> None:
    stored = {"kind": "alert", "id": "7c9e6679", "expires_at": "2026-03-05T15:00:00+00:00", "craving": 9, "name": "J."}
    told = json.loads(body("alert", stored, created_at=NOW))
    assert told == {
        "type": "alert",
        "timestamp": "2026-03-04T15:00:00Z",
        "data": {"id": "7c9e6679", "expires_at": "2026-03-05T15:00:00+00:00"},
    }


@given(st.binary(min_size=24, max_size=64), st.text(min_size=1, alphabet=st.characters(codec="ascii", categories=["L", "N"])), st.text())
def test_a_signature_is_what_the_reference_library_makes(raw: bytes, uid: str, text: str) -> None:
    made = headers(uid, NOW, text.encode(), [secret(raw)])
    assert made["webhook-signature"] == Oracle(secret(raw)).sign(uid, NOW, text)


def test_while_secrets_rotate_either_of_them_verifies() -> None:
    at = datetime.now(UTC)
    old, new = secret(bytes(range(24))), secret(bytes(range(1, 33)))
    made = headers("msg_1", at, b'{"a":1}', [new, old])
    for one in (old, new):
        assert Oracle(one).verify(b'{"a":1}', made) == {"a": 1}


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_!!!", "whsec_YQ==", secret(bytes(65)), secret(bytes(24)).removeprefix("whsec_")])
def test_a_secret_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        key_of(text)
    assert text[6:] == "" or text[6:] not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org",
        "https://",
        "https://user:pass@example.org",
        "https://example.org/#part",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest",
        "https://exa mple.org/",
        "https://example.org:99999/",
        "https://[fe80::1%25eth0]/",
        "//example.org",
        "http://localhost:8000/",
    ],
)
def test_an_endpoint_elsewhere_than_on_a_public_host_over_https_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url)


def test_a_public_endpoint_is_taken_and_loopback_only_where_it_is_allowed() -> None:
    check_url("https://hooks.example.org:8443/a?b=c")
    check_url("https://93.184.216.34/")
    check_url("http://127.0.0.1:9999/", allow_loopback=True)
    with pytest.raises(Invalid):
        check_url("http://10.0.0.1/", allow_loopback=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:0:a00:1::",
        "localhost",
        "",
    ],
)
def test_no_connection_is_made_to_an_address_that_is_not_public(address: str) -> None:
    assert not permitted(address)


def test_public_addresses_of_both_families_are_called() -> None:
    assert permitted("93.184.216.34")
    assert permitted("2606:2800:220:1:248:1893:25c8:1946")
    assert permitted("64:ff9b::5db8:d822")
    assert permitted("::1", allow_loopback=True)
