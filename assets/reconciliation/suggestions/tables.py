"""The tables of suggestions and of what people made of them. For the engine's asset, dbt and tests."""

from __future__ import annotations

from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType

SUGGESTIONS = Table(
    "derived",
    "reconciliation__suggestions",
    "one set of open items that might belong together, or one break for which too many might",
    (
        Column("suggestion_id", T.TEXT, "sug_ + stable hash of layer and items: the same suggestion has the same id in every run."),
        Column("layer", T.TEXT, "L7 (amounts that add up) or L8 (references that are nearly the same)."),
        Column("finding", T.TEXT, "unique, ambiguous (there are rivals) or not_searched (too many candidates)."),
        Column("psp", T.TEXT, "PSP.", nullable=True),
        Column("account", T.TEXT, "Merchant account of the payouts or payments; of the break where nothing was searched."),
        Column("currency", T.TEXT, "Currency of amount_minor."),
        Column("amount_minor", T.BIGINT, "What both sides add up to, positive towards us."),
        Column("residue_minor", T.BIGINT, "What is left between the sides: 0, since nothing else is suggested."),
        Column(
            "rivals_count",
            T.BIGINT,
            "Other answers for the same items: other sums, sums for other breaks that take one of them, or other pairs that one of the two could form.",
        ),
        Column("rivals_capped", T.BOOLEAN, "True where rivals_count is a lower bound."),
        Column("pool_count", T.BIGINT, "Candidates looked at, or too many to look at."),
        Column("score_bps", T.INTEGER, "How likely against its rivals and distance, in basis points: for the order of the list only."),
        Column("break_id", T.TEXT, "The break that is explained."),
        Column("other_break_ids", T.TEXT, "The breaks (or cases inside their lag) that explain it, separated by spaces."),
        Column("item_keys", T.TEXT, "All items of those breaks, separated by spaces: what a person accepts."),
        Column("item_count", T.INTEGER, "Items; 0 where nothing was searched."),
        Column("why", T.TEXT, "One sentence for the person who decides."),
    ),
    key=("suggestion_id",),
)

ACCEPTED_MATCHES = Table(
    "derived",
    "reconciliation__accepted_matches",
    "one suggestion that two people confirmed, and what the run made of it",
    (
        Column("suggestion_id", T.TEXT, "SUGGESTIONS.suggestion_id, of an earlier run."),
        Column("layer", T.TEXT, "The layer that suggested it."),
        Column("accepted_by", T.TEXT, "Who accepted it."),
        Column("confirmed_by", T.TEXT, "The other person, who confirmed it."),
        Column("confirmed_at", T.TIMESTAMPTZ, "When the service knew."),
        Column("group_id", T.TEXT, "The group of layer L9 that holds its items; null where it does not hold.", nullable=True),
        Column("not_held_because", T.TEXT, "Why the run did not follow it; null where it did.", nullable=True),
    ),
    key=("suggestion_id",),
)
