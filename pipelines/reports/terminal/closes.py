"""How are closes told on a terminal: who froze and signed a day, and what stands in the way of the others. For `countroom close` and `report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.reports.terminal.voice import Voice
from pipelines.standing.freezing import blocks_told
from transactional.reconciliation.close_requests.events import CloseRequest, RequestKind
from transactional.reconciliation.closes import Close


def told_close(close: Close, spoken: Voice) -> Iterator[str]:
    """Who closed the day, with what, and who signed."""
    frozen, opened = close.frozen, close.opened_by
    yield spoken(
        "close {close} of {day}, {psp}, no. {number}: {state}",
        close=close.close_id,
        day=close.business_date,
        psp=close.psp,
        number=close.generation,
        state=spoken.word("close", close.state.value),
    )
    for line in (
        spoken("frozen by {actor} at {moment}, although: {reason}", actor=opened.actor, moment=opened.recorded_at, reason=opened.reason)
        if opened.reason
        else spoken("frozen by {actor} at {moment}", actor=opened.actor, moment=opened.recorded_at),
        spoken(
            "knows what was told by {moment}, rule set {rules}, terms {terms}",
            moment=frozen.watermark_at,
            rules=frozen.rule_set,
            terms=frozen.config_hash[:12],
        ),
        spoken("standing sha256 {checksum} in {place}", checksum=frozen.checksum, place=frozen.object_key),
        *(spoken("signed by {actor} at {moment}", actor=each.actor, moment=each.recorded_at) for each in close.signatures),
    ):
        yield f"  {line}"
    if again := close.reopened:
        yield f"  {spoken('re-opened by {actor} at {moment}: {reason}', actor=again.actor, moment=again.recorded_at, reason=again.reason)}"


def told_request(request: CloseRequest, words: str | None, spoken: Voice) -> str:
    """What became of a close that was asked for over HTTP. `words`: why it is refused or waits, as an error says it."""
    asked, ended = request.asked, request.ended
    known: dict[str, Any] = {"day": asked.business_date, "psp": asked.psp, "actor": asked.actor}
    if ended is None:
        return spoken("{day} of {psp}, asked for by {actor}: waits for a run ({reason})", reason=words, **known)
    if ended.kind is RequestKind.CARRIED_OUT:
        return spoken("{day} of {psp}, asked for by {actor}: frozen as close {close}", close=ended.close_id, **known)
    if ended.kind is RequestKind.REFUSED:
        return spoken("{day} of {psp}, asked for by {actor}: refused ({reason})", reason=ended.reason, **known)
    return spoken("{day} of {psp}, asked for by {actor}: withdrawn by {other} ({reason})", other=ended.actor, reason=ended.reason, **known)


def told_calendar(days: Sequence[Mapping[str, Any]], spoken: Voice) -> Iterator[str]:
    """One line for each day (close_calendar.calendar), in words."""
    for day in days:
        told = [spoken.word("close", day["state"])]
        signers = [name for name in (day["first_signer"], day["second_signer"]) if name]
        told += [spoken("signed by {names}", names=", ".join(signers))] if signers else []
        if blocks := [spoken.listed(sentence, count=count) for sentence, count in blocks_told(day)]:
            told.append(spoken("blocked by {what}", what=", ".join(blocks)))
        yield f"{spoken.day(day['business_date'])}  {day['psp']:<12}  {', '.join(told)}"
