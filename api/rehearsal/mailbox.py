"""How a phone's answers get to the server: at once, late, in a batch, twice, wrongly first; and that each receipt is kept."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from api.rehearsal import uploads
from api.rehearsal.people.chance import fraction
from api.rehearsal.people.slips import edited, spoiled
from api.rehearsal.people.terms import Slip, Twice
from api.rehearsal.pocket import Pocket
from api.rehearsal.uploads import Upload
from api.rehearsal.wire import Reply

STORED: Final = (200, 201)
ENDED: Final = (401, 410)
"""What someone gets who has left: erased, or collection stopped."""
CONFLICT_SHARE: Final = 0.3
"""Of the uploads that come twice, those that are followed by other content under the same id (assumption)."""
BATCH_MOST: Final = 500

Told = Callable[[Upload, dict[str, Any], datetime], None]

_ENCODE: Final = msgspec.json.Encoder().encode
_NEXT: Final = timedelta(seconds=1)


class Mailbox:
    """The outgoing answers of one phone. `told` hears of each reply once: the upload, the reply's document and the study time."""

    def __init__(self, pocket: Pocket, pairs: Executor, told: Told) -> None:
        self._pocket, self._pairs, self._told = pocket, pairs, told
        self._person, self._phone, self._record = pocket.person, pocket.phone, pocket.record
        self._waiting: list[Upload] = []

    def keep(self, upload: Upload) -> None:
        """For later: the phone is offline."""
        self._waiting.append(upload)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def send(self, upload: Upload, now: datetime) -> None:
        """One answer, with whatever goes wrong about it."""
        if upload.slip is not None and not self._pocket.ended:
            self._slip(upload, now)
        document = uploads.body(upload, self._person, sent_at=now)
        if upload.twice is Twice.AT_ONCE:
            replies = self._both(upload.response_id, _ENCODE(document))
        else:
            replies = [self._put(upload.response_id, _ENCODE(document))]
            if upload.twice is Twice.LATER and not self._pocket.ended:
                later = uploads.body(upload, self._person, sent_at=now + _NEXT)
                replies.append(self._put(upload.response_id, _ENCODE(later)))
        self._judge(upload, replies, now)
        if upload.twice is not None and fraction(self._person.key, "conflict", upload.label) < CONFLICT_SHARE and not self._pocket.ended:
            self._conflict(upload, document)

    def edit(self, upload: Upload, now: datetime) -> None:
        """A deliberate change of what is stored."""
        changed = edited(upload.filled, upload.instrument, self._person, upload.label)
        if changed is None or self._pocket.ended:
            return
        document = uploads.body(upload.edit(changed), self._person, sent_at=now, edits=1)
        self._record.act("edit", self._person.number)
        self._put(upload.response_id, _ENCODE(document))

    def flush(self, now: datetime) -> None:
        """Everything that waited: one by itself, several as a batch, sometimes the whole batch again."""
        waiting, self._waiting = self._waiting[:BATCH_MOST], self._waiting[BATCH_MOST:]
        if len(waiting) == 1:
            self.send(waiting[0], now)
        elif waiting:
            self._batch(waiting, now)
        if self._waiting:
            self.flush(now)

    def _batch(self, waiting: Sequence[Upload], now: datetime) -> None:
        items: list[dict[str, Any]] = []
        meant: list[Upload | None] = []
        for upload in waiting:
            if upload.slip is not None:
                items.append({"id": upload.response_id, **self._spoiled(upload, now)})
                meant.append(None)
            items.append({"id": upload.response_id, **uploads.body(upload, self._person, sent_at=now)})
            meant.append(upload)
        raw = _ENCODE({"items": items})
        self._record.act("batch", self._person.number)
        first = self._results(raw, len(items))
        for one, result in zip(meant, first, strict=False):
            self._batch_item(one, result, now)
        if first and any(upload.twice is not None for upload in waiting) and not self._pocket.ended:
            again = self._results(raw, len(items))
            pairs = [(a["reply"], b["reply"]) for one, a, b in zip(meant, first, again, strict=False) if one is not None and a["reply"]]
            equal = sum(b is not None and a["receipt"] == b["receipt"] for a, b in pairs)
            self._record.act("duplicate", self._person.number, len(pairs))
            self._record.act("duplicate_equal", self._person.number, equal)

    def _results(self, raw: bytes, number: int) -> list[dict[str, Any]]:
        reply = self._phone.call("POST", "/responses/batch", raw=raw, expect=ENDED if self._phone.signed_out else (200,))
        results: list[dict[str, Any]] = reply.json()["results"] if reply.ok else []
        if reply.ok and len(results) != number:
            self._record.act("batch_short", self._person.number)
        return results

    def _batch_item(self, upload: Upload | None, result: dict[str, Any], now: datetime) -> None:
        if result["status"] in STORED and upload is not None:
            self._record.acknowledge(self._person.number, upload.response_id)
            self._told(upload, result["reply"], now)
            return
        expected = (upload is None and result["status"] == 422) or (self._pocket.ended and result["status"] in ENDED)
        self._record.refused(result["status"], str((result.get("problem") or {}).get("code")), expected=expected)

    def _judge(self, upload: Upload, replies: Sequence[Reply], now: datetime) -> None:
        first = next((one for one in replies if one.ok), None)
        for one in replies:
            if not one.ok:
                self._record.refused(one.status, one.code or "", expected=self._pocket.ended and one.status in ENDED)
        if first is None:
            return
        self._record.acknowledge(self._person.number, upload.response_id)
        if len(replies) > 1:
            receipts = {uploads.receipt_of(one.body) for one in replies if one.ok}
            created = sum(one.status == 201 for one in replies)
            self._record.act("duplicate" if upload.twice is Twice.LATER else "simultaneous", self._person.number)
            equal = len(receipts) == 1 and created <= 1 and all(one.ok for one in replies)
            self._record.act("duplicate_equal", self._person.number, int(equal))
        self._told(upload, first.json(), now)

    def _both(self, response_id: str, raw: bytes) -> list[Reply]:
        """The same bytes over two connections at the same time."""
        other = self._pairs.submit(self._put, response_id, raw)
        return [self._put(response_id, raw), other.result()]

    def _put(self, response_id: str, raw: bytes, expect: tuple[int, ...] = STORED) -> Reply:
        wanted = ENDED if self._pocket.ended else expect
        return self._phone.call("PUT", "/responses/{id}", ids={"id": response_id}, raw=raw, expect=wanted)

    def _slip(self, upload: Upload, now: datetime) -> None:
        self._refusal("wrong", self._put(upload.response_id, _ENCODE(self._spoiled(upload, now)), (422,)), (422,))

    def _spoiled(self, upload: Upload, now: datetime) -> dict[str, Any]:
        assert upload.slip is not None
        if upload.slip is Slip.AFTER_SENT:
            return uploads.early(uploads.body(upload, self._person, sent_at=now))
        wrong = spoiled(upload.filled, upload.instrument, upload.slip, self._person, upload.label)
        return uploads.body(upload.edit(wrong), self._person, sent_at=now)

    def _conflict(self, upload: Upload, document: dict[str, Any]) -> None:
        other = _ENCODE(uploads.other_content(document))
        self._refusal("conflict", self._put(upload.response_id, other, (409,)), (409,))

    def _refusal(self, kind: str, reply: Reply, wanted: tuple[int, ...]) -> None:
        self._record.act(kind, self._person.number)
        self._record.refused(reply.status, reply.code or "", expected=reply.status in wanted)
