"""How does a terminal speak: sentences, words, figures and days in the reader's language, as plain aligned text. For the modules beside it.

English is the language of the command line itself, so there a value of a list stays the code that filters take (`missing_in_ledger`), and a day is
written as it is typed (2026-01-31), which is how the engine's own sentences have it too. Any other language is told whole. The trap: a no-break space, in
which nobody's search for "25,00 EUR" finds anything; here it is an ordinary one.

Units: minor.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assets.reconciliation.standing.day import NO_PSP
from pipelines.reports.language import Language, language_of
from pipelines.reports.sentences import reason_retold, retold
from pipelines.reports.words import word
from transactional.vocabulary.money import format_minor


@dataclass(frozen=True, slots=True)
class Voice:
    """One language on a terminal. `spoken("{count} files", count=3)` is a sentence; its places are told as in Language."""

    language: Language

    def __call__(self, english: str, **places: object) -> str:
        """The sentence; English where the catalogue lacks it."""
        return self.plain(self.language(english, **{name: self._place(value) for name, value in places.items()}))

    def listed(self, english: str, **places: object) -> str:
        """A sentence of a closed list that the test of the catalogues knows (freezing.BLOCKS)."""
        return self(english, **places)

    @staticmethod
    def plain(text: str) -> str:
        """With ordinary spaces."""
        return text.replace("\N{NO-BREAK SPACE}", " ")

    def _place(self, value: object) -> object:
        match value:
            case dt.datetime():
                return self.instant(value)
            case dt.date():
                return self.day(value)
            case _:
                return value

    @property
    def _is_english(self) -> bool:
        return self.language.code == "en"

    def word(self, context: str, value: str) -> str:
        """What a value of a list is called: its own code in English."""
        return value if self._is_english else word(context, value, self.language)

    def listed_word(self, context: str, value: str) -> str:
        """What a value that no filter takes is called, in English too."""
        return word(context, value, self.language)

    def psp(self, name: str) -> str:
        """A PSP by its name; a bank account belongs to none."""
        return self("no PSP") if name == NO_PSP and not self._is_english else name

    def head(self, *columns: str) -> list[str]:
        """The names of columns."""
        return [word("column", name.replace("_minor", "_amount").replace("amount_amount", "amount"), self.language) for name in columns]

    def count(self, number: int) -> str:
        """A whole number with thousands marks."""
        return self.language.count(number)

    def amount(self, minor: int, currency: str, on: dt.date) -> str:
        """Major units with the decimals the currency had on a day; in minor units where nobody knows the currency."""
        return self.language.amount(minor, currency, on)

    def money(self, minor: int, currency: str, decimals: int | None) -> str:
        """An amount with its currency, of so many decimals; None: nobody knows the currency."""
        if decimals is None:
            return f"{self('{amount} minor units', amount=minor)} {currency}"
        return f"{self.language.printed(format_minor(minor, decimals))} {currency}"

    def day(self, day: dt.date) -> str:
        """A day."""
        return day.isoformat() if self._is_english else self.language.date(day)

    def instant(self, moment: dt.datetime) -> str:
        """A moment to the second, in UTC."""
        return moment.astimezone(dt.UTC).isoformat(timespec="seconds") if self._is_english else self.language.instant(moment)

    def minute(self, moment: dt.datetime | None) -> str:
        """A moment to the minute, in UTC."""
        if moment is None:
            return "?"
        there = moment.astimezone(dt.UTC)
        return f"{self.day(there.date())} {there:%H:%M}"

    def explanation(self, row: Mapping[str, Any]) -> str:
        """The sentence of a break."""
        return self.plain(retold(row, self.language))

    def reason(self, english: str) -> str:
        """Why items might belong together, or why a confirmed match is not held."""
        return self.plain(reason_retold(english, self.language))


def voice_of(code: str) -> Voice:
    """The voice of a language. Raises: InputRejected (`unknown_language`)."""
    return Voice(language_of(code))
