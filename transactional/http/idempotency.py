"""Was this request made before? For every POST route, in the transaction of its effect.

The trap: a key remembered apart from its effect (the process dies between them), a key that another caller or another route shares, the same key
with another body answered as if it were the first, and a repeated request answered with the state of today instead of its own answer. The key is
claimed by an insert; a second session with the same key waits for the first to commit, then gets what the first was told, word for word.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Response
from pydantic import BaseModel
from sqlalchemy import text

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.keys import ApiKey
from transactional.vocabulary.errors import Refused

_CLAIM = text("insert into app.request_keys (idempotency_key, payload_hash) values (:key, :hash) on conflict do nothing")
_KNOWN = text(
    """
    select k.payload_hash, a.body from app.request_keys k left join app.request_answers a on a.idempotency_key = k.idempotency_key
    where k.idempotency_key = :key
    """
)
_KEEP = text("insert into app.request_answers (idempotency_key, body) values (:key, :body)")
_LONGEST_FOR_SERVICES = 200

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Claim:
    """A request's key. `key` is for the services; `first_answer` is what the same request was told before, None when this is the first time."""

    key: str
    first_answer: str | None

    def answered_before(self, shape: type[Answer], response: Response) -> Answer | None:
        """The first answer, if there was one."""
        if self.first_answer is None:
            return None
        response.headers["Idempotent-Replayed"] = "true"
        return shape.model_validate_json(self.first_answer)

    def committed(self, work: UnitOfWork, answer: Answer, response: Response) -> Answer:
        """Keep the answer with its effect, in one commit."""
        work.connection.execute(_KEEP, {"key": self.key, "body": answer.model_dump_json()})
        work.commit()
        response.headers["Idempotent-Replayed"] = "false"
        return answer


def claim(work: UnitOfWork, caller: ApiKey, effect: str, key: str, body: BaseModel) -> Claim:
    """Claim the key for this caller, effect (route and subject) and body.

    Raises: Refused (`idempotency_conflict`) when the key was used with another body.
    """
    scoped = f"http:{caller.name}:{effect}:{key}"
    if len(scoped) > _LONGEST_FOR_SERVICES:
        scoped = f"http:{hashlib.sha256(scoped.encode()).hexdigest()}"
    said = hashlib.sha256(body.model_dump_json().encode()).digest()
    work.connection.execute(_CLAIM, {"key": scoped, "hash": said})
    known = work.connection.execute(_KNOWN, {"key": scoped}).one()
    if bytes(known.payload_hash) != said:
        raise Refused("this Idempotency-Key was used with another body", code="idempotency_conflict")
    return Claim(scoped, known.body)
