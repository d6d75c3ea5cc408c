"""What a scorecard looks like in the API's document. For people and generators of clients; the bytes come from document.py."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from transactional.payments.scorecards.document import Status


class LevelOut(BaseModel):
    """One grain of cells."""

    name: str = Field(description="Name, as rows have it in `level`.")
    keys: list[str] = Field(description="The columns that make a cell of this level.")
    parent: str | None = Field(description="The next wider level.")


class ManifestOut(BaseModel):
    """When and from what a version was made."""

    version: int = Field(description="Grows by one; a router never goes back to a smaller one.")
    schema_version: str = Field(description="Semantic: a reader leaves alone what a newer minor version adds, and refuses another major one.")
    content_sha256: str = Field(description="SHA-256 of the canonical JSON of columns, lookup and rows: keys sorted, no blanks, UTF-8.")
    policy_id: str = Field(description="The policy it is made for.")
    params: dict[str, object] = Field(description="Half-life, shrinkage, exploration and the kappa of each level.")
    data_watermark: datetime = Field(description="What was known until then is in it. The age of a card is counted from here.")
    published_at: datetime = Field(description="When it was made.")
    valid_until: datetime = Field(description="When a newer one is overdue.")
    expires_at: datetime = Field(description="From when it must not be routed by.")
    interval_seconds: int = Field(description="A newer one is due after so long.")
    row_count: int = Field(description="Rows.")
    status: Status = Field(description="What the version is used for, as it stands.")
    parent_version: int | None = Field(description="The champion it followed, or the version whose content it repeats.")
    git_commit: str | None = Field(description="The code that made it, where that is known.")
    ope: dict[str, object] | None = Field(description="Off-policy estimate, where the policy or its parameters are new.")


class ScorecardOut(BaseModel):
    """A scorecard: rows as arrays of values, in the order of `columns`."""

    columns: list[str] = Field(description="Names of the values of a row. Look columns up by name: a minor version may add some.")
    lookup: list[LevelOut] = Field(description="Where to look for an attempt's cell, in this order; the first level with rows answers.")
    manifest: ManifestOut = Field(description="When and from what.")
    rows: list[list[object]] = Field(description="One per direction, cell and PSP.")
