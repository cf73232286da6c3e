"""What a banking app reads off the page pays the invoice; where nothing could, there is no code."""

from dataclasses import replace
from decimal import Decimal

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.documents.closing import closing
from chalicelib.documents.invoice_pdf import render
from chalicelib.documents.payment_code import transfer
from chalicelib.language import language_of
from tests import builders_documents as build


def codes_on(pdf):
    """Whatever barcodes are seen on the pages, as a telephone's camera would."""
    pages = (page.render(scale=3).to_pil() for page in pypdfium2.PdfDocument(pdf))
    return [code.bytes.decode() for page in pages for code in zxingcpp.read_barcodes(page)]


class TestAPaymentCode:
    def test_is_read_off_the_page(self):
        [content] = codes_on(render(build.invoice()))

        assert content.splitlines() == [
            "BCD",
            "002",
            "1",
            "SCT",
            "",
            "Łukasz Żółć",
            "PL61109010140000071219812874",
            "EUR6592.80",
            "",
            "",
            "LZ-0007",
        ]

    @settings(max_examples=10, deadline=None)
    @given(
        st.text("abcЇґΩłệş -/'&", min_size=1, max_size=70).filter(str.strip),
        st.decimals("0.01", "999999999.99", places=2),
    )
    def test_is_read_whatever_the_name_and_amount(self, name, total):
        invoice = build.invoice(supplier=build.party(name=name), total=total)

        assert codes_on(render(invoice)) == [transfer(invoice)]

    @pytest.mark.parametrize("name", ["Олена Ковальчук", "Ελένη Παπαδοπούλου", "Jürgen Groß"])
    def test_is_in_utf8_in_every_alphabet(self, name):
        invoice = build.invoice(supplier=build.party(name=name))

        assert codes_on(render(invoice)) == [transfer(invoice)]

    @pytest.mark.parametrize("locale", ["en", "uk-UA"])
    def test_says_what_it_is_for(self, locale):
        language = language_of(locale)
        bands = closing(build.invoice(locale=locale), language).bands

        texts = [text.content for band in bands for text in band.texts]
        assert language.gettext("Scan to pay") in texts

    @pytest.mark.parametrize(
        "invoice",
        [
            build.invoice(currency="PLN"),
            build.invoice(total=Decimal("0.00")),
            build.invoice(total=Decimal("1000000000.00")),
            build.credit_note(),
            build.invoice(supplier=build.party(iban=None)),
            build.invoice(supplier=build.party(iban="PL61 1090 1014 0000 0712 1981 2875")),
            build.invoice(supplier=build.party(iban="account 7")),
            build.invoice(supplier=build.party(name="x" * 71)),
            build.invoice(supplier=build.party(name=" ")),
            build.invoice(number="N" * 141),
            build.invoice(supplier=build.party(name="ệ" * 70), number="Ї" * 40),
        ],
    )
    def test_is_left_out_where_a_transfer_cannot_pay(self, invoice):
        assert transfer(invoice) == ""
        assert codes_on(render(invoice)) == []

    def test_knows_an_account_however_it_was_typed(self):
        spaced = build.party(iban="pl61 1090 1014 0000 0712 1981 2874")

        assert transfer(build.invoice(supplier=spaced)) == transfer(build.invoice())

    @pytest.mark.parametrize("lines", range(10, 25))
    def test_is_whole_wherever_the_page_ends(self, lines):
        invoice = build.invoice(supplier=build.party(name="Wiśniewska " * 6), days=())

        assert codes_on(render(replace(invoice, lines=build.lines(lines)))) == [transfer(invoice)]
