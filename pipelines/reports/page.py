"""What every HTML page of ours is made of: one look, tables, bars, anchors. For a person with a browser, on a phone, on paper, in the light or in the dark.

Self-contained: no script, no request to anywhere (the page forbids them itself). The trap: a text out of a file that is markup; every cell is escaped,
unless we made it (`Markup`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from pathlib import Path


class Markup(str):
    """A cell that is markup already, made by us."""

    __slots__ = ()


@cache
def _style() -> str:
    return (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def document(title: str, body: Iterable[str], language: str = "en") -> str:
    """A whole page, in the language whose code is given."""
    head = f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    look = f"<style>{_style()}</style>"
    return f"{head}{policy}<title>{escape(title)}</title>{look}</head><body><main>{''.join(body)}</main></body></html>\n"


def bar(part: int, whole: int, *, is_bad: bool = False) -> Markup:
    """How much of the whole, as a picture beside the figure."""
    width = 100 * part // whole if whole else 0
    kind = "bar bad" if is_bad else "bar"
    return Markup(f'<svg class="{kind}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="{width}" height="8"/></svg>')


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, figures: int, label: str = "") -> str:
    """The last `figures` columns to the right. With a label, a keyboard can reach the box and scroll it."""
    first = len(head) - figures

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=n' if number >= first else ''}>{cell if isinstance(cell, Markup) else escape(cell)}</{tag.partition(' ')[0]}>"
            for number, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    box = f' tabindex="0" role="region" aria-label="{escape(label)}"' if label else ""
    return f'<div class="wide"{box}><table><thead><tr>{cells("th scope=col", head)}</tr></thead><tbody>{body}</tbody></table></div>'


def heading(text: str, anchor: str, level: int = 2) -> str:
    """A heading that can be linked to."""
    return f'<h{level} id="{escape(anchor)}">{escape(text)}</h{level}>'


def links(label: str, targets: Iterable[tuple[str, str]]) -> str:
    """A list of links within the page. Shape: (anchor, text)."""
    listed = "".join(f'<li><a href="#{escape(anchor)}">{escape(text)}</a></li>' for anchor, text in targets)
    return f'<nav aria-label="{escape(label)}"><ul>{listed}</ul></nav>'
