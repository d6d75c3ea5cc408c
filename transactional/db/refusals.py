"""What a database function of ours refused, as one of the five errors. For the services that call it.

Refusals have SQLSTATE CR001 and a JSON detail with their code (app.refuse, revision 0001). The trap: a refusal shown as a database error, with the
statement and a person's data in it.
"""

from __future__ import annotations

import orjson
from sqlalchemy.exc import DBAPIError

from transactional.vocabulary.errors import CountroomError, Refused, Transient

_IN_THE_WAY = {"40001", "40P01", "55P03"}


def refusal_in(error: DBAPIError) -> CountroomError | None:
    """The refusal a database error carries, Transient when another session was in the way; None when it is neither."""
    diagnosis = getattr(error.orig, "diag", None)
    state = getattr(error.orig, "sqlstate", None)
    if state == "CR001" and diagnosis is not None:
        facts = orjson.loads(diagnosis.message_detail)
        return Refused(diagnosis.message_primary, code=facts.pop("code"), detail=facts)
    if state in _IN_THE_WAY:
        return Transient("another session was in the way; nothing was booked, try again", code="contention")
    return None
