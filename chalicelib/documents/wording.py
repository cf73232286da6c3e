"""What a document is called and how its parts are named, where that depends on the invoice."""

from __future__ import annotations

from chalicelib.language import Language

from .printed import PrintedInvoice


def title(invoice: PrintedInvoice, language: Language) -> str:
    titles = {
        "invoice": language.gettext("Self-billed invoice"),
        "credit_note": language.gettext("Self-billed credit note"),
    }
    return titles[invoice.kind]


def name(invoice: PrintedInvoice, language: Language) -> str:
    """The title with the number, in one line."""
    names = {
        "invoice": language.gettext("Self-billed invoice {number}"),
        "credit_note": language.gettext("Self-billed credit note {number}"),
    }
    return names[invoice.kind].format(number=" ".join(invoice.number.split()))


def work(kind: str, language: Language) -> str:
    return dict(zip(("regular", "overtime"), kinds_of_work(language), strict=True))[kind]


def kinds_of_work(language: Language) -> tuple[str, str]:
    return language.gettext("Regular"), language.gettext("Overtime")


def tax(invoice: PrintedInvoice, language: Language) -> str:
    """What the tax is called: by its category, and only where there can be a rate, by its rate."""
    categories = {
        "E": language.gettext("Tax, exempt"),
        "AE": language.gettext("Tax, reverse charge"),
        "O": language.gettext("Tax, outside the scope"),
    }
    rate = language.figures.percentage(invoice.tax_rate)
    at_rate = language.gettext("Tax {rate}").format(rate=rate)
    return categories.get(invoice.tax_category, at_rate)


def tax_note(invoice: PrintedInvoice, language: Language) -> str:
    """
    Why no tax is charged, where an invoice has to say so (Directive 2006/112/EC, article 226).

    Returns:
        Nothing for a standard or zero rate.
    """
    notes = {
        "E": language.gettext("Exempt from tax."),
        "AE": language.gettext("Reverse charge: the buyer accounts for the tax."),
        "O": language.gettext("Not subject to tax."),
    }
    return notes.get(invoice.tax_category, "")


def total(invoice: PrintedInvoice, language: Language) -> str:
    """The total with its currency, as it stands on the document."""
    return f"{invoice.currency} {language.figures.money(invoice.total)}"
