"""What the house promises about a prompt: to a push gateway where the study has one, else to the phone that asks by itself.

A push gateway is a webhook endpoint that wants the kind `prompt`. Promises are in system time; a prompt's expiry is in
study time, so what is carried over is the life that is left.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Row

from models.queries.delivery import PULL
from models.queries.outbox import Promise

GATEWAY_KIND: Final = "prompt"
"""The kind under which an endpoint asks for prompts and their reminders."""

WEBHOOK: Final = "webhook"


def prompt_promises(
    prompt: Row[Any],
    gateways: Sequence[Row[Any]],
    *,
    kind: Literal["prompt", "reminder"],
    number: int,
    now: datetime,
    system_now: datetime,
    rings_until: datetime,
) -> list[Promise]:
    """The promises of one telling; `number` is 0 for the prompt itself, then counts its reminders.

    A push ends at `rings_until`, with the person's waking hours, where the prompt lives longer; there is none once they are over.
    `prompt` is a row of `claim_due`. Each telling has its own dedup key, so that a crash between two commits cannot tell twice.
    """
    ends = system_now + ((min(prompt.expires_at, rings_until) if gateways else prompt.expires_at) - now)
    tell = [(WEBHOOK, f"endpoint:{one.uid}", one.uid) for one in gateways] or [(PULL, f"enrollment:{prompt.enrollment_uid}", PULL)]
    return [
        Promise(
            study_id=prompt.study_id,
            enrollment_id=prompt.enrollment_id,
            kind=kind,
            subject=prompt.uid,
            channel=channel,
            recipient=recipient,
            dedup_key=_name(prompt, number, str(whom)),
            expires_at=ends,
            urgent=False,
            synthetic=prompt.synthetic,
            first_try_at=ends if channel == PULL else None,
        )
        for channel, recipient, whom in tell
        if ends > system_now
    ]


def pull_names(prompts: Iterable[Row[Any]]) -> set[tuple[int, str]]:
    """(study, dedup key) of everything that was promised about these prompts to a phone that asks by itself."""
    return {(prompt.study_id, _name(prompt, number, PULL)) for prompt in prompts for number in range(prompt.reminders_sent + 1)}


def _name(prompt: Row[Any], number: int, whom: str) -> str:
    return f"prompt/{prompt.enrollment_id}/{prompt.uid}/{number}/{whom}"
