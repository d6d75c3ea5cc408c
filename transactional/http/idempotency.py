"""Was this request made before? For every POST route, in the transaction of its effect.

The trap: a key remembered apart from its effect (the process dies between them), a key that another caller or another route shares, and the
same key with another body answered as if it were the first. The key is claimed by an insert; a second session with the same key waits for the first
to commit. The answer itself is not stored: the services give the first answer to a repeated key.
"""

from __future__ import annotations

import hashlib

from pydantic import BaseModel
from sqlalchemy import Connection, text

from transactional.http.keys import ApiKey
from transactional.vocabulary.errors import Refused

_CLAIM = text("insert into app.request_keys (idempotency_key, payload_hash) values (:key, :hash) on conflict do nothing")
_HASH = text("select payload_hash from app.request_keys where idempotency_key = :key")
_LONGEST_FOR_SERVICES = 200


def claim(connection: Connection, caller: ApiKey, effect: str, key: str, body: BaseModel) -> str:
    """Claim the key for this caller, effect (route and subject) and body; answers the key to hand to the services.

    Raises: Refused (`idempotency_conflict`) when the key was used with another body.
    """
    scoped = f"http:{caller.name}:{effect}:{key}"
    if len(scoped) > _LONGEST_FOR_SERVICES:
        scoped = f"http:{hashlib.sha256(scoped.encode()).hexdigest()}"
    said = hashlib.sha256(body.model_dump_json().encode()).digest()
    connection.execute(_CLAIM, {"key": scoped, "hash": said})
    if bytes(connection.execute(_HASH, {"key": scoped}).scalar_one()) != said:
        raise Refused("this Idempotency-Key was used with another body", code="idempotency_conflict")
    return scoped
