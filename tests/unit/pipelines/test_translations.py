"""Every sentence and word that a person reads in a report, page or alert is there in every language, with the same places.

The trap: a language that is complete on the day it is written, and has English holes a month later.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from assets.reconciliation.breaks import SENTENCES
from pipelines.reports.language import CATALOGUES, LOCALES
from pipelines.reports.sentences import PHRASES, REASONS
from pipelines.reports.words import LISTS
from pipelines.standing.freezing import BLOCKS
from tests.conftest import REPOSITORY

TRANSLATED = [code for code in LOCALES if code != "en"]


def modules() -> Iterator[Path]:
    """Those that tell something in the reader's language."""
    for path in sorted((REPOSITORY / "pipelines").rglob("*.py")):
        told = path.read_text(encoding="utf-8")
        speaks = "pipelines.reports.language import" in told or "pipelines.reports.terminal.voice import" in told
        if speaks and path.name not in ("words.py", "sentences.py", "voice.py"):  # they hand on what others say
            yield path


def said(path: Path) -> Iterator[str]:
    """The sentences of a module: what it calls a Language with."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (spoken := ast.unparse(node.func)).rpartition(".")[2] in ("language", "spoken"):
            (first,) = node.args
            assert isinstance(first, ast.Constant), (
                f"{path.name}:{node.lineno}: {spoken}(...) is given no sentence but an expression: nobody can translate it"
            )
            yield str(first.value)


@cache
def wanted() -> frozenset[tuple[str | None, str]]:
    """Shape: (context, English)."""
    sentences = {text for path in modules() for text in said(path)} | set(PHRASES) | set(REASONS) | set(SENTENCES.values()) | set(BLOCKS.values())
    sentences |= {"{amount} minor units"}
    return frozenset({(None, text) for text in sentences} | {(context, text) for context, texts in LISTS.items() for text in texts})


@cache
def catalogue(code: str) -> Catalog:
    with (CATALOGUES / code / "LC_MESSAGES" / "countroom.po").open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


@pytest.mark.parametrize("code", TRANSLATED)
def test_everything_that_is_said_is_translated(code: str) -> None:
    there = {(message.context, message.id) for message in catalogue(code) if message.id and message.string and not message.fuzzy}
    assert sorted(wanted() - there, key=str) == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_nothing_is_translated_that_nobody_says(code: str) -> None:
    # the trap: a sentence reworded in the code, whose translation lies on beside a new hole
    assert sorted({(message.context, message.id) for message in catalogue(code) if message.id} - wanted(), key=str) == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_places_of_its_sentence(code: str) -> None:
    def places(text: object) -> list[str]:
        return sorted(re.findall(r"\{(\w*)\}", str(text)))

    assert [message.id for message in catalogue(code) if message.id and set(places(message.id)) != set(places(message.string))] == []
