"""Is this YAML a map, and if not, which line and key is wrong? For the command line.

Read node by node and not as objects, so that every refusal has its line, a word stays the word that was written (YAML takes `no` for false and
`0123` for an octal number), and an alias can repeat a part but unfold nothing.
Raises everywhere: ContractBroken (code `map`) naming file, line, key and what was expected.
"""

from __future__ import annotations

from assets.reconciliation.standalone.map_nodes import MapNode, root_of
from assets.reconciliation.standalone.mapping import KINDS, Amount, Currency, Dated, Direction, Key, Kinds, Normalise, TableMap, TwoSidedMap
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.currencies import PERIODS
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.time import zone

_LONGEST_DAYS = 3_650
_TABLE_KEYS = ("key", "amount", "currency", "date", "direction", "sign", "kind", "line_id", "reference", "net", "fee", "name", "file", "url", "query")


def read_map(text: str, name: str) -> TwoSidedMap:
    """The map in a YAML text."""
    top = root_of(text, name).fields(("left", "right", "tolerances"), needed=("left", "right"))
    days = top["tolerances"].fields(("wait_days", "reference_window_days")) if "tolerances" in top else {}
    left, right = (tuple(_table(node) for node in top[side].several()) for side in ("left", "right"))
    for node, table in zip(top["left"].several(), left, strict=True):
        if table.net or table.fee:
            raise node.broken("net and fee are checked on the right side only: let the table that has them be the right one")
    wait_days = days["wait_days"].whole(_LONGEST_DAYS) if "wait_days" in days else 0
    if wait_days and any(table.dated is None for table in left):
        raise days["wait_days"].broken("nothing can wait without a date: give every table of the left a `date`")
    window = days["reference_window_days"].whole(_LONGEST_DAYS) if "reference_window_days" in days else 7
    return TwoSidedMap(left, right, wait_days, window)


def _table(node: MapNode) -> TableMap:
    parts = node.fields(_TABLE_KEYS, needed=("key", "amount", "currency"))
    texts = {name: parts[name].text() for name in ("line_id", "net", "fee", "name", "file", "url", "query") if name in parts}
    if "file" in texts and ("url" in texts or "query" in texts):
        raise parts["file"].broken("a table is a file, or a url with a query; not both")
    if ("url" in texts) != ("query" in texts):
        raise node.broken("expected `url` and `query` together")
    if ("fee" in texts) != ("net" in texts):
        raise node.broken("expected `net` and `fee` together: only both can be checked against the amount")
    return TableMap(
        key=_key(parts["key"]),
        amount=_amount(parts["amount"]),
        currency=_currency(parts["currency"]),
        dated=_dated(parts["date"]) if "date" in parts else None,
        direction=_direction(parts["direction"]) if "direction" in parts else None,
        is_flipped=parts["sign"].one_of(("keep", "flip")) == "flip" if "sign" in parts else False,
        kinds=_kinds(parts["kind"]) if "kind" in parts else Kinds(),
        reference=_key(parts["reference"]) if "reference" in parts else None,
        **texts,
    )


def _key(node: MapNode) -> Key:
    if not node.is_mapping:
        return Key(node.texts())
    parts = node.fields(("columns", "normalise"), needed=("columns",))
    steps = tuple(Normalise(step.one_of([each.value for each in Normalise])) for step in parts["normalise"].several()) if "normalise" in parts else ()
    return Key(parts["columns"].texts(), steps)


def _amount(node: MapNode) -> Amount:
    if not node.is_mapping:
        return Amount(node.text())
    parts = node.fields(("column", "decimal", "thousands", "unit"), needed=("column",))
    decimal = parts["decimal"].one_of((".", ",")) if "decimal" in parts else "."
    thousands = parts["thousands"].one_of((",", ".", " ", "'", "\u00a0", "\u202f")) if "thousands" in parts else ""
    if thousands == decimal:
        raise parts["thousands"].broken("the same mark cannot be for decimals and for thousands")
    is_minor = parts["unit"].one_of(("major", "minor")) == "minor" if "unit" in parts else False
    return Amount(parts["column"].text(), decimal, thousands, is_minor)


def _currency(node: MapNode) -> Currency:
    """A code is a constant; whoever has a column called EUR says so with `column`."""
    if node.is_mapping:
        return Currency(column=node.fields(("column",), needed=("column",))["column"].text())
    text = node.text()
    return Currency(constant=text) if text in PERIODS else Currency(column=text)


def _dated(node: MapNode) -> Dated:
    if not node.is_mapping:
        return Dated(node.text())
    parts = node.fields(("column", "zone", "format"), needed=("column",))
    zone_name = parts["zone"].text() if "zone" in parts else "UTC"
    try:
        zone(zone_name)
    except InputRejected as error:
        raise parts["zone"].broken(f"{error.message}; expected a name such as Europe/Stockholm") from error
    return Dated(parts["column"].text(), zone_name, parts["format"].text() if "format" in parts else None)


def _direction(node: MapNode) -> Direction:
    parts = node.fields(("column", "in", "out"), needed=("column", "in", "out"))
    inward, outward = frozenset(parts["in"].texts()), frozenset(parts["out"].texts())
    if inward & outward:
        raise parts["out"].broken(f"'{min(inward & outward)}' cannot be both in and out")
    return Direction(parts["column"].text(), inward, outward)


def _kinds(node: MapNode) -> Kinds:
    if not node.is_mapping:
        kind = _kind(node)
        return Kinds(kind, kind)
    if node.has("positive") or node.has("negative"):
        parts = node.fields(("positive", "negative"), needed=("positive", "negative"))
        return Kinds(_kind(parts["positive"]), _kind(parts["negative"]))
    parts = node.fields(("column", "words", "otherwise"), needed=("column", "words"))
    rest = _kind(parts["otherwise"]) if "otherwise" in parts else MoneyKind.UNKNOWN
    words = {word: _kind(kind) for word, kind in parts["words"].entries()}
    return Kinds(rest, rest, parts["column"].text(), words)


def _kind(node: MapNode) -> MoneyKind:
    return MoneyKind(node.one_of(sorted(kind.value for kind in KINDS)))
