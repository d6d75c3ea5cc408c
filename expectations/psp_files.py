"""What a PSP report must look like once it has landed. Inbound: the PSPs write these files, we only read them."""

from __future__ import annotations

from expectations.suite import IN_FILE, Edge, Suite

_CURRENCY = "^[A-Z]{3}$"
_LARGEST = 10**12  # ten thousand million major units in one line is a misread decimal point
_AMOUNTS = ("gross_minor", "net_minor", "commission_minor", "markup_minor", "scheme_fee_minor", "interchange_minor")


def _lines(role: str) -> Suite:
    return Suite(
        name=f"psp_{role}_lines",
        schema="raw",
        table=f"psp__{role}_lines",
        at=Edge.INBOUND,
        found_by=IN_FILE,
        why="A PSP changed its report: a type we do not know, a currency that is no code, an amount out of all proportion.",
        not_null=("psp", "account", "kind", "raw_kind", "occurred_at", "booked_on"),
        unique=("_file_id", "_source_line"),
        matches={"gross_currency": _CURRENCY, "net_currency": _CURRENCY},
        between=dict.fromkeys(_AMOUNTS, (-_LARGEST, _LARGEST)),
        in_catalogue={"psp": "psp_catalogue.psp", "kind": "money_kind_catalogue.kind"},
    )


SUITES = (_lines("settlement"), _lines("activity"), _lines("balance"))
