from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from chalicelib.billing.records import DeliveryRecord
from chalicelib.documents.letter import letter_of
from tests.locales import every_locale

INVOICE = DeliveryRecord(
    status="queued",
    recipient="maria@hudz.example",
    number="HUDZ-0001",
    kind="invoice",
    locale="en",
    period=date(2026, 10, 1),
    currency="UAH",
    total=Decimal("12345.60"),
    due_on=date(2026, 11, 15),
    supplier_name="Марія Ґудзь-Їжакевич",
    buyer_name="Prykladna Sprava LLC",
    credits_number=None,
    replaced_by=None,
    s3_key="invoices/2026-10/HUDZ-0001.pdf",
    sha256="0" * 64,
)


class Reader(HTMLParser):
    """What a person reads of HTML, without white space."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.read = ""
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.read += "".join(data.split())


def letter(**fields):
    return letter_of(replace(INVOICE, **fields))


def cancelling(locale, **fields):
    """The letter of the credit note of `INVOICE`, which HUDZ-0003 replaces unless told."""
    credit = {
        "number": "HUDZ-0002",
        "kind": "credit_note",
        "credits_number": "HUDZ-0001",
        "replaced_by": "HUDZ-0003",
    }
    return letter(locale=locale, **credit | fields)


class TestALetter:
    def test_says_what_is_attached_and_what_it_comes_to(self):
        written = letter()

        assert written.subject == "Self-billed invoice HUDZ-0001 from Prykladna Sprava LLC"
        assert written.text.startswith("Dear Марія Ґудзь-Їжакевич,\n\n")
        assert (
            "Please find attached self-billed invoice HUDZ-0001, which Prykladna Sprava LLC has"
            " issued for your work in October 2026.\n"
        ) in written.text
        assert "12,345.60 UAH" in written.text
        assert "15 November 2026" in written.text

    def test_speaks_the_contractors_language(self):
        written = letter(locale="uk-UA")

        assert written.subject == "Рахунок-фактура HUDZ-0001 від Prykladna Sprava LLC"
        assert (
            "Надсилаємо рахунок-фактуру HUDZ-0001 за вашу роботу за жовтень 2026\u00a0р., складений"
            " покупцем (Prykladna Sprava LLC).\n"
        ) in written.text
        assert "12\u00a0345,60 UAH" in written.text
        assert "15 листопада 2026\u00a0р.\n" in written.text
        assert written.text.endswith("З повагою\nPrykladna Sprava LLC\n")
        assert 'lang="uk"' in written.html

    def test_names_the_month_in_the_language_of_its_sentence(self):
        written = letter(locale="de-AT")

        assert "for your work in October 2026." in written.text
        assert "15 November 2026" in written.text
        assert "12.345,60 UAH" in written.text.replace("\u00a0", ".")

    @every_locale
    def test_ends_no_sentence_in_two_full_stops(self, locales):
        for locale in locales:
            for written in (letter(locale=locale), cancelling(locale)):
                assert ".." not in written.subject + written.text + written.html, locale

    def test_ends_politely(self):
        assert letter().text.endswith("Kind regards,\nPrykladna Sprava LLC\n")
        assert "Kind regards,<br>Prykladna Sprava LLC" in letter().html

    @pytest.mark.parametrize("locale", ["en", "uk-UA", "pl-PL"])
    @pytest.mark.parametrize("kind", ["invoice", "credit_note"])
    def test_says_the_same_as_text_and_as_html(self, locale, kind):
        written = letter(locale=locale, kind=kind)

        # The text has a colon behind each label.
        said = "".join(written.text.split()).replace(":", "")
        assert Reader(written.html).read.replace(":", "") == said

    def test_says_which_invoice_a_credit_note_cancels_and_which_replaces_it(self):
        written = cancelling("en")

        assert written.subject == "Self-billed credit note HUDZ-0002 from Prykladna Sprava LLC"
        assert (
            "Please find attached self-billed credit note HUDZ-0002, which Prykladna Sprava LLC"
            " has issued. It cancels invoice HUDZ-0001. Invoice HUDZ-0003 replaces it.\n"
        ) in written.text
        assert (
            "Надсилаємо кредит-ноту HUDZ-0002, складену покупцем (Prykladna Sprava LLC). Вона"
            " анулює рахунок-фактуру HUDZ-0001. Його замінює рахунок-фактура HUDZ-0003.\n"
        ) in cancelling("uk-UA").text

    def test_promises_no_invoice_where_none_replaces_it(self):
        assert "It cancels invoice HUDZ-0001.\n" in cancelling("en", replaced_by=None).text

    def test_asks_nobody_to_pay_by_a_day_for_a_credit_note(self):
        written = letter(kind="credit_note", total=Decimal("-12345.60"))

        assert "Due date" not in written.text
        assert "\N{MINUS SIGN}12,345.60 UAH" in written.text

    def test_lets_no_name_become_markup_or_a_header(self):
        written = letter(supplier_name="<b>Bobby</b> & Co", buyer_name="Evil\nBcc: all@x.example")

        assert "b" not in Reader(written.html).tags
        assert "&lt;b&gt;Bobby&lt;/b&gt; &amp; Co" in written.html
        assert "\n" not in written.subject
