"""No sentence that a person reads is built where no catalogue sees it.

The trap: an f-string of English words between two translated ones. A catalogue can only be found incomplete for what goes through it, so here every text
of the modules that speak is looked at: more than one word, and it is a message, an error, or none of a person's business.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.unit.pipelines.test_translations import wanted

REPORTS, COMMANDS = REPOSITORY / "pipelines" / "reports", REPOSITORY / "pipelines" / "commands"
SPEAKING = [
    *sorted((REPORTS / "terminal").glob("*.py")),
    *sorted((REPORTS / "day").glob("*.py")),
    *(REPORTS / name for name in ("alert_text.py", "bundle_readme.py", "funds_section.py", "language.py", "files/workbook.py")),
    *(COMMANDS / f"{name}.py" for name in ("report", "close", "funds", "breaks")),
]
# what a sentence is handed to, how an option is described, and what is said on stderr: errors and progress are English
_ELSEWHERE = {"language", "spoken", "listed", "word", "listed_word", "Option", "Argument", "Typer", "tell"}
_WORDS = re.compile(r"[A-Za-z]{2,}[,:;]? [a-z]{2,}")
_TYPED = re.compile(r" \(countroom [a-z -]+")  # a command to copy
_MARKUP = re.compile(r"<[^>]*>?|[^<]*>")


def loose(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of what reads like words and goes to nobody who translates."""
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_handed_on = isinstance(child, ast.Call) and ast.unparse(child.func).rpartition(".")[2] in _ELSEWHERE
        if is_docstring or is_handed_on or isinstance(child, ast.Raise):
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            text = _MARKUP.sub(" ", child.value)
            if _WORDS.search(text) and not _TYPED.match(child.value) and (None, child.value) not in wanted():
                yield child.lineno, child.value
        yield from loose(child)


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: path.relative_to(REPOSITORY / "pipelines").as_posix())
def test_no_sentence_is_built_outside_the_catalogue(path: Path) -> None:
    assert list(loose(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_a_sentence_of_halves_would_be_found() -> None:
    source = (
        'def f(n):\n    """Docs are no message."""\n    yield f"<b>{n}</b> files are missing"\n    yield language("{count} files missing", count=n)'
    )
    assert list(loose(ast.parse(source))) == [(3, "</b> files are missing")]
