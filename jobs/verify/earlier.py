"""
What a document of an earlier release prints otherwise.

A PDF is drawn once and never again, so what it may say beside its figures is part of what is
verified for good.  Words that changed since are here in their old form.
"""

from __future__ import annotations

from datetime import date

from chalicelib.documents import wording
from chalicelib.documents.printed import PrintedInvoice
from chalicelib.language import Language
from chalicelib.language.figures import figures_of


def name(document: PrintedInvoice, language: Language) -> str:
    """The number once followed the whole title: ``Кредит-нота, складена покупцем HUDZ-0002``."""
    return f"{wording.title(document, language)} {' '.join(document.number.split())}"


def workday(document: PrintedInvoice, day: date) -> str:
    """Dates once were the country's even where the words are English: ``czw., 1 paź 2026``."""
    return figures_of(document.locale).workday(day)
