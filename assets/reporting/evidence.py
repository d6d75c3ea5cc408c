"""The evidence that was kept, as the lineage shows it: a table that a job by day fills and no run of all. For the marts that read it.

The trap: an asset with days, which is never green after one run; so it is a table from outside, with its contract.
"""

from __future__ import annotations

from assets.reporting.tables import EVIDENCE_BUNDLES
from pipelines.asset_specs import spec_of

evidence_bundles = spec_of(EVIDENCE_BUNDLES)
