"""Reading a webhook's JSON without trusting it. Private part of the PSP specs.

The traps: a message that is valid JSON of another shape and fails as a KeyError (a 500, so the PSP retries for days); a float for money.
Raises: InputRejected (`bad_message`), with no content of the message in it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from transactional.vocabulary.errors import InputRejected

_LONGEST = 500


def message(body: bytes) -> dict[str, Any]:
    """The JSON object in a body."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputRejected("a webhook body must be a JSON object", code="bad_message") from error
    return as_object(parsed)


def as_object(value: object) -> dict[str, Any]:
    """The value as a JSON object."""
    if not isinstance(value, dict):
        raise InputRejected("a JSON object was expected in the webhook", code="bad_message")
    return value


def text(value: object) -> str | None:
    """The value if it is a usable, non-empty text, else None."""
    return value if isinstance(value, str) and value and len(value) <= _LONGEST and "\x00" not in value else None


def instant(value: object) -> datetime:
    """A moment printed as ISO 8601 with an offset, or as Unix seconds."""
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise InputRejected("a webhook needs the time it happened", code="bad_message") from error
    if moment.tzinfo is None:
        raise InputRejected("a webhook's time needs an offset", code="naive_time")
    return moment.astimezone(UTC)


def unknown(psp: str, kind: str) -> InputRejected:
    """An event the spec does not list: it may move money, so it waits for a person. The kind is the PSP's word, never a player's."""
    return InputRejected(f"{psp} told an event this version has no meaning for: {kind[:100]}", code="unknown_event")


def body_key(psp: str, body: bytes) -> str:
    """The key of a message that has no id of its own: its bytes."""
    return f"{psp}:{hashlib.sha256(body).hexdigest()[:32]}"
