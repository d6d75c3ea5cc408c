"""In which language, and with which figures and dates, does a person read it? For every page, workbook and alert; the command line stays English.

A sentence is written in English where it is needed and is its own message id: `language("{count} breaks", count=3)`. The catalogues beside this module
(locale/<code>/LC_MESSAGES/countroom.po) are text, compiled in memory when first asked for. The traps: a float between an amount and its text (babel is
given a Decimal made of the minor units), and two decimals for a currency that has none or three.

Units: minor. Source: CLDR through babel; decimals of a currency: transactional/vocabulary/currencies.py.
"""

from __future__ import annotations

import datetime as dt
import gettext
import io
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import format_minor

LOCALES = {"en": "en_GB", "tr": "tr_TR"}
"""The languages, and whose numbers and dates go with each."""
CATALOGUES = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True)
class Language:
    """One language. Places of a sentence: an int is told as a count, a date and an instant as such, anything else as its text."""

    code: str
    locale: Locale
    catalogue: gettext.NullTranslations

    def __call__(self, english: str, **places: object) -> str:
        """The sentence in this language; the English one where the catalogue lacks it."""
        told = self.catalogue.gettext(english)
        return told.format(**{name: self._place(value) for name, value in places.items()}) if places else told

    def _place(self, value: object) -> str:
        match value:
            case bool() | str():
                return str(value)
            case int():
                return self.count(value)
            case dt.datetime():
                return self.instant(value)
            case dt.date():
                return self.date(value)
            case _:
                return str(value)

    def word(self, context: str, english: str) -> str:
        """A word of a closed list (pipelines/reports/words.py); `context` says which list, since "amount" is a column and a class of break."""
        return self.catalogue.pgettext(context, english)

    def count(self, number: int) -> str:
        """A whole number with thousands marks."""
        return str(format_decimal(number, format="#,##0", locale=self.locale))

    def amount(self, minor: int, currency: str, on: dt.date) -> str:
        """Major units with the decimals the currency had on a date, without its code; in minor units where nobody knows the currency."""
        try:
            decimals = exponent_of(currency, on)
        except InputRejected:
            return self("{amount} minor units", amount=minor)
        return self.printed(format_minor(minor, decimals))

    def printed(self, plain: str) -> str:
        """A plain decimal text, as -1234.50, in the reader's marks and with the very decimals it has."""
        decimals = len(plain.partition(".")[2])
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return str(format_decimal(Decimal(plain), format=pattern, locale=self.locale))

    def money(self, minor: int, currency: str, on: dt.date) -> str:
        """An amount and its currency's code."""
        return f"{self.amount(minor, currency, on)}\N{NO-BREAK SPACE}{currency}"

    def date(self, day: dt.date) -> str:
        """A day, with its month as a word: nobody can take 3/4 for the other one."""
        return str(format_date(day, "medium", locale=self.locale))

    def instant(self, moment: dt.datetime) -> str:
        """A moment to the second, in UTC."""
        clock = format_time(moment.astimezone(dt.UTC), "HH:mm:ss", locale=self.locale)
        return f"{self.date(moment.astimezone(dt.UTC).date())} {clock} UTC"


@cache
def language_of(code: str) -> Language:
    """The language of a code. Raises: InputRejected (`unknown_language`) for one without a catalogue."""
    if code not in LOCALES:
        raise InputRejected(f"no language '{code}': there are {', '.join(LOCALES)}", code="unknown_language")
    return Language(code, Locale.parse(LOCALES[code]), _catalogue(code))


def _catalogue(code: str) -> gettext.NullTranslations:
    path = CATALOGUES / code / "LC_MESSAGES" / "countroom.po"
    if code == "en":
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
