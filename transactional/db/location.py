"""Which two databases does this process talk to: from the settings, starting our own server when none is given. For composition roots.

The trap: asking twice in one process. The local server is leased by the process, so the second answer is the same as the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from transactional.db.engine import libpq_url
from transactional.settings import Settings


@dataclass(frozen=True, slots=True)
class Databases:
    """The system of record and the warehouse, as postgresql:// URLs. They hold passwords: `repr` does not show them."""

    app_url: str = field(repr=False)
    warehouse_url: str = field(repr=False)
    local: bool

    @property
    def are_one(self) -> bool:
        return self.app_url == self.warehouse_url

    def distinct_urls(self) -> tuple[str, ...]:
        """Each database once, the system of record first."""
        return (self.app_url,) if self.are_one else (self.app_url, self.warehouse_url)


def locate_databases(settings: Settings) -> Databases:
    """The databases to use; starts (and leases) the local PostgreSQL when COUNTROOM_DATABASE_URL is not set.

    Raises: what `local_server.ensure_running` raises.
    """
    if settings.database_url is not None:
        app_url = libpq_url(settings.database_url.get_secret_value())
    else:
        from transactional.db.local_server import ensure_running

        app_url = ensure_running(settings.home, settings.pg_bin).url
    warehouse_url = libpq_url(settings.warehouse_url.get_secret_value()) if settings.warehouse_url is not None else app_url
    return Databases(app_url, warehouse_url, local=settings.database_url is None)
