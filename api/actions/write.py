"""What the writer does: a batch of answers and of acts on prompts in one transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any

from api.actions.submission import Submission
from api.actions.submit_response import apply_submissions
from api.actions.touch_prompts import Touch, touch_prompts
from api.deps import House
from models.queries.response import hold_enrollments
from models.session import WriteSession
from models.writer import Lane

Operation = Submission | Touch


def apply_operations(session: WriteSession, operations: Sequence[Operation], house: House) -> Sequence[Any]:
    """One result for each operation, in order. Acts go first: a phone tells that a prompt was opened before it sends the answer."""
    touches = [one for one in operations if isinstance(one, Touch)]
    submissions = [one for one in operations if isinstance(one, Submission)]
    if not touches:
        return apply_submissions(session, submissions, house)
    # Everybody's lock before any prompt's: two processes must not wait for each other.
    hold_enrollments(session, {one.viewer.enrollment_id for one in operations if one.viewer.enrollment_id is not None})
    touched = iter(touch_prompts(session, house, touches, now=house.clock.study()))
    submitted = iter(apply_submissions(session, submissions, house) if submissions else ())
    return [next(touched if isinstance(one, Touch) else submitted) for one in operations]


async def written(house: House, operation: Operation, lane: Lane = Lane.NORMAL) -> Any:
    """Queues an operation and waits for the commit; gives the result, refusals included. Busy raises at once: nothing was stored."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def done(result: Any) -> None:
        if not future.done():
            future.set_result(result)

    done.loop = loop  # type: ignore[attr-defined]
    house.writer.submit(operation, done, lane)
    return await future
