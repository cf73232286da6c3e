"""
The email that brings an invoice: subject, text and HTML, in the contractor's language.

Values in, words out; `aws.ses` makes a message of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from chalicelib.billing.records import DeliveryRecord
from chalicelib.language import Language, language_of


@dataclass(frozen=True, slots=True)
class Written:
    """What a letter says, as plain text and, the same, as HTML."""

    subject: str
    text: str
    html: str


def letter_of(invoice: DeliveryRecord) -> Written:
    """
    The letter of an issued *invoice* or credit note.

    Args:
        invoice: All figures come from it as they are.
    """
    language = language_of(invoice.locale)
    opening, closing = _opening(invoice, language), _closing(invoice, language)
    facts = _facts(invoice, language)
    return Written(
        subject=_subject(invoice, language),
        text=_as_text(opening, facts, closing),
        html=_as_html(language.tag, opening, facts, closing),
    )


def _subject(invoice: DeliveryRecord, language: Language) -> str:
    subjects = {
        "invoice": language.gettext("Self-billed invoice {number} from {buyer}"),
        "credit_note": language.gettext("Self-billed credit note {number} from {buyer}"),
    }
    return subjects[invoice.kind].format(
        number=invoice.number, buyer=" ".join(invoice.buyer_name.split())
    )


def _opening(invoice: DeliveryRecord, language: Language) -> list[str]:
    greeting = language.gettext("Dear {name},").format(name=invoice.supplier_name)
    tell = {"invoice": _invoiced, "credit_note": _credited}
    return [greeting, tell[invoice.kind](invoice, language)]


def _invoiced(invoice: DeliveryRecord, language: Language) -> str:
    sentence = language.gettext(
        "Please find attached self-billed invoice {number}, which {buyer} has issued for your"
        " work in {month}."
    )
    return sentence.format(
        number=invoice.number,
        buyer=invoice.buyer_name,
        month=language.figures.month(invoice.period),
    )


def _credited(invoice: DeliveryRecord, language: Language) -> str:
    sentences = language.gettext(
        "Please find attached self-billed credit note {number}, which {buyer} has issued. It"
        " cancels invoice {credited}."
    ).format(number=invoice.number, buyer=invoice.buyer_name, credited=invoice.credits_number)
    if not invoice.replaced_by:
        return sentences
    replaced = language.gettext("Invoice {replacement} replaces it.")
    return f"{sentences} {replaced.format(replacement=invoice.replaced_by)}"


def _facts(invoice: DeliveryRecord, language: Language) -> list[tuple[str, str]]:
    total = f"{language.figures.money(invoice.total)} {invoice.currency}"
    facts = [(language.gettext("Number"), invoice.number), (language.gettext("Total"), total)]
    if invoice.kind == "invoice":
        facts.append((language.gettext("Due date"), language.figures.day(invoice.due_on)))
    return facts


def _closing(invoice: DeliveryRecord, language: Language) -> list[str]:
    request = language.gettext(
        "Please keep the attached PDF for your records; it also contains the e-invoice. If"
        " anything is wrong, reply to this email."
    )
    regards = language.gettext("Kind regards,")
    return [request, f"{regards}\n{invoice.buyer_name}"]


def _as_text(opening: list[str], facts: list[tuple[str, str]], closing: list[str]) -> str:
    width = max(len(label) for label, _ in facts) + 2
    listed = "\n".join(f"    {label + ':':<{width}} {fact}" for label, fact in facts)
    return "\n\n".join((*opening, listed, *closing)) + "\n"


def _as_html(tag: str, opening: list[str], facts: list[tuple[str, str]], closing: list[str]) -> str:
    paragraphs = [f'<p style="{_PARAGRAPH}">{_escaped(text)}</p>' for text in opening]
    rows = "".join(
        f'<tr><th scope="row" style="{_LABEL}">{_escaped(label)}</th>'
        f'<td style="{_FACT}">{_escaped(fact)}</td></tr>'
        for label, fact in facts
    )
    paragraphs.append(f'<table style="{_TABLE}">{rows}</table>')
    paragraphs += [f'<p style="{_PARAGRAPH}">{_escaped(text)}</p>' for text in closing]
    return (
        f'<!DOCTYPE html><html lang="{tag}"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark"></head>'
        f'<body style="{_BODY}">{"".join(paragraphs)}</body></html>\n'
    )


def _escaped(text: str) -> str:
    return escape(text).replace("\n", "<br>")


# Email programs drop style sheets, so each element carries its own; colours are the reader's.
_BODY = "margin:0 auto;padding:24px;max-width:34em;font:16px/1.5 system-ui,sans-serif"
_PARAGRAPH = "margin:0 0 16px"
_TABLE = "margin:0 0 16px;border-collapse:collapse"
_LABEL = "padding:4px 24px 4px 0;text-align:left;font-weight:normal;opacity:.7"
_FACT = "padding:4px 0;font-weight:600"
