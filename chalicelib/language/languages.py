"""A language to write to somebody in: its words, and the figures of their country."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from gettext import NullTranslations

from .catalogues import spoken_in, translations
from .figures import Figures, figures_of


@dataclass(frozen=True, slots=True)
class Language:
    """
    Words in one language, figures as one country writes them.

    The two need not match: where nobody has translated the words yet, they are English beside
    figures that the reader is used to.  Dates go with the words, because a month's name is one of
    them.  Messages are the English text; what varies in them is named in braces and filled in by
    the caller.

    Attributes:
        tag: Of the words: ``uk``.
    """

    tag: str
    figures: Figures
    words: NullTranslations

    def gettext(self, message: str) -> str:
        return self.words.gettext(message)

    def pgettext(self, context: str, message: str) -> str:
        """The translation of a *message* that means different things in different places."""
        return self.words.pgettext(context, message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The translation in the form that goes with *count*."""
        return self.words.ngettext(singular, plural, count)


@lru_cache(maxsize=256)
def language_of(locale: str) -> Language:
    """
    What to write to somebody of *locale* in (BCP 47: ``uk-UA``).  Never raises.

    What is not known falls back: a country to its language, a language to English.
    """
    figures = figures_of(locale)
    tag = spoken_in(figures.locale)
    words = figures_of(tag).locale
    if words.language != figures.locale.language:
        figures = replace(figures, calendar=words)
    return Language(tag, figures, translations(tag))
