"""What commands print: whole in the reader's language, in English with the codes and days that a command takes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import UUID

import polars as pl
import pytest

from assets.reconciliation.standing.document import difference
from pipelines.reports.terminal.breaks import told_break, told_breaks, told_outcome, told_suggestions
from pipelines.reports.terminal.closes import told_calendar, told_close
from pipelines.reports.terminal.day import told_day, told_difference
from pipelines.reports.terminal.voice import voice_of
from pipelines.standing.break_work import Shelf
from tests.unit.reconciliation.test_closes import HISTORY, event
from tests.unit.reconciliation.test_standing import DAY, FOUR, payment, standing
from transactional.reconciliation.closes import closes_of
from transactional.reconciliation.work import BreakEvent, EventKind, ProposalKind

ENGLISH, TURKISH = voice_of("en"), voice_of("tr")
SHELF = Shelf(pl.DataFrame(), {"EUR": 2, "KWD": 3})
MOMENT = datetime(2026, 1, 9, 6, 5, tzinfo=UTC)
BROKEN = standing([*payment(1), *payment(2, sources=FOUR[1:])])
THREAD = {
    "thread_id": "brk_1",
    "break_class": "missing_in_ledger",
    "psp": "acme",
    "account": "Main",
    "currency": "EUR",
    "amount_minor": 123_450,
    "state": "explained",
    "owner": None,
    "due_at": MOMENT,
    "is_overdue": True,
    "first_seen_at": MOMENT,
    "explanation": None,
    "is_open": False,
    "ended_how": "merged",
    "healed_at": MOMENT,
    "healed_by_lines": None,
    "merged_into": "brk_2",
    "suggestions": [],
    "items": [
        {"source": "activity", "booked_on": DAY, "currency": "EUR", "amount_minor": 100, "file_name": "a.csv", "line_no": 1234, "item_key": "k1"},
        {"source": "ledger", "booked_on": DAY, "currency": "XXQ", "amount_minor": 100, "file_name": None, "line_no": None, "item_key": "k2"},
    ],
}
SUGGESTION = {
    "suggestion_id": "sug_1",
    "layer": "L7",
    "psp": "acme",
    "state": "accepted",
    "finding": "ambiguous",
    "rivals_count": 1,
    "rivals_capped": True,
    "currency": "EUR",
    "amount_minor": 9_900,
    "not_held_because": None,
    "why": "99.00 EUR is the sum of 2 of 7 bank lines of acme Main, and at least 1 other sums make it too; 3 other suggestions take one of them",
    "accepted_by": "ana",
    "confirmed_by": None,
}


def test_a_day_is_told_whole_in_turkish() -> None:
    told = list(told_day(BROKEN, TURKISH))
    assert told[0] == "5 Oca 2026, tüm PSP'ler; 1 Şub 2026 00:00:00 UTC itibarıyla bilinenlere göre"
    (head,) = [line for line in told if line.startswith("PSP   hesap  para birimi  eşleşen adet")]
    assert head.endswith("açık adet  açık tutar")
    assert any("defterde yok" in line and "ancak defterde kaydı yok" in line for line in told)
    assert any(
        re.search(r"mutabakat belgesi tutuyor: gün sonuna kadar kaydedilen 5 kalem = 3 eşleşen \+ 2 fark veren veya açık", line) for line in told
    )
    assert "\N{NO-BREAK SPACE}" not in "".join(told)  # the trap: a search for "10,00 EUR" that finds nothing


def test_in_english_classes_and_days_are_those_a_command_takes() -> None:
    told = list(told_day(BROKEN, ENGLISH))
    assert told[0] == "2026-01-05 of every PSP, with what was known at 2026-02-01T00:00:00+00:00"
    assert sum("missing_in_ledger" in line for line in told) == 2


def test_what_has_changed_is_told_row_by_row() -> None:
    changed = difference(standing([*payment(1), *payment(2)]), BROKEN)
    told = list(told_difference(changed, DAY, TURKISH))
    assert "farklar: imzalanan ve bugün bilinen" in told
    assert any(line.startswith("bugün") and "10,00" in line for line in told)
    assert list(told_difference({}, DAY, TURKISH)) == ["imzalandıktan sonra hiçbir şey değişmedi"]


def test_a_close_is_told_with_its_reasons() -> None:
    (close,) = closes_of((*HISTORY, event(4, 1, "reopened", "anna", "late file")))
    told = list(told_close(close, TURKISH))
    assert told[0] == f"5 Oca 2026, adyen, 1 numaralı kapanış {UUID(int=1)}: yeniden açıldı"
    assert told[-1] == "  yeniden açan anna, 6 Oca 2026 04:00:00 UTC: late file"
    assert list(told_close(close, ENGLISH))[3:5] == [f"  standing sha256 {'d' * 64} in closes/x", "  signed by anna at 2026-01-06T02:00:00+00:00"]


def test_the_calendar_says_what_blocks_a_day_and_who_signed_another() -> None:
    day = {"business_date": date(2026, 1, 5), "psp": "adyen", "state": "open", "first_signer": None, "second_signer": None}
    day |= {"missing_file_count": 1, "open_gate_count": 0, "break_above_limit_count": 1_200}
    signed = day | {"state": "signed", "first_signer": "ana", "second_signer": "carl", "missing_file_count": 0, "break_above_limit_count": 0}
    assert list(told_calendar([day, signed], TURKISH)) == [
        "5 Oca 2026  adyen         açık, engel: 1 eksik dosya, para biriminin sınırını aşan 1.200 fark",
        "5 Oca 2026  adyen         imzalandı, imzalayan: ana, carl",
    ]
    (told,) = told_calendar([day], ENGLISH)
    assert told == "2026-01-05  adyen         open, blocked by 1 files missing, 1,200 breaks above the limit of their currency"


def test_a_break_is_told_with_everything_done_about_it() -> None:
    proposed = BreakEvent(
        *(UUID(int=1), "brk_1", 1, EventKind.PROPOSED, "ana", MOMENT),
        words="as they told us",
        proposal_kind=ProposalKind.WRITE_OFF,
        amount_minor=123_450,
        currency="EUR",
        body={"debit_code": "a:b", "credit_code": "c:d"},
    )
    explained = BreakEvent(UUID(int=2), "brk_1", 2, EventKind.EXPLAINED, "ana", MOMENT, root_cause="lost_webhook")
    other = BreakEvent(UUID(int=3), "brk_1", 3, EventKind.EXPLAINED, "ana", MOMENT, root_cause="sunspots")
    assert list(told_break(THREAD, [proposed, explained, other], SHELF, TURKISH)) == [
        "brk_1  defterde yok  acme Main  1.234,50 EUR",
        "açıklandı, sorumlusu yok, son tarih 9 Oca 2026 06:05, ilk görülme 9 Oca 2026 06:05",
        "kapandı, 9 Oca 2026 06:05: birleştirildi, kaynağı brk_2",
        "",
        "  PSP hareketi  5 Oca 2026  1,00 EUR  a.csv, satır 1234",
        "  defter        5 Oca 2026  100 alt birim XXQ  k2",
        "  9 Oca 2026 06:05  ana  öneri yapıldı  zarar yazma, 1.234,50 EUR: borç a:b, alacak c:d: as they told us",
        "  9 Oca 2026 06:05  ana  açıklandı  [kayıp bildirim (webhook)]",
        "  9 Oca 2026 06:05  ana  açıklandı  [sunspots]",  # a cause of their own words stays theirs
    ]
    assert [line for line in told_break(THREAD, [explained], SHELF, ENGLISH) if "lost_webhook" in line]  # as --cause takes it


def test_a_list_of_breaks_has_words_for_every_code() -> None:
    head, row = told_breaks([THREAD], SHELF, TURKISH)
    assert head.split("  ")[0] == "fark no"
    assert row == "brk_1    defterde yok  acme  açıklandı  -        9 Oca 2026 06:05 süresi geçti  1.234,50 EUR"
    _, at_a_bank = told_breaks([THREAD | {"psp": "none"}], SHELF, TURKISH)
    assert "PSP yok" in at_a_bank
    assert list(told_breaks([], SHELF, TURKISH)) == ["fark yok"]


def test_a_suggestion_says_why_in_the_readers_language() -> None:
    told = list(told_suggestions([SUGGESTION], SHELF, TURKISH))
    assert re.search(r"kabul edildi +birden fazla çözüm +≥ 1 +99,00 EUR", told[1])
    assert told[2] == (
        "    99,00 EUR, acme Main için 7 banka satırı arasından 2 tanesinin toplamı; en az 1 toplam daha bu tutarı veriyor; "
        "bunlardan birini kullanan 3 öneri daha var"
    )
    assert told[3] == "    kabul eden ana"
    # the trap: a reason of other words, told as something it does not say
    assert list(told_suggestions([SUGGESTION | {"why": "older words"}], SHELF, TURKISH))[2] == "    older words"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ({"refused": None, "state": "posted", "replayed": True}, "brk_1  deftere kaydedildi (önceki gibi)"),
        ({"refused": "another person", "state": "proposed", "replayed": False}, "brk_1  reddedildi: another person"),
    ],
)
def test_what_came_of_a_command_is_told(outcome: dict[str, object], told: str) -> None:
    assert told_outcome(outcome, "brk_1", "work", TURKISH) == told
