"""L8: how far apart are two references, in edits? Pure; for search.py, which compares only what agrees in place, kind, currency and amount.

The traps: a spreadsheet that dropped a zero or turned two digits around makes another payment of the same one; and two neighbours of one numbering
that look like a slip of the pen. So a distance is a suggestion with the count of its rivals, and money alone is never one.

Distance: the fewest insertions, deletions, replacements and swaps of neighbours, over the longer length; in basis points, 0 for equal. Case, spaces
and punctuation do not count.
"""

from __future__ import annotations

import re

FARTHEST_BPS, SHORTEST = 2_500, 5
_LONGEST = 64
_NOISE = re.compile(r"[^0-9A-Za-z]")


def bare(reference: str | None) -> str:
    """The letters and digits that count, in capitals; at most 64."""
    return _NOISE.sub("", reference or "").upper()[:_LONGEST]


def distance_bps(one: str | None, other: str | None) -> int | None:
    """How far apart two references are; None when they are too short to say, or farther than `FARTHEST_BPS`."""
    mine, theirs = bare(one), bare(other)
    longer = max(len(mine), len(theirs))
    if min(len(mine), len(theirs)) < SHORTEST or (longer - min(len(mine), len(theirs))) * 10_000 > FARTHEST_BPS * longer:
        return None
    distance = edits(mine, theirs) * 10_000 // longer
    return distance if distance <= FARTHEST_BPS else None


def distance_within_bps(reference: str | None, text: str | None) -> int | None:
    """How far a reference is from the part of a text that is most like it; None as above. For what banks print in the middle of words."""
    mine, told = bare(reference), _NOISE.sub("", text or "").upper()[:1_000]
    if min(len(mine), len(told)) < SHORTEST:
        return None
    distance = edits(mine, told, anywhere=True) * 10_000 // len(mine)
    return distance if distance <= FARTHEST_BPS else None


def edits(one: str, other: str, *, anywhere: bool = False) -> int:
    """The fewest edits from one word to the other; with `anywhere` to any part of the other."""
    before, row = [0] * (len(other) + 1), [0 if anywhere else place for place in range(len(other) + 1)]
    for i, mine in enumerate(one, start=1):
        now = [i]
        for j, theirs in enumerate(other, start=1):
            best = min(row[j] + 1, now[j - 1] + 1, row[j - 1] + (mine != theirs))
            if i > 1 and j > 1 and mine == other[j - 2] and one[i - 2] == theirs:
                best = min(best, before[j - 2] + 1)
            now.append(best)
        before, row = row, now
    return min(row) if anywhere else row[-1]
