"""Who calls, and what may they do. For the API's dependencies.

A key is `name:scope+scope:secret`. The trap: comparing secrets with `==`, or stopping at the first hit, tells an attacker by time how far a
guess was right. Digests are compared in constant time, and every configured key is compared on every call.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from transactional.vocabulary.errors import InputRejected, Refused

SCOPES = frozenset(
    {
        *("ledger:read", "ledger:write", "payments:read", "payments:write"),
        *("reconciliation:read", "reconciliation:work", "reconciliation:approve", "reconciliation:approve_large"),
        "reconciliation:close",
        *("scorecards:read", "routing:read", "routing:write"),
    }
)
_MINIMUM_SECRET = 24  # characters; shorter ones can be guessed


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One configured caller. Only the digest of the secret is kept, so that a printed key or a core dump shows no secret."""

    name: str
    scopes: frozenset[str]
    digest: bytes = field(repr=False)


def parse_keys(text: str) -> tuple[ApiKey, ...]:
    """The keys of a `COUNTROOM_API_KEYS` value; scopes are separated by `+`, keys by commas.

    Raises: InputRejected naming the key (never its secret) when a scope is unknown, a name is repeated or a secret is too short.
    """
    keys: list[ApiKey] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        matched = re.fullmatch(r"(?P<name>[A-Za-z0-9_-]+):(?P<scopes>[a-z:+_]+):(?P<secret>[^:,]+)", part)
        if matched is None:
            raise InputRejected("COUNTROOM_API_KEYS: expected name:scope+scope:secret, separated by commas", code="settings")
        name, scopes = matched["name"], frozenset(matched["scopes"].split("+"))
        if unknown := scopes - SCOPES:
            raise InputRejected(f"COUNTROOM_API_KEYS: key '{name}' has unknown scopes {sorted(unknown)}; known: {sorted(SCOPES)}", code="settings")
        if len(matched["secret"]) < _MINIMUM_SECRET:
            raise InputRejected(f"COUNTROOM_API_KEYS: key '{name}' has a secret shorter than {_MINIMUM_SECRET} characters", code="settings")
        if any(key.name == name for key in keys):
            raise InputRejected(f"COUNTROOM_API_KEYS: key '{name}' is given twice", code="settings")
        keys.append(ApiKey(name, scopes, _digest(matched["secret"])))
    return tuple(keys)


def parse_webhook_secrets(text: str) -> dict[str, tuple[str, ...]]:
    """Secrets by PSP of a `COUNTROOM_WEBHOOK_SECRETS` value. Raises: InputRejected, never with a secret in its message."""
    secrets: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        psp, mark, secret = part.partition("=")
        if not (psp and mark and secret):
            raise InputRejected("COUNTROOM_WEBHOOK_SECRETS: expected psp=secret, separated by commas", code="settings")
        secrets[psp] = (*secrets.get(psp, ()), secret)
    return secrets


def authenticate(keys: Sequence[ApiKey], secret: str) -> ApiKey:
    """The caller whose secret this is. Raises: Refused (`unauthenticated`); it does not say whether the name or the secret was wrong."""
    presented, found = _digest(secret), None
    for key in keys:
        if hmac.compare_digest(key.digest, presented):
            found = key
    if found is None:
        raise Refused("a valid API key is needed: Authorization: Bearer <secret>", code="unauthenticated")
    return found


def authorise(key: ApiKey, scope: str) -> None:
    """Raises: Refused (`forbidden`) when the caller's key does not carry `scope`."""
    if scope not in key.scopes:
        raise Refused(f"this API key lacks the scope {scope}", code="forbidden")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
