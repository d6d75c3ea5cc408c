"""What was expected, in words a caller understands, for each way a request can be wrong. For problems.py.

The traps: a regular expression of two hundred currencies as the answer to a misspelt one; and the words of the framework that repeat what was
sent, which may be a person's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from transactional.http.wire import CURRENCY_PATTERN, PRINTABLE_PATTERN
from transactional.ledger.accounts import CODE_PATTERN
from transactional.reconciliation.acts import ACTOR_PATTERN, ROOT_CAUSE_PATTERN
from transactional.reconciliation.close_api_models import PSP_PATTERN, REASON_PATTERN

_LONGEST_WORDS = 300

_PATTERNS = {
    CURRENCY_PATTERN: "expected the ISO 4217 code of a currency in capital letters, as EUR",
    CODE_PATTERN: "expected an account of the chart, as house_revenue, psp_receivable:adyen:CountroomEU or player_cash:<32 hexadecimal digits>",
    PRINTABLE_PATTERN: "expected text without control characters",
    ACTOR_PATTERN: "expected the name of a person: 1 to 64 characters of a-z, 0-9 and . _ @ -",
    REASON_PATTERN: "expected words, without control characters",
    PSP_PATTERN: "expected the name of a PSP, as adyen",
    ROOT_CAUSE_PATTERN: "expected one word of a-z, 0-9 and _, as late_file",
}
_KINDS = {
    "missing": "is required",
    "extra_forbidden": "there is no such field",
    "model_type": "expected a JSON object",
    "model_attributes_type": "expected a JSON object",
    "string_type": "expected a text",
    "string_unicode": "expected a text of Unicode characters",
    "int_type": "expected an integer, without decimals or quotes",
    "timezone_aware": "expected a time with a zone, as 2026-01-31T12:00:00Z",
    "union_tag_not_found": "expected a field 'kind'",
}


def words_for(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in our words; theirs where they repeat nothing of the request."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind == "string_pattern_mismatch":
        said = _for_pattern(str(context.get("pattern")))
    elif kind == "union_tag_invalid":
        said = f"kind: expected one of {context.get('expected_tags')}"
    elif kind == "json_invalid":
        said = f"expected JSON; it goes wrong at character {error['loc'][-1]}"
    elif kind == "greater_than":
        said = f"expected more than {context.get('gt')}"
    elif kind == "less_than_equal":
        said = f"expected at most {context.get('le')}"
    else:
        said = _KINDS.get(kind, str(error["msg"]).removeprefix("Value error, "))
    return said[:_LONGEST_WORDS]


def _for_pattern(pattern: str) -> str:
    public_id = re.fullmatch(r"\^([a-z]+)_\[0-9a-f\]\{32\}\$", pattern)
    if public_id:
        return f"expected an id: {public_id[1]}_ and 32 hexadecimal digits"
    return _PATTERNS.get(pattern, f"expected what matches {pattern}")
