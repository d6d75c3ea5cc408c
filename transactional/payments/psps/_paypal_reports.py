"""PayPal's report formats: settlement (STL) and transaction detail (TRR) files of record types, and the activity download. Private part of paypal.py.

The traps: amounts without a decimal point, in hundredths for every currency; the direction in a column of its own, the fee's in another; no net (it is
gross less fee); one word for money received and money sent (Website Payment); a withdrawal that is Pending and has left the balance all the same.
"""

from __future__ import annotations

from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.spec import AmountSource, RecordLayout, ReportFormat, TimeSource

K = MoneyKind


def _codes(kind: MoneyKind, codes: str) -> dict[str, MoneyKind]:
    return dict.fromkeys(codes.split(), kind)


# By T-code. T13nn (authorisations) move nothing; T16nn, T05nn, T06nn (cards, credit), T12nn but the chargeback fees are left out: such a line is a break.
_EVENT_CODES = (
    _codes(K.DEPOSIT, "t0000 t0002 t0003 t0004 t0005 t0006 t0007 t0009 t0010 t0011 t0012 t0013 t0015 t0016 t0017 t0018 t0019")
    | _codes(K.WITHDRAWAL, "t0001")
    | _codes(K.FEE, "t0100 t0101 t0102 t0103 t0104 t0105 t0106 t0107 t0108 t0109 t0110 t0111 t0112 t0113 t0114 t1108 t1109")
    | _codes(K.BALANCE_TRANSFER, "t0200 t0201 t0202")
    | _codes(K.TOPUP, "t0300 t0301 t0302 t0303")
    | _codes(K.PAYOUT, "t0400 t0401 t0403")
    | _codes(K.CORRECTION, "t0600 t0700 t0701 t1100 t1101 t1102 t1103 t1104 t1112 t1113 t1116 t1117 t1118")
    | _codes(K.REFUND, "t1107")
    | _codes(K.CHARGEBACK, "t1106 t1201")
    | _codes(K.CHARGEBACK_REVERSED, "t1202")
    | _codes(K.WITHDRAWAL_RETURNED, "t1114 t1115")
    | _codes(K.PAYOUT_RETURNED, "t1119")
    | _codes(K.RESERVE, "t1105 t1110 t1111 t1500 t1501 t1502 t1503 t2000 t2001 t2101 t2102 t2103 t2104 t2105 t2106 t2107 t2108")
    | _codes(K.INFORMATION, "t1300 t1301 t1302")
)
_RECEIVED_OR_SENT = dict.fromkeys((code for code, kind in _EVENT_CODES.items() if kind is K.DEPOSIT), K.WITHDRAWAL)
_PERSONAL = (
    "*name*",
    "*e-mail*",
    "*email*",
    "*address*",
    "*phone*",
    "consumer *",
    "payer*",
    "note",
    "subject",
    "transaction subject",
    "transaction note",
    "shipping *",
    "billing *",
    "first name",
    "last name",
    "correo *",
    "nombre*",
    "cuenta bancaria",
)
_RECORDS = RecordLayout(
    header="CH",
    rows=frozenset({"SB"}),
    section={"SH": {3: "Section Account ID"}},
    counted_by=("SC", 1),
    silent=frozenset({"RH", "FH", "SF", "RF", "RC", "FF", "FC"}),
)
_SETTLEMENT = """Transaction ID|Invoice ID|PayPal Reference ID|PayPal Reference ID Type|Transaction Event Code|Transaction Initiation Date
|Transaction Completion Date|Transaction Debit or Credit|Gross Transaction Amount|Gross Transaction Currency|Fee Debit or Credit|Fee Amount|Fee Currency
|Section Account ID""".replace("\n", "")


def _record_file(name: str, role: str, more: str, moves_nothing: tuple[str, frozenset[str]] | None) -> ReportFormat:
    # The payment is the transaction itself; a refund, a chargeback or a fee names the payment as its reference.
    about = {"psp_reference": ("PayPal Reference ID", "Transaction ID")}
    return ReportFormat(
        name=name,
        role=role,  # type: ignore[arg-type]
        required=frozenset(f"{_SETTLEMENT}{more}".split("|")),
        kind="Transaction Event Code",
        kinds=_EVENT_CODES,
        negative_kinds=_RECEIVED_OR_SENT,
        moves_nothing=moves_nothing,
        gross=(AmountSource("Gross Transaction Amount", "Gross Transaction Currency", direction="Transaction Debit or Credit"),),
        net=None,
        net_is_gross_less_fees=True,
        occurred=TimeSource("Transaction Initiation Date"),
        booked=TimeSource("Transaction Completion Date"),
        account="Section Account ID",
        texts={
            "psp_reference": ("Transaction ID",),
            "modification_reference": ("Transaction ID",),
            "merchant_reference": ("Custom Field", "Invoice ID"),
            "ext_id": ("Transaction ID",),
            "bank_reference": ("Bank Reference ID", "Transaction ID"),
        },
        kind_texts={code: about for code, kind in _EVENT_CODES.items() if kind in (K.REFUND, K.CHARGEBACK, K.CHARGEBACK_REVERSED)},
        fees={"commission_minor": ("Fee Amount",)},
        fee_direction="Fee Debit or Credit",
        exponent=2,
        minor_units=True,
        personal=_PERSONAL,
        records=_RECORDS,
    )


SETTLEMENT = _record_file("settlement_report", "settlement", "", None)
TRANSACTION_DETAIL = _record_file(
    "transaction_detail_report", "activity", "|Transactional Status", ("Transactional Status", frozenset({"d", "p", "v", "f"}))
)

_TYPES = {
    "website payment": K.DEPOSIT,
    "express checkout payment": K.DEPOSIT,
    "general payment": K.DEPOSIT,
    "mobile payment": K.DEPOSIT,
    "pre-approved payment bill user payment": K.DEPOSIT,
    "subscription payment": K.DEPOSIT,
    "direct credit card payment": K.DEPOSIT,
    "mass pay payment": K.WITHDRAWAL,
    "mass payment": K.WITHDRAWAL,
    "payment refund": K.REFUND,
    "payment reversal": K.CHARGEBACK,
    "chargeback": K.CHARGEBACK,
    "chargeback reversal": K.CHARGEBACK_REVERSED,
    "chargeback fee": K.FEE,
    "general withdrawal": K.PAYOUT,
    "user initiated withdrawal": K.PAYOUT,
    "auto-sweep": K.PAYOUT,
    "general currency conversion": K.BALANCE_TRANSFER,
    "user initiated currency conversion": K.BALANCE_TRANSFER,
    "payment hold": K.RESERVE,
    "payment release": K.RESERVE,
    "hold on balance for dispute investigation": K.RESERVE,
    "cancellation of hold for dispute resolution": K.RESERVE,
    "reserve hold": K.RESERVE,
    "reserve release": K.RESERVE,
    "account hold for open authorization": K.RESERVE,
    "reversal of general account hold": K.RESERVE,
    "bank deposit to pp account": K.TOPUP,
    "general account correction": K.CORRECTION,
}
_SENT = dict.fromkeys((name for name, kind in _TYPES.items() if kind is K.DEPOSIT), K.WITHDRAWAL)

# Pending is not among the states that move nothing: a pending withdrawal has left the balance, as the balance column shows.
ACTIVITY_DOWNLOAD = ReportFormat(
    name="activity_download",
    role="activity",
    required=frozenset("Date|Time|TimeZone|Type|Status|Currency|Gross|Fee|Net|Transaction ID|Reference Txn ID|Invoice Number|Balance".split("|")),
    kind="Type",
    kinds=_TYPES,
    negative_kinds=_SENT,
    moves_nothing=("Status", frozenset({"denied", "canceled", "cancelled", "expired", "failed", "voided"})),
    gross=(AmountSource("Gross", "Currency"),),
    net=AmountSource("Net", "Currency"),
    occurred=TimeSource("Date", label="TimeZone", clock="Time", order="dmy or mdy"),
    texts={
        "psp_reference": ("Transaction ID",),
        "modification_reference": ("Transaction ID",),
        "merchant_reference": ("Custom Number", "Invoice Number"),
        "ext_id": ("Transaction ID",),
        "bank_reference": ("Transaction ID",),
    },
    kind_texts={name: {"psp_reference": ("Reference Txn ID", "Transaction ID")} for name in ("payment refund", "payment reversal", "chargeback")},
    fees={"commission_minor": ("Fee",)},
    fees_are_signed=True,
    decimal_mark=".",
    thousands_mark=",",
    balance="Balance",
    personal=_PERSONAL,
)

STATEMENT_IN_SPANISH = ReportFormat(
    name="activity_download_es",
    role="activity",
    required=frozenset("Fecha|Hora|Zona horaria|Descripción|Divisa|Bruto|Comisión|Neto|Saldo|Id. de transacción".split("|")),
    kind="Descripción",
    kinds={
        "pago estándar": K.DEPOSIT,
        "pago exprés": K.DEPOSIT,
        "pago de sitio web": K.DEPOSIT,
        "pago general": K.DEPOSIT,
        "reembolso de pago": K.REFUND,
        "retirada general": K.PAYOUT,
        "conversión de divisas general": K.BALANCE_TRANSFER,
    },
    negative_kinds=dict.fromkeys(("pago estándar", "pago exprés", "pago de sitio web", "pago general"), K.WITHDRAWAL),
    gross=(AmountSource("Bruto", "Divisa"),),
    net=AmountSource("Neto", "Divisa"),
    occurred=TimeSource("Fecha", label="Zona horaria", clock="Hora", order="dmy"),
    texts={
        "psp_reference": ("Id. de transacción",),
        "modification_reference": ("Id. de transacción",),
        "merchant_reference": ("Id. de factura",),
        "ext_id": ("Id. de transacción",),
        "bank_reference": ("Id. de transacción",),
    },
    kind_texts={"reembolso de pago": {"psp_reference": ("Id. de referencia de trans.", "Id. de transacción")}},
    fees={"commission_minor": ("Comisión",)},
    fees_are_signed=True,
    decimal_mark=",",
    thousands_mark=".",
    balance="Saldo",
    personal=_PERSONAL,
)
