"""The files of a quiet world add up by themselves: rows, batches, banks. Checked with csv, Fraction and regular expressions, no code of ours."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import PurePosixPath

from transactional.simulation.world import World

PLACES = {"JPY": Decimal(1), "KWD": Decimal("0.001")}
FEES = ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")


def _rows(world: World, start: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    for path, content in world.files.items():
        if PurePosixPath(path).name.startswith(start):
            yield path, list(csv.DictReader(io.StringIO(content.decode())))


def _signed(row: dict[str, str], credit: str, debit: str) -> Decimal:
    return Decimal(row[credit] or 0) - Decimal(row[debit] or 0)


def test_every_adyen_row_is_gross_times_rate_less_fees(quiet: World) -> None:
    checked = 0
    for path, rows in _rows(quiet, "settlement_detail_report"):
        for row in rows:
            if row["Psp Reference"]:
                gross = _signed(row, "Gross Credit (GC)", "Gross Debit (GC)")
                fees = sum((Decimal(row[name] or 0) for name in FEES), Decimal(0))
                place = PLACES.get(row["Net Currency"], Decimal("0.01"))
                converted = (gross * Decimal(row["Exchange Rate"])).quantize(place, ROUND_HALF_EVEN)
                assert converted - fees == _signed(row, "Net Credit (NC)", "Net Debit (NC)"), (path, row)
                checked += 1
    assert checked > 500


def test_every_adyen_batch_comes_to_zero_in_every_currency_and_none_is_missing(quiet: World) -> None:
    numbers: dict[str, list[int]] = defaultdict(list)
    for path, rows in _rows(quiet, "settlement_detail_report"):
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            sums[row["Net Currency"]] += _signed(row, "Net Credit (NC)", "Net Debit (NC)")
        assert set(sums.values()) == {Decimal(0)}, path
        numbers[rows[0]["Merchant Account"]].append(int(rows[0]["Batch Number"]))
    for found in numbers.values():
        assert sorted(found) == list(range(min(found), max(found) + 1))


def test_adyens_registers_come_to_rest(quiet: World) -> None:
    # Received, authorised and captured are moved through; what is settled leaves nothing in any of them
    registers: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    settled: set[str] = set()
    types: dict[str, set[str]] = defaultdict(set)
    for _, rows in _rows(quiet, "payments_accounting_report"):
        for row in rows:
            reference = row["Psp Reference"]
            registers[reference][0] += Decimal(row["Received (PC)"] or 0)
            registers[reference][1] += Decimal(row["Captured (PC)"] or 0)
            types[reference].add(row["Record Type"])
            settled |= {reference} if row["Record Type"] == "Settled" else set()
    plain = [one for one in settled if types[one] == {"Received", "Authorised", "SentForSettle", "Settled"}]
    assert len(plain) > 500
    assert [one for one in plain if registers[one] != [0, 0]] == []


def test_every_stripe_row_and_payout_adds_up(quiet: World) -> None:
    for path, rows in _rows(quiet, "payout_reconciliation"):
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            assert Decimal(row["gross"]) - Decimal(row["fee"]) == Decimal(row["net"]), (path, row)
            sums[row["automatic_payout_id"]] += Decimal(row["net"])
        assert set(sums.values()) == {Decimal(0)}, path
        assert sum(row["reporting_category"] == "payout" for row in rows) == len(sums)


def test_what_stripe_pays_out_it_told_as_activity_before(quiet: World) -> None:
    told = {row["balance_transaction_id"]: row["net"] for _, rows in _rows(quiet, "balance_change") for row in rows}
    paid = {
        row["balance_transaction_id"]: row["net"]
        for _, rows in _rows(quiet, "payout_reconciliation")
        for row in rows
        if row["source_id"][:3] != "po_"
    }
    assert paid.items() <= told.items()
    ids = [row["balance_transaction_id"] for _, rows in _rows(quiet, "payout_reconciliation") for row in rows]
    assert len(ids) == len(set(ids))


def test_bank_balances_follow_each_other_and_numbers_have_no_hole(quiet: World) -> None:
    for iban in ("DE89370400440532013000", "JP1200090001234567"):
        closing, sequence = None, None
        for path in sorted(path for path in quiet.files if iban in path):
            text = quiet.files[path].decode()
            opened, closed = _balances(text)
            moves = [
                Decimal(amount) * (1 if side == "CRDT" else -1)
                for amount, side in re.findall(r"</NtryRef><Amt Ccy=\"\w+\">([\d.]+)</Amt><CdtDbtInd>(\w+)<", text)
            ]
            assert opened + sum(moves) == closed, path
            assert closing in (None, opened), path
            number = int(re.findall(r"<ElctrncSeqNb>(\d+)<", text)[0])
            assert sequence in (None, number - 1), path
            closing, sequence = closed, number


def _balances(text: str) -> tuple[Decimal, Decimal]:
    found = {
        kind: Decimal(amount) * (1 if side == "CRDT" else -1)
        for kind, amount, side in re.findall(r"<Cd>(OPBD|CLBD)</Cd></CdOrPrtry></Tp><Amt Ccy=\"\w+\">([\d.]+)</Amt><CdtDbtInd>(\w+)<", text)
    }
    return found["OPBD"], found["CLBD"]


def test_mt940_statements_follow_each_other(quiet: World) -> None:
    for iban in ("GB29NWBK60161331926819",):
        closing = None
        for path in sorted(path for path in quiet.files if iban in path):
            text = quiet.files[path].decode()
            opened, closed = (
                Decimal(amount.replace(",", ".")) * (1 if side == "C" else -1)
                for side, amount in re.findall(r":6[02]F:([CD])\d{6}[A-Z]{3}([\d,]+)", text)
            )
            moves = [
                Decimal(amount.replace(",", ".")) * (1 if side == "C" else -1) for side, amount in re.findall(r":61:\d{10}([CD])([\d,]+)N", text)
            ]
            assert opened + sum(moves) == closed, path
            assert closing in (None, opened), path
            assert all(len(line) <= 70 for line in text.splitlines()), path
            closing = closed


def test_bai2_statements_follow_each_other_and_count_themselves(quiet: World) -> None:
    closing = None
    paths = sorted(path for path in quiet.files if "US64SVBKUS6S3300958879" in path)
    assert paths
    for path in paths:
        rows = quiet.files[path].decode().splitlines()
        opened, closed = (int(amount) for amount in re.findall(r",01[05],(-?\d+),", rows[2]))
        moves = [int(amount) * (1 if code < "400" else -1) for code, amount in re.findall(r"^16,(\d{3}),(\d+),", "\n".join(rows), re.MULTILINE)]
        assert opened + sum(moves) == closed, path
        assert closing in (None, opened), path
        assert all(len(row) <= 90 for row in rows), path
        total = opened + closed + sum(map(abs, moves))
        assert rows[-3:] == [f"49,{total},{len(rows) - 4}/", f"98,{total},1,{len(rows) - 2}/", f"99,{total},1,{len(rows)}/"], path
        closing = closed


def test_every_old_payout_arrives_at_its_bank_once(quiet: World) -> None:
    everything = b"\n".join(content for path, content in quiet.files.items() if path.startswith("bank/")).decode().replace("\r\n", " ")
    references = [
        row["Modification Reference"].split()[0] for _, rows in _rows(quiet, "settlement_detail") for row in rows if row["Type"] == "MerchantPayout"
    ]
    assert len(references) == len(set(references)) > 40
    assert [one for one in references[:-8] if everything.count(one) > 1] == []
    assert sum(one in everything for one in references) >= len(references) - 12
