"""The references of a report's rows: which payment, which modification, which batch, which bank line. For canonical.py."""

from __future__ import annotations

from collections.abc import Sequence

from assets.landing.reports.kinds import PAYOUTS
from assets.landing.tabular import Sheet
from transactional.payments.money_kinds import ACCOUNT_KINDS, PLAYER_KINDS, MoneyKind
from transactional.payments.psps.spec import ReportFormat

TEXTS = ("psp_reference", "modification_reference", "merchant_reference", "ext_id", "batch_id", "bank_reference", "payment_method")
_NO_PAYMENT = ACCOUNT_KINDS | PAYOUTS


def texts_of(sheet: Sheet, report: ReportFormat, kinds: Sequence[MoneyKind], raw_kinds: Sequence[str]) -> dict[str, list[object]]:
    """The columns of TEXTS. An account-level line has none of a payment: what stands there is a description, and stays in psp_fields."""
    found = {name: _first_of(sheet, report.texts.get(name, ())) for name in TEXTS}
    for raw, sources in report.kind_texts.items():
        special = {name: _first_of(sheet, headers) for name, headers in sources.items()}
        for index in (index for index, printed in enumerate(raw_kinds) if printed.casefold() == raw):
            for name, texts in special.items():
                found[name][index] = texts[index]
    references, modifications, banks = found["psp_reference"], found["modification_reference"], found["bank_reference"]
    for index, kind in enumerate(kinds):
        if kind in _NO_PAYMENT:
            references[index] = modifications[index] = None
        elif kind in PLAYER_KINDS:
            modifications[index] = modifications[index] or references[index]
        text = banks[index] if kind in PAYOUTS else None
        banks[index] = report.bank_reference(text) if text and report.bank_reference else text
    return {name: list(texts) for name, texts in found.items()}


def _first_of(sheet: Sheet, headers: tuple[str, ...]) -> list[str | None]:
    columns = [sheet.column(header) for header in headers if header in sheet.headers]
    if not columns:
        return [None] * len(sheet.lines)
    if len(columns) == 1:
        return [text or None for text in columns[0]]
    return [next((text for text in row if text), None) for row in zip(*columns, strict=True)]
