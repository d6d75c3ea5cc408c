"""A runbook's commands and what it says they print, read out of its markdown. For tests that do literally what a page says.

In a block marked `console` a line that begins with `$ countroom` is a command; `# exit code N: why` behind it says how it ends (0 without). The lines under
it are its output, on stdout and stderr: the words must be the same. Figures, ids and moments are those of one afternoon, so they are compared by shape; but a
break that has an id on the page has one in the test too, and a later command that names it means the same break. `...` alone is any number of lines, within a
line any text.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ countroom (?P<words>.*?)(?:\s+# exit code (?P<code>\d)\b.*)?$")
_BREAK = re.compile(r"\bbrk_[0-9a-f]{32}\b")
_SHAPES = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (_BREAK, "<break>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b"), "<hash>"),
    (re.compile(r"-?\d+([.,:]\d+)*"), "#"),
    (re.compile(r"[ ]+"), " "),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One command with what the page says of it."""

    words: str
    exit_code: int
    expected: tuple[str, ...]


@dataclass(slots=True)
class Names:
    """Which break of the casino the page means by which id."""

    known: dict[str, str] = field(default_factory=dict)

    def meant(self, words: str) -> list[str]:
        """A command's arguments with the casino's own ids. Raises: KeyError for an id that no output before it showed."""
        return shlex.split(_BREAK.sub(lambda found: self.known[found[0]], words))

    def learn(self, expected: str, told: str) -> None:
        """Take the ids of a line that was told for those of the page's line, where the page shows them first."""
        for one, other in zip(_BREAK.findall(expected), _BREAK.findall(told), strict=False):
            assert self.known.setdefault(one, other) == other, f"the page's {one} is {self.known[one]}, not {other}"


def steps_of(page: Path) -> list[Step]:
    """Every command of a page, in order."""
    steps = []
    for block in _BLOCK.findall(page.read_text()):
        for line in block.splitlines():
            found = _COMMAND.match(line)
            if found:
                steps.append(Step(found["words"], int(found["code"] or 0), ()))
            else:
                steps[-1] = Step(steps[-1].words, steps[-1].exit_code, (*steps[-1].expected, line))
    return steps


def compare(step: Step, told: str, names: Names) -> None:
    """Hold what was told against the page. Raises: AssertionError naming the line of the page that nothing matches."""
    lines, at, any_number = told.splitlines(), 0, False
    for expected in step.expected:
        if expected.strip() == "...":
            any_number = True
            continue
        pattern = ".*".join(re.escape(_shape(part)) for part in expected.split("..."))
        reach = range(at, len(lines)) if any_number else range(at, min(at + 1, len(lines)))
        hit = next((n for n in reach if re.fullmatch(pattern, _shape(lines[n]))), None)
        assert hit is not None, f"$ countroom {step.words}\nthe page says: {expected}\nit told:\n{told}"
        names.learn(expected, lines[hit])
        at, any_number = hit + 1, False
    assert any_number or at == len(lines), f"$ countroom {step.words}\nthe page says no more than\n{step.expected}\nit told:\n{told}"


def _shape(line: str) -> str:
    for pattern, shape in _SHAPES:
        line = pattern.sub(shape, line)
    return line.strip()
