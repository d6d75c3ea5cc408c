"""The repository as the architecture tests see it: its Python files, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("transactional", "assets", "expectations", "pipelines")


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Python files below the folders (default: the four packages), relative to the root, sorted."""
    return tuple(sorted(path.relative_to(ROOT) for folder in folders or PACKAGES for path in (ROOT / folder).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def line_count(path: Path) -> int:
    """Lines of the file, as an editor shows them."""
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def imported_modules(path: Path) -> Iterator[str]:
    """Every module the file imports, at the top or inside functions, dotted, but not those for type checking only."""
    for node in _without_type_checking(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _without_type_checking(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from _without_type_checking(child)
