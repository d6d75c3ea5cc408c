"""What every HTML page of ours is made of: one look, tables, bars. For a person with a browser, on a phone, on paper, in the light or in the dark.

Self-contained: no script, no request to anywhere (the page forbids them itself). The trap: a text out of a file that is markup; every cell is escaped,
unless we made it (`Markup`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --paper: #fff; --line: #dfe3e8; --band: #f4f6f8;
  --good: #1f7a3f; --bad: #b3261e; --wait: #8a6100 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --paper: #14181f; --line: #303845; --band: #1c222c;
  --good: #6fce8f; --bad: #ff8a80; --wait: #e6b84c } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 72rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { margin: .25rem 0; max-width: 60rem } .soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) } .wait { color: var(--wait) }
.verdict { font-size: 1.15rem; font-weight: 600; margin: .75rem 0 }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top } th { color: var(--soft); font-weight: 600 }
td.n, th.n { text-align: right; white-space: nowrap } tbody tr:nth-child(even) { background: var(--band) }
details { border-bottom: 1px solid var(--line); padding: .45rem 0 } summary { cursor: pointer; overflow-wrap: anywhere } details table { margin: .4rem 0 .6rem }
svg.bar { width: 9rem; height: .8rem; display: block } svg.bar rect { fill: var(--good) } svg.bar.bad rect { fill: var(--bad) }
code { font-size: .85em; overflow-wrap: anywhere }
@media (max-width: 40rem) { body { padding: 1rem .6rem 2rem } th, td { padding: .3rem .35rem } table { font-size: .8rem } svg.bar { width: 4rem } }
@media print { body { max-width: none; padding: 0; font-size: 10pt } details { break-inside: avoid }
  details::details-content { content-visibility: visible; block-size: auto } }
"""


class Markup(str):
    """A cell that is markup already, made by us."""

    __slots__ = ()


def document(title: str, body: Iterable[str], language: str = "en") -> str:
    """A whole page."""
    head = f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return f"{head}{policy}<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"


def bar(part: int, whole: int, *, is_bad: bool = False) -> Markup:
    """How much of the whole, as a picture beside the figure."""
    width = 100 * part // whole if whole else 0
    kind = "bar bad" if is_bad else "bar"
    return Markup(f'<svg class="{kind}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="{width}" height="8"/></svg>')


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, figures: int) -> str:
    """The last `figures` columns to the right."""
    first = len(head) - figures

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=n' if number >= first else ''}>{cell if isinstance(cell, Markup) else escape(cell)}</{tag}>"
            for number, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{cells("th", head)}</tr></thead><tbody>{body}</tbody></table></div>'
