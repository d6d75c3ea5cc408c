"""Where do files arrive, and where do they go once landed. For the landing assets, the sensor and the command line.

The inbox is a folder of the house: a file that was landed moves to `landed/`, one that was refused to `refused/`, each under its own path, so that
what lies in the inbox is what is still to do. The original bytes are in the object store anyway. The trap: a folder somebody else owns (a
simulated world, a mounted share); such a folder is read and left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Inbox:
    """The arrival folder under a home folder."""

    home: Path

    @property
    def arriving(self) -> Path:
        """Files still to land: psp/<psp>/<account>/, bank/ and fx/, or anywhere when the content is enough."""
        return self.home / "inbox"

    def put_away(self, file: Path, outcome: str) -> Path | None:
        """Move a file out of the inbox to the folder of its outcome; None, and nothing moved, for a file that is not in it."""
        if not file.is_relative_to(self.arriving):
            return None
        target = self.home / outcome / file.relative_to(self.arriving)
        target.parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while target.exists():
            number += 1
            target = target.with_name(f"{file.stem}.{number}{file.suffix}")
        return file.rename(target)
