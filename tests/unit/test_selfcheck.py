"""Nothing is stored that nobody can read."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.documents.invoice_pdf import render
from chalicelib.documents.pdf import coverage
from chalicelib.documents.selfcheck import UnreadableDocument, require_readable
from tests import builders_documents as build

letters = st.sampled_from(sorted(map(chr, coverage.printable())))
names = st.text(letters | st.sampled_from(" -/"), min_size=1, max_size=150)


class TestRequireReadable:
    @pytest.mark.parametrize("invoice", [build.invoice(), build.credit_note()])
    @pytest.mark.parametrize("locale", ["en", "uk-UA", "fr-FR", "de-CH", "tr-TR"])
    def test_is_content_with_what_is_drawn(self, invoice, locale):
        invoice = replace(invoice, locale=locale)

        require_readable(render(invoice), invoice)

    def test_is_content_with_a_total_on_a_later_page(self):
        invoice = build.invoice(lines=build.lines(60))

        require_readable(render(invoice), invoice)

    def test_is_content_with_names_that_go_on_on_the_next_pages(self):
        supplier, buyer = build.party(name="Wolfe" * 1000), build.party(name="W " * 2000, iban=None)
        invoice = build.invoice(supplier=supplier, buyer=buyer)

        require_readable(render(invoice), invoice)

    @settings(max_examples=50, deadline=None)
    @given(names, names)
    def test_is_content_whatever_the_names_and_wherever_they_break(self, supplier, buyer):
        invoice = build.invoice(
            supplier=build.party(name=supplier), buyer=build.party(name=buyer, iban=None)
        )

        require_readable(render(invoice), invoice)

    @pytest.mark.parametrize(
        ("change", "missing"),
        [
            ({"number": "LZ-0008"}, "the number LZ-0008"),
            ({"supplier": build.party(name="Anna Ek")}, "the supplier Anna Ek"),
            ({"supplier": build.BUYER}, "the supplier Northwind Research Ltd"),
            ({"buyer": build.SUPPLIER}, "the buyer Łukasz Żółć"),
            ({"total": Decimal("6592.81")}, "the total EUR 6,592.81"),
        ],
    )
    def test_names_what_is_not_there(self, change, missing):
        with pytest.raises(UnreadableDocument) as raised:
            require_readable(render(build.invoice()), build.invoice(**change))

        assert raised.value.missing == [missing]
        assert missing in str(raised.value)

    def test_refuses_what_is_no_pdf(self):
        with pytest.raises(UnreadableDocument, match="does not show a page"):
            require_readable(b"nonsense", build.invoice())
