"""Do our tools phone home? No: the one place that says so, for the command line, the API and the definitions.

The trap: dagster, dbt and great-expectations each read their own variable, at import or at first use; call this before importing them.
A value the operator set wins. Source: the three projects' telemetry pages; tests/architecture/test_telemetry.py checks the libraries obey.
"""

from __future__ import annotations

import os

OFF = {
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
}


def switch_off_telemetry() -> None:
    """Set each variable that is not set yet, for this process and its children."""
    for name, value in OFF.items():
        os.environ.setdefault(name, value)
