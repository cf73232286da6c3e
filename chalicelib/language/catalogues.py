"""The languages there are: one gettext catalogue each, read as it was written."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

# The language of the messages themselves, which needs no catalogue.
SOURCE = "en"

FOLDER = Path(__file__).parent


@cache
def languages() -> frozenset[str]:
    """The language tags that have a catalogue."""
    return frozenset(file.stem for file in FOLDER.glob("*.po"))


def spoken_in(locale: Locale) -> str:
    """The tag of the language that is nearest to *locale* and known here."""
    nearest = (f"{locale.language}-{locale.territory}", locale.language)
    return next((tag for tag in nearest if tag in languages()), SOURCE)


@cache
def translations(tag: str) -> NullTranslations:
    """The catalogue of *tag*; without one, messages stay as they are."""
    if tag not in languages():
        return NullTranslations()
    compiled = BytesIO()
    with (FOLDER / f"{tag}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=tag.replace("-", "_")))
    compiled.seek(0)
    return GNUTranslations(compiled)
