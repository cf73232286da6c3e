"""What the rules of EN 16931 leave open: that the e-invoice says what the invoice says."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.documents.einvoice import factur_x
from tests import builders_documents as build
from tests.builders_documents import TAX_CATEGORIES, billed, credit_of, work

NAMES = {
    prefix: f"urn:un:unece:uncefact:data:standard:{name}:100"
    for prefix, name in (
        ("ram", "ReusableAggregateBusinessInformationEntity"),
        ("udt", "UnqualifiedDataType"),
        ("qdt", "QualifiedDataType"),
    )
}
SELLER, BUYER = ".//ram:SellerTradeParty", ".//ram:BuyerTradeParty"
SUMMATION = ".//ram:SpecifiedTradeSettlementHeaderMonetarySummation"
LINE = ".//ram:IncludedSupplyChainTradeLineItem"
RATE = ".//ram:RateApplicablePercent"
ACCOUNT = ".//ram:PayeePartyCreditorFinancialAccount"
QUANTITY = f"{{{NAMES['ram']}}}BilledQuantity"


def message(invoice):
    return fromstring(factur_x(invoice))


def said(invoice, path):
    """Give every text at *path*, in order."""
    return [element.text for element in message(invoice).iterfind(path, NAMES)]


def ids(invoice, side):
    """Give the party's identifiers, by where they stand."""
    places = {
        "BT-29": f"{side}/ram:ID",
        "BT-47": f"{side}/ram:SpecifiedLegalOrganization/ram:ID",
        "VA": f"{side}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']",
        "FC": f"{side}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='FC']",
    }
    return {place: text for place, path in places.items() for text in said(invoice, path)}


class TestWhatItIs:
    def test_an_invoice_is_a_self_billed_invoice(self):
        assert said(build.invoice(), ".//ram:TypeCode")[0] == "389"

    def test_a_credit_note_is_a_self_billed_credit_note(self):
        assert said(build.credit_note(), ".//ram:TypeCode")[0] == "261"

    def test_has_the_number_date_and_currency_of_the_invoice(self):
        assert said(build.invoice(), "*/ram:ID") == ["LZ-0007"]
        assert said(build.invoice(), "*/ram:IssueDateTime/udt:DateTimeString") == ["20261101"]
        assert said(build.invoice(currency="PLN"), ".//ram:InvoiceCurrencyCode") == ["PLN"]

    @pytest.mark.parametrize("invoice", [build.invoice(), build.credit_note()])
    def test_says_that_it_is_self_billed(self, invoice):
        [note] = said(invoice, ".//ram:IncludedNote/ram:Content")

        assert note.startswith("Self-billed")

    def test_a_credit_note_names_what_it_credits_and_its_date(self):
        credited = ".//ram:InvoiceReferencedDocument"

        assert said(build.credit_note(), f"{credited}/ram:IssuerAssignedID") == ["LZ-0007"]
        assert said(build.credit_note(), f"{credited}//qdt:DateTimeString") == ["20261101"]

    def test_an_invoice_names_no_other(self):
        assert said(build.invoice(), ".//ram:InvoiceReferencedDocument") == []

    def test_equal_invoices_give_equal_bytes(self):
        assert factur_x(billed(*build.lines(3))) == factur_x(billed(*build.lines(3)))

    def test_letters_are_composed_and_lines_joined(self):
        party = build.party(name="Zo\N{LATIN SMALL LETTER E}\N{COMBINING DIAERESIS}\r\n\t& <Co>")

        assert said(build.invoice(supplier=party), f"{SELLER}/ram:Name") == ["Zoë & <Co>"]


class TestFigures:
    def test_totals_are_those_of_the_invoice_even_if_they_do_not_fit_its_lines(self):
        figures = {"subtotal": Decimal("10.00"), "tax": Decimal("2.31"), "total": Decimal("12.32")}

        assert totals(build.invoice(**figures)) == {
            "LineTotalAmount": "10.00",
            "TaxBasisTotalAmount": "10.00",
            "TaxTotalAmount": "2.31",
            "GrandTotalAmount": "12.32",
            "DuePayableAmount": "12.32",
        }

    @settings(max_examples=50)
    @given(
        st.lists(
            st.tuples(
                st.decimals("0.01", "744", places=2).map(str),
                st.decimals("0", "9999.9999", places=4).map(str),
            ),
            min_size=1,
            max_size=8,
        )
    )
    def test_quantity_times_price_is_the_amount_of_every_line(self, worked):
        invoice = billed(*(work(*factors) for factors in worked))

        for stated in (invoice, credit_of(invoice)):
            lines = list(message(stated).iterfind(LINE, NAMES))
            assert len(lines) == len(worked)
            assert [product_of(line) for line in lines] == [amount_of(line) for line in lines]
            assert sum(amount_of(line) for line in lines) == invoice.subtotal

    @pytest.mark.parametrize("category", TAX_CATEGORIES)
    def test_a_credit_note_states_what_the_invoice_stated(self, category):
        invoice = billed(work("7.25", "33.3335"), work("1.50", "50.0003"), tax_category=category)

        assert totals(credit_of(invoice)) == totals(invoice)
        assert all("-" not in figure for figure in totals(credit_of(invoice)).values())

    def test_a_credit_note_of_nothing_has_no_minus(self):
        assert b">-" not in factur_x(credit_of(billed(work("8.00", "0.0000"))))

    @pytest.mark.parametrize(
        ("fraction", "percent"),
        [("0.230000", "23"), ("0.055000", "5.5"), ("0.077777", "7.7777"), ("0.200000", "20")],
    )
    def test_the_rate_is_in_per_cent(self, fraction, percent):
        rates = said(billed(work("1.00", "1.0000"), tax_rate=Decimal(fraction)), RATE)

        assert rates == [percent, percent]

    @pytest.mark.parametrize(("category", "rates"), [("Z", ["0", "0"]), ("O", [])])
    def test_outside_the_scope_of_tax_there_is_no_rate(self, category, rates):
        assert said(billed(work("1.00", "1.0000"), tax_category=category), RATE) == rates

    @pytest.mark.parametrize(
        ("category", "reasons", "codes"),
        [
            ("S", [], []),
            ("Z", [], []),
            ("E", ["Exempt from VAT"], []),
            ("AE", ["Reverse charge"], ["VATEX-EU-AE"]),
            ("O", ["Not subject to VAT"], ["VATEX-EU-O"]),
        ],
    )
    def test_no_tax_has_a_reason(self, category, reasons, codes):
        invoice = billed(work("1.00", "1.0000"), tax_category=category)

        assert said(invoice, ".//ram:ExemptionReason") == reasons
        assert said(invoice, ".//ram:ExemptionReasonCode") == codes


class TestDates:
    @pytest.mark.parametrize("invoice", [build.invoice(), build.credit_note()])
    def test_always_says_when_it_is_due(self, invoice):
        assert said(invoice, ".//ram:DueDateDateTime/udt:DateTimeString") == ["20261201"]

    def test_the_period_is_the_month(self):
        assert periods(build.invoice())[-1] == ("20261001", "20261031")

    def test_late_days_widen_the_period(self):
        late = build.days_of((work("16.00", "1.0000"),), date(2026, 9, 29))

        assert periods(billed(work("16.00", "1.0000"), days=late)) == [
            ("20260929", "20260930"),
            ("20260929", "20261031"),
        ]

    def test_each_line_has_the_period_of_its_days(self):
        first, second = work("16.00", "1.0000"), work("40.00", "2.0000")

        assert periods(billed(first, second))[:2] == [
            ("20261001", "20261002"),
            ("20261001", "20261005"),
        ]

    def test_the_work_was_done_on_its_last_day(self):
        assert said(build.invoice(), ".//ram:OccurrenceDateTime/udt:DateTimeString") == ["20261020"]


class TestParties:
    @pytest.mark.parametrize(
        ("country", "tax_id", "place", "stated"),
        [
            ("PL", "PL5260001246", "VA", "PL5260001246"),
            ("PL", "5260001246", "FC", "5260001246"),
            ("FR", "fr 83 404 833 048", "VA", "FR83404833048"),
            ("GR", "EL123456783", "VA", "EL123456783"),
            ("GR", "GR123456783", "FC", "GR123456783"),
            ("GB", "XI123456789", "VA", "XI123456789"),
            ("GB", "GB123456789", "VA", "GB123456789"),
            ("DE", "AT U12345678", "FC", "AT U12345678"),
            ("DE", "Deutschland", "FC", "Deutschland"),
            ("UA", "3184710691", "FC", "3184710691"),
        ],
    )
    def test_a_tax_id_is_a_vat_id_only_with_the_prefix_of_its_country(
        self, country, tax_id, place, stated
    ):
        party = build.party(country=country, tax_id=tax_id)
        registered = {"VA": "VA", "FC": "BT-47"}[place]

        assert ids(build.invoice(supplier=party), SELLER) == {"BT-29": "LZ", place: stated}
        assert ids(build.invoice(buyer=party), BUYER) == {registered: stated}

    def test_outside_the_scope_of_tax_nobody_has_a_vat_id(self):
        invoice = billed(work("1.00", "1.0000"), tax_category="O")

        assert ids(invoice, SELLER) == {"BT-29": "LZ", "FC": "PL5260001246"}
        assert ids(invoice, BUYER) == {"BT-47": "IE6388047V"}

    @pytest.mark.parametrize(
        ("address", "lines"),
        [
            ("ul. Długa 5/7\n00-238 Warszawa", ["ul. Długa 5/7", "00-238 Warszawa"]),
            ("Flat 2, 1 Mews\r\n\r\nLondon", ["Flat 2, 1 Mews", "London"]),
            ("18 rue des Cœurs, 69004 Lyon", ["18 rue des Cœurs", "69004 Lyon"]),
            ("a\nb\nc\nd", ["a", "b", "c, d"]),
            ("вул. Ґонти, 12, кв. 5, Львів", ["вул. Ґонти", "12", "кв. 5, Львів"]),
            (" \n", []),
        ],
    )
    def test_an_address_has_up_to_three_lines_and_loses_nothing(self, address, lines):
        stated = message(build.invoice(supplier=build.party(address=address)))
        parts = stated.find(f"{SELLER}/ram:PostalTradeAddress", NAMES)

        assert [part.text for part in parts] == [*lines, "PL"]


class TestPayment:
    @pytest.mark.parametrize(
        ("currency", "iban", "code"),
        [("EUR", "PL61 1090 10", "58"), ("PLN", "PL61 1090 10", "30"), ("EUR", None, "1")],
    )
    def test_is_a_transfer_if_the_account_is_known(self, currency, iban, code):
        invoice = build.invoice(currency=currency, supplier=build.party(iban=iban))
        means = ".//ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode"

        assert said(invoice, means) == [code]

    def test_goes_to_the_supplier_with_the_number(self):
        party = build.party(iban="PL61 1090 1014 0000 0712 1981 2874")
        invoice = build.invoice(supplier=party)

        assert said(invoice, f"{ACCOUNT}/ram:IBANID") == ["PL61109010140000071219812874"]
        assert said(invoice, f"{ACCOUNT}/ram:AccountName") == [party.name]
        assert said(invoice, ".//ram:PaymentReference") == ["LZ-0007"]

    def test_an_account_that_is_no_iban_is_stated_as_such(self):
        invoice = build.invoice(supplier=build.party(iban="12-3456 789"))

        assert said(invoice, f"{ACCOUNT}/ram:IBANID") == []
        assert said(invoice, f"{ACCOUNT}/ram:ProprietaryID") == ["12-3456789"]


class TestLines:
    def test_say_what_was_worked_on(self):
        invoice = billed(*(work("8.00", "1.0000", kind=kind) for kind in ("regular", "overtime")))
        fields = ("LineID", "Name", "BuyerAssignedID", "Description")

        stated = {field: said(invoice, f"{LINE}//ram:{field}") for field in fields}

        assert stated == {
            "LineID": ["1", "2"],
            "Name": ["Atlas data platform"] * 2,
            "BuyerAssignedID": ["ATLAS"] * 2,
            "Description": ["Regular work", "Overtime work"],
        }

    def test_count_hours(self):
        units = {line.get("unitCode") for line in message(build.invoice()).iter(QUANTITY)}

        assert units == {"HUR"}

    def test_name_a_project_without_a_name_by_its_code(self):
        invoice = billed(work("8.00", "1.0000", project_name=" "))

        assert said(invoice, f"{LINE}//ram:Name") == ["ATLAS"]

    @pytest.mark.parametrize("category", TAX_CATEGORIES)
    def test_have_the_category_of_the_invoice(self, category):
        invoice = billed(work("8.00", "1.0000"), tax_category=category)

        for stated in (invoice, credit_of(invoice)):
            assert said(stated, ".//ram:CategoryCode") == [category, category]


def totals(invoice):
    found = message(invoice).find(SUMMATION, NAMES)
    return {element.tag.partition("}")[2]: element.text for element in found}


def periods(invoice):
    """Give first and last day of each line's period, then of the invoice's."""
    found = message(invoice).iterfind(".//ram:BillingSpecifiedPeriod", NAMES)
    return [tuple(day.text for day in period.iterfind(".//udt:*", NAMES)) for period in found]


def product_of(line):
    hours = Decimal(line.find(".//ram:BilledQuantity", NAMES).text)
    price = Decimal(line.find(".//ram:ChargeAmount", NAMES).text)
    return (hours * price).quantize(Decimal("0.01"), ROUND_HALF_UP)


def amount_of(line):
    return Decimal(line.find(".//ram:LineTotalAmount", NAMES).text)
