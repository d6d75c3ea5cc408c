"""Which open breaks might explain each other, and what do people say of it? The published suggestions with decisions as of now. For `countroom breaks`.

The trap: a suggestion accepted under a name, with items that a later run put under it. The id is the hash of the items; the service checks it again.
Nothing here matches anything: what two people confirm takes effect in the next run. Units: minor units of the currency beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from pipelines.resources.warehouse import Warehouse
from pipelines.standing.break_work import Shelf
from pipelines.standing.state import nothing_published
from transactional.db.unit_of_work import UnitOfWork
from transactional.reconciliation.match_service import Decided, Matches
from transactional.reconciliation.matches import Match, MatchEventKind, MatchState, fold
from transactional.vocabulary.errors import InputRejected, Refused

_KNOWN = "select to_regclass('reconciliation.fct_suggestions') is not null as known"
_SUGGESTIONS = """
select suggestion_id, state, is_suggested, layer, finding, psp, account, currency, amount_minor, rivals_count, rivals_capped, pool_count, score_bps,
    break_id, thread_id, other_break_ids, item_keys, accepted_by, confirmed_by, decided_at, group_id, not_held_because, why
from reconciliation.fct_suggestions order by is_suggested desc, score_bps desc nulls last, suggestion_id
"""


@dataclass(frozen=True, slots=True)
class SuggestionDesk:
    """The suggestions of the last run, and the service."""

    warehouse: Warehouse
    engine: Engine
    shelf: Shelf

    def find(self, names: Sequence[str] = (), *, psp: str | None = None, also_decided: bool = False) -> list[dict[str, Any]]:
        """Suggestions as they stand now: the open and accepted ones, or (`also_decided`) all. Raises: Refused (`not_found`) for a name nobody published."""
        if not self.warehouse.read(_KNOWN)["known"][0]:
            raise nothing_published()
        rows = self.warehouse.read(_SUGGESTIONS).to_dicts()
        if missing := sorted(set(names) - {row["suggestion_id"] for row in rows}):
            raise Refused(f"no such suggestion: {', '.join(missing)} (countroom breaks suggestions)", code="not_found")
        with UnitOfWork(self.engine) as work:
            events = Matches(work.connection).events_of([row["suggestion_id"] for row in rows])
        told = [_told(row, fold(events.get(row["suggestion_id"], ()))) for row in rows]
        if names:
            return [row for row in told if row["suggestion_id"] in names]
        mine = [row for row in told if psp in (None, row["psp"])]
        return mine if also_decided else [row for row in mine if row["is_suggested"] and row["state"] in ("open", "accepted")]

    def of_break(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """The suggestions that one break is part of, on either side."""
        named = {row["break_id"], row["thread_id"]}
        return [each for each in self.find() if named & {each["break_id"], each["thread_id"], *(each["other_break_ids"] or "").split()}]

    def decide(self, kind: MatchEventKind, names: Sequence[str], actor: str, words: str | None, request: str) -> Iterator[dict[str, Any]]:
        """Say one thing of each; what came of it. A refusal stops none of the others; a request that comes again does only what is left."""
        request = request or uuid4().hex
        for row in self.find(names):
            name = row["suggestion_id"]
            outcome: dict[str, Any] = {"suggestion_id": name, "state": row["state"], "replayed": False, "refused": None}
            try:
                with UnitOfWork(self.engine) as work:
                    decided = _decided(Matches(work.connection), kind, row, actor, words, f"cli:{request}:{name}")
                    work.commit()
            except (Refused, InputRejected) as error:
                yield outcome | {"refused": str(error)}
                continue
            yield outcome | {"state": decided.match.state.value, "replayed": decided.replayed}


def _told(row: dict[str, Any], match: Match) -> dict[str, Any]:
    """What people said this moment goes before what was published; what the run made of it stays while nobody took it back."""
    is_followed = match.state is MatchState.CONFIRMED and row["state"] in ("held", "not_held")
    names = {"accepted_by": match.accepted_by, "confirmed_by": match.confirmed_by}
    return row | names | {"state": row["state"] if is_followed else match.state.value}


def _decided(matches: Matches, kind: MatchEventKind, row: dict[str, Any], actor: str, words: str | None, request: str) -> Decided:
    if kind is MatchEventKind.ACCEPTED:
        return matches.accept(row["suggestion_id"], row["layer"], (row["item_keys"] or "").split(), actor=actor, words=words, request_id=request)
    if kind is MatchEventKind.CONFIRMED:
        return matches.confirm(row["suggestion_id"], actor=actor, words=words, request_id=request)
    return matches.decline(row["suggestion_id"], actor=actor, words=words or "", request_id=request)
