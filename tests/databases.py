"""Databases on the tests' server: made as copies, dropped, named by URL. For conftest.py and whoever copies a casino that has run.

The trap: a copy has everything of its template but the rights on the database itself, so what migrations granted there is granted anew.
"""

from __future__ import annotations

import psycopg
from psycopg import sql
from sqlalchemy import make_url


def create_database(server: str, name: str, template: str | None = None) -> str:
    """An empty database, or a copy of a migrated one in which dbt may create its schemas; its URL."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template or "template0")))
        if template:
            admin.execute(sql.SQL("grant create on database {} to countroom_pipeline").format(sql.Identifier(name)))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, url: str) -> None:
    """Drop it, whoever is still connected."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(str(make_url(url).database))))
