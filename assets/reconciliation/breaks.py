"""What can be wrong, in which words, and whose money it is. For the engine, finance, and the answer keys of simulated worlds.

The trap: one number called "difference" for every class. Each class says here what its amount means and which way it points:
the convention of `amount_minor` is beside each name, the sentence a person reads beside that.

Units: minor units of the break's currency. Sign: as said; elsewhere positive = towards us.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class BreakClass(StrEnum):
    """The closed list of breaks. Amount convention in the comment."""

    MISSING_IN_LEDGER = "missing_in_ledger"  # gross, signed
    CHARGEBACK_UNPOSTED = "chargeback_unposted"  # gross, signed
    REVERSAL_UNPOSTED = "reversal_unposted"  # gross, signed
    ORPHAN_CHARGEBACK = "orphan_chargeback"  # gross, signed
    MISSING_AT_PSP = "missing_at_psp"  # ledger amount
    MISSING_IN_SETTLEMENT = "missing_in_settlement"  # gross, signed
    MISSING_ATTEMPT = "missing_attempt"  # gross, signed
    DUPLICATE_LEDGER = "duplicate_ledger"  # the extra item
    DUPLICATE_PSP = "duplicate_psp"  # the extra line's gross
    DUPLICATE_FILE = "duplicate_file"  # the extra line's gross
    AMOUNT = "amount"  # PSP - ledger; sub_class bank: bank - payout
    EXPONENT = "exponent"  # PSP - ledger
    SIGN = "sign"  # PSP - ledger
    CURRENCY = "currency"  # PSP amount in the PSP's currency
    ROW_ARITHMETIC = "row_arithmetic"  # net - expected net
    FX_VARIANCE = "fx_variance"  # actual - expected converted gross, net currency
    FEE_VARIANCE = "fee_variance"  # charged - expected, net currency
    BATCH_RESIDUE = "batch_residue"  # sum of lines - |payout|
    BATCH_GAP = "batch_gap"  # 0
    MISSING_AT_BANK = "missing_at_bank"  # what did not arrive, positive
    NEGATIVE_PAYOUT = "negative_payout"  # what the PSP did not collect, negative
    UNEXPLAINED_BANK_LINE = "unexplained_bank_line"  # bank amount
    PAYOUT_RETURNED = "payout_returned"  # the payout, positive
    RESERVE_UNRELEASED = "reserve_unreleased"  # what is still held, positive
    RESTATED = "restated"  # new - old
    UNKNOWN_KIND = "unknown_kind"  # net, or gross where no net
    AMBIGUOUS_GROUP = "ambiguous_group"  # sum of what could not be placed
    STATEMENT_GAP = "statement_gap"  # difference
    CUT_OFF = "cut_off"  # the case's amount: by so much two days' totals differ
    TIMING_OPEN = "timing_open"  # gross; not a break while the lag runs
    AFTER_CLOSE = "after_close"  # the case's amount; no break: it agrees, but two people signed the day without knowing


# Which way a positive amount points: 1 the money is owed to us, -1 we owe it (or hold too much), 0 nobody can tell from the amount.
EXPOSURE_SIGN: Mapping[BreakClass, int] = {
    BreakClass.MISSING_IN_LEDGER: 0,
    BreakClass.CHARGEBACK_UNPOSTED: 0,
    BreakClass.REVERSAL_UNPOSTED: 0,
    BreakClass.ORPHAN_CHARGEBACK: 0,
    BreakClass.MISSING_AT_PSP: 1,
    BreakClass.MISSING_IN_SETTLEMENT: 1,
    BreakClass.MISSING_ATTEMPT: 0,
    BreakClass.DUPLICATE_LEDGER: 0,
    BreakClass.DUPLICATE_PSP: -1,
    BreakClass.DUPLICATE_FILE: 0,
    BreakClass.AMOUNT: 0,
    BreakClass.EXPONENT: 0,
    BreakClass.SIGN: 0,
    BreakClass.CURRENCY: 0,
    BreakClass.ROW_ARITHMETIC: -1,
    BreakClass.FX_VARIANCE: -1,
    BreakClass.FEE_VARIANCE: 1,
    BreakClass.BATCH_RESIDUE: 1,
    BreakClass.BATCH_GAP: 0,
    BreakClass.MISSING_AT_BANK: 1,
    BreakClass.NEGATIVE_PAYOUT: 1,
    BreakClass.UNEXPLAINED_BANK_LINE: 0,
    BreakClass.PAYOUT_RETURNED: 1,
    BreakClass.RESERVE_UNRELEASED: 1,
    BreakClass.RESTATED: 0,
    BreakClass.UNKNOWN_KIND: 0,
    BreakClass.AMBIGUOUS_GROUP: 0,
    BreakClass.STATEMENT_GAP: 0,
    BreakClass.CUT_OFF: 0,
    BreakClass.TIMING_OPEN: 1,
    BreakClass.AFTER_CLOSE: 0,
}

# {place} is "<psp> <account>"; {detail} what each hop says. A sentence per class, for the person who must act.
SENTENCES: Mapping[BreakClass, str] = {
    BreakClass.MISSING_IN_LEDGER: "{place} reports {kind} {reference} of {amount}, but the ledger has no entry for it ({detail}).",
    BreakClass.CHARGEBACK_UNPOSTED: "{place} charged back {amount} of payment {reference}, but the ledger has no {kind} entry ({detail}).",
    BreakClass.REVERSAL_UNPOSTED: "{place} reversed the chargeback of payment {reference} over {amount}, but the ledger has no entry ({detail}).",
    BreakClass.ORPHAN_CHARGEBACK: "{place} charged back {amount} of payment {reference}, which neither our ledger nor any attempt knows.",
    BreakClass.MISSING_AT_PSP: "The ledger has {kind} {reference} of {amount}, but {place} reported nothing by {due} ({detail}).",
    BreakClass.MISSING_IN_SETTLEMENT: "{kind} {reference} of {amount} happened, but {place} had not settled it by {due} ({detail}).",
    BreakClass.MISSING_ATTEMPT: "{kind} {reference} of {amount} is in the ledger and at {place}, but no payment event tells of it ({detail}).",
    BreakClass.DUPLICATE_LEDGER: "{kind} {reference} at {place} is booked once more in our books than the PSP moved it: the extra booking is {amount}.",
    BreakClass.DUPLICATE_PSP: "{place} moved {kind} {reference} once more than we booked it: the extra line is {amount}.",
    BreakClass.DUPLICATE_FILE: "{place} printed the line of {kind} {reference} over {amount} again in one file; the money moved once.",
    BreakClass.AMOUNT: "{kind} {reference} at {place} differs by {amount}: {detail}.",
    BreakClass.EXPONENT: "{kind} {reference} at {place} is off by a power of ten ({amount}): {detail}.",
    BreakClass.SIGN: "{kind} {reference} at {place} has the opposite sign ({amount}): {detail}.",
    BreakClass.CURRENCY: "{kind} {reference} at {place} is in another currency than in the ledger ({amount}): {detail}.",
    BreakClass.ROW_ARITHMETIC: "{place} printed {kind} {reference} with a net that is {amount} away from gross less fees: {detail}.",
    BreakClass.FX_VARIANCE: "{place} converted {kind} {reference} {amount} away from the reference rate less the agreed markup: {detail}.",
    BreakClass.FEE_VARIANCE: "{place} charged {amount} more than the fee contract says for {kind} {reference}: {detail}.",
    BreakClass.BATCH_RESIDUE: "Batch {batch} of {place} does not add up to its payout, {amount} is left: {detail}.",
    BreakClass.BATCH_GAP: "Batch {batch} of {place} never arrived, although later ones did.",
    BreakClass.MISSING_AT_BANK: "The payout of batch {batch} of {place} over {amount} had not reached our bank account by {due}.",
    BreakClass.NEGATIVE_PAYOUT: "Batch {batch} of {place} ended at {amount}, and the PSP had not collected it from our bank account by {due}.",
    BreakClass.UNEXPLAINED_BANK_LINE: "Bank account {place} shows {amount} ({detail}), which belongs to no payout we know.",
    BreakClass.PAYOUT_RETURNED: "The payout of batch {batch} of {place} over {amount} came back ({detail}).",
    BreakClass.RESERVE_UNRELEASED: "{place} still holds {amount} of the reserve of batch {batch}, which was due back by {due} ({detail}).",
    BreakClass.RESTATED: "{place} changed {kind} {reference} by {amount} in a later file: {detail}.",
    BreakClass.UNKNOWN_KIND: "{place} printed a line of type '{detail}' over {amount}, which we cannot classify.",
    BreakClass.AMBIGUOUS_GROUP: "{count} items of {place} fit each other in more than one way; {amount} could not be placed ({detail}).",
    BreakClass.STATEMENT_GAP: "Statement {reference} of bank account {place} does not follow: {amount} is unexplained ({detail}).",
    BreakClass.CUT_OFF: "{kind} {reference} of {amount} at {place} agrees, but is on two business days: {detail}.",
    BreakClass.TIMING_OPEN: "{kind} {reference} of {amount} at {place} waits for {detail}, due by {due}.",
    BreakClass.AFTER_CLOSE: "A case of {amount} at {place} agrees, but only since its day was closed: {detail}, item {reference}.",
}
