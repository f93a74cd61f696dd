"""A reply leaves in one piece, and nothing of it is held back beyond the turn of the loop."""

import asyncio
from typing import cast

from api.whole import AT_MOST, Gathering


class _Transport:
    """Keeps what was sent, call by call; None is the end."""

    def __init__(self) -> None:
        self.sent: list[bytes | None] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append(None)

    def get_extra_info(self, name: str) -> str:
        return f"told of {name}"


async def _turns(*turns: tuple[bytes, ...], close: bool = False) -> tuple[list[bytes | None], Gathering]:
    loop, transport = asyncio.get_running_loop(), _Transport()
    gathering = Gathering(cast("asyncio.Transport", transport), loop)
    for pieces in turns:
        for piece in pieces:
            gathering.write(piece)
        if close:
            gathering.close()
        await asyncio.sleep(0)
    return transport.sent, gathering


def test_head_and_body_leave_together() -> None:
    sent, gathering = asyncio.run(_turns((b"head", b"body"), (b"next",)))
    assert sent == [b"headbody", b"next"]
    assert gathering.get_extra_info("peername") == "told of peername"


def test_what_waits_leaves_before_the_end() -> None:
    assert asyncio.run(_turns((b"head", b"body"), close=True))[0] == [b"headbody", None]


def test_a_long_reply_does_not_wait() -> None:
    long = b"x" * AT_MOST
    assert asyncio.run(_turns((b"head", long, b"rest", b"more")))[0] == [b"head" + long, b"restmore"]
