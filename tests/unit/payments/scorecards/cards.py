"""Scorecards made by hand, for tests of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from transactional.payments.scorecards.document import Manifest, Status, content, content_hash, document_bytes
from transactional.payments.scorecards.rows import ScoreRow

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(psp: str = "adyen", level: str = "all", **given: Any) -> ScoreRow:
    """A row that is whole; what a test is about is given."""
    counts = dict.fromkeys(("n_attempts", "n_first", "n_approved", "n_approved_first", "n_pending", "n_blamed"), 0)
    keys = dict.fromkeys(("country", "method", "issuer_group", "bin", "amount_band"), "")
    rates: dict[str, Any] = {"n_eff": 0.0, "sr_raw": None, "sr_mean": 0.8, "sr_lo": 0.7, "sr_hi": 0.9, "shrink_weight": 0.0, "prior_mean": 0.8}
    rates |= {"kappa": 2000.0, "p_best": 0.5, "cost_coverage": 0.0, "score": 0.8, "share_target": 1.0, "rank": 1}
    unknown = {name: None for name in ScoreRow.__dataclass_fields__ if name not in {*counts, *keys, *rates}}
    words: dict[str, Any] = {"direction": "deposit", "psp": psp, "level": level, "currency": "EUR", "health": "unknown", "reason": ()}
    return ScoreRow(**{**unknown, **counts, **keys, **rates, **words, **given})


def manifest(rows: Iterable[ScoreRow], version: int = 1, watermark: datetime = AT, **given: Any) -> Manifest:
    """The manifest of these rows."""
    rows = list(rows)
    dates = {"valid_until": watermark + timedelta(minutes=10), "expires_at": watermark + timedelta(hours=1), "published_at": watermark}
    stated: dict[str, Any] = {"policy_id": "p1", "params": {"half_life_seconds": 3600}, "interval_seconds": 300, "status": Status.CHAMPION}
    stated |= {"version": version, "content_sha256": content_hash(content(rows)), "data_watermark": watermark, "row_count": len(rows)}
    return Manifest(**{**stated, **dates, **given})


def document(rows: Iterable[ScoreRow], version: int = 1, watermark: datetime = AT, **given: Any) -> bytes:
    """The document of these rows."""
    rows = list(rows)
    return document_bytes(manifest(rows, version, watermark, **given), content(rows))
