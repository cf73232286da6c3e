"""Every kind of e-invoice satisfies the schema and the rules of EN 16931, and wrong ones don't."""

import csv
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.documents.einvoice import factur_x
from tests import builders_documents as build
from tests.builders_documents import TAX_CATEGORIES, billed, credit_of, work

from .validators import broken_rules, rule_findings, schema_findings, stylesheets

ONE = (work("160.00", "33.5000"),)
MANY = tuple(
    work(
        f"{8 * number}.25",
        f"{30 + number}.{number:04d}",
        kind=kind,
        project_code=f"P{number}",
        project_name=f"Project <{number}> & sons",
    )
    for number, kind in product(range(1, 8), ("regular", "overtime"))
)
with (Path(__file__).parents[2] / "data" / "fixtures" / "employees.csv").open(
    encoding="utf-8"
) as file:
    EMPLOYEES = list(csv.DictReader(file))
NAMES = ["Марія Ґудзь-Їжакевич", "Ελένη Παπαδοπούλου", "Nguyễn Thị Ánh Tuyết", "Zoë & <Søn>"]


def findings(invoice):
    xml = factur_x(invoice)
    return schema_findings(xml) + rule_findings(xml)


class TestEInvoice:
    @pytest.mark.parametrize("worked", [ONE, MANY], ids=["one line", "many lines"])
    @pytest.mark.parametrize("currency", ["EUR", "PLN", "UAH"])
    @pytest.mark.parametrize("category", TAX_CATEGORIES)
    def test_is_valid_in_every_category_and_currency(self, category, currency, worked):
        for iban in (build.SUPPLIER.iban, None, "40 1234 5678"):
            supplier = build.party(iban=iban)
            invoice = billed(*worked, tax_category=category, currency=currency, supplier=supplier)

            assert findings(invoice) == []
            assert findings(credit_of(invoice)) == []

    @pytest.mark.parametrize("category", TAX_CATEGORIES)
    @pytest.mark.parametrize(
        ("country", "tax_id"),
        [
            ("UA", "3184710691"),
            ("GR", "EL 123456783"),
            ("GR", "123456783"),
            ("GB", "XI123456789"),
            ("CH", "CHE-123.456.788 MWST"),
            ("US", "12-3456789"),
            ("DE", "13/815/08152"),
            ("FR", "fr 83 404 833 048"),
        ],
    )
    def test_is_valid_with_tax_ids_of_anywhere(self, country, tax_id, category):
        party = build.party(country=country, tax_id=tax_id)
        foreign = billed(*ONE, tax_category=category, supplier=party)
        bought = billed(*ONE, tax_category=category, buyer=party)

        assert findings(foreign) == []
        assert findings(credit_of(foreign)) == []
        assert findings(bought) == []

    @pytest.mark.parametrize("name", NAMES)
    def test_is_valid_in_every_script(self, name):
        party = build.party(name=name, address=f"{name}\n\tвул. Ґонти, 12")

        assert findings(billed(work("8.00", "1.0000", project_name=name), supplier=party)) == []
        assert findings(billed(*ONE, buyer=party)) == []

    @pytest.mark.parametrize("category", TAX_CATEGORIES)
    @pytest.mark.parametrize(("hours", "unit_rate"), [("8.00", "0.0000"), ("0.01", "0.0001")])
    def test_is_valid_when_nothing_is_due(self, category, hours, unit_rate):
        invoice = billed(work(hours, unit_rate), tax_category=category)

        assert findings(invoice) == []
        assert findings(credit_of(invoice)) == []

    @pytest.mark.parametrize("category", ["Z", "E", "AE", "O"])
    def test_is_valid_with_little_known_of_the_parties(self, category):
        supplier = build.party(address="", iban=None, email=None)
        buyer = build.party(address="", iban=None, email=None)

        assert findings(billed(*ONE, tax_category=category, supplier=supplier, buyer=buyer)) == []

    def test_is_valid_with_days_of_an_earlier_month(self):
        late = build.days_of(ONE, date(2026, 9, 28))

        assert findings(billed(*ONE, days=late)) == []

    @pytest.mark.parametrize("employee", EMPLOYEES, ids=lambda employee: employee["code"])
    def test_is_valid_for_every_supplier_of_the_sample_company(self, employee):
        facts = ("address", "country", "tax_id", "iban", "email")
        supplier = build.party(
            name=employee["full_name"], **{fact: employee[fact] for fact in facts}
        )
        rate = Decimal(employee["tax_rate"])
        for category in ("S",) if rate else ("Z", "E", "AE", "O"):
            invoice = billed(
                *MANY,
                tax_category=category,
                tax_rate=rate,
                supplier=supplier,
                series=employee["code"],
                currency=employee["currency"],
            )

            assert findings(invoice) == []

    @settings(max_examples=40)
    @given(st.data())
    def test_is_valid_whatever_was_worked(self, data):
        invoice = data.draw(invoices())

        assert findings(invoice) == []
        assert findings(credit_of(invoice)) == []


class TestWhatCannotBeValid:
    """These are written nevertheless; docs/einvoice.md lists them."""

    @pytest.mark.parametrize(
        ("category", "rule"),
        [("S", "BR-S-02"), ("Z", "BR-Z-02"), ("E", "BR-E-02"), ("AE", "BR-AE-02")],
    )
    def test_a_supplier_without_a_tax_id_breaks_one_rule(self, category, rule):
        invoice = billed(*ONE, tax_category=category, supplier=build.party(tax_id=""))

        assert {finding.split()[0] for finding in findings(invoice)} == {rule}

    def test_reverse_charge_to_a_buyer_without_a_tax_id_breaks_one_rule(self):
        invoice = billed(*ONE, tax_category="AE", buyer=build.party(tax_id=""))

        assert {finding.split()[0] for finding in findings(invoice)} == {"BR-AE-02"}

    def test_a_rate_below_half_a_per_cent_breaks_one_rule(self):
        """The rule rounds it to nothing and then wants no tax."""
        invoice = billed(*ONE, tax_rate=Decimal("0.0049"))

        assert {finding.split()[0] for finding in findings(invoice)} == {"BR-CO-17"}

    def test_outside_the_scope_of_tax_nobody_needs_a_tax_id(self):
        nobody = build.party(tax_id="")

        assert findings(billed(*ONE, tax_category="O", supplier=nobody, buyer=nobody)) == []


WRONG = {
    "a wrong total": ("GrandTotalAmount>6592.80<", "GrandTotalAmount>6692.80<", "CO-15"),
    "a wrong sum of lines": ("LineTotalAmount>5360.00<", "LineTotalAmount>5460.00<", "CO-10"),
    "a seller without a country": ("<ram:CountryID>PL</ram:CountryID>", "", "BR-09"),
    "a message of no profile": ("<ram:ID>urn:cen.eu:en16931:2017</ram:ID>", "", "BR-01"),
    "a wrong sum of a tax category": ("BasisAmount>5360.00<", "BasisAmount>5460.00<", "S-08"),
    "a wrong tax": ("CalculatedAmount>1232.80<", "CalculatedAmount>1332.80<", "S-09"),
    "a standard rate without a tax id": ('schemeID="VA">PL5260001246<', ">PL5260001246<", "S-02"),
}


class TestValidators:
    """What says that every e-invoice is valid must see one that is not."""

    @pytest.mark.parametrize("stylesheet", stylesheets(), ids=lambda path: path.stem)
    @pytest.mark.parametrize("wrong", WRONG)
    def test_every_schematron_sees(self, wrong, stylesheet):
        right, damaged, rule = WRONG[wrong]
        xml = damage(factur_x(billed(*ONE)), right, damaged)

        assert [finding for finding in broken_rules(xml, stylesheet) if rule in finding]

    def test_the_rules_see_a_vat_id_outside_the_scope_of_tax(self):
        xml = factur_x(billed(*ONE, tax_category="O"))
        damaged = damage(xml, 'schemeID="FC"', 'schemeID="VA"')

        assert [finding for finding in rule_findings(damaged) if finding.startswith("BR-O-02")]

    @pytest.mark.parametrize(
        ("right", "damaged"),
        [
            ("<ram:TypeCode>389</ram:TypeCode>", "<ram:Kind>389</ram:Kind>"),
            ("<ram:CountryID>PL</ram:CountryID>", ""),
            ("<ram:PaymentReference>LZ-0007</ram:PaymentReference>", "LZ-0007"),
            (">5360.00</ram:BasisAmount>", ">5,360.00</ram:BasisAmount>"),
        ],
    )
    def test_the_schema_sees_a_message_of_another_form(self, right, damaged):
        assert schema_findings(damage(factur_x(billed(*ONE)), right, damaged))


def damage(xml, right, damaged):
    """Replace the first *right*, which must be there."""
    assert right.encode() in xml
    return xml.replace(right.encode(), damaged.encode(), 1)


def amounts(lowest, highest, places):
    return st.decimals(lowest, highest, places=places).map(str)


@st.composite
def invoices(draw):
    """Give invoices of up to 6 lines, of any category, rate, currency and account."""
    category = draw(st.sampled_from(TAX_CATEGORIES))
    worked = draw(
        st.lists(
            st.builds(
                work,
                amounts("0.01", "240", 2),
                amounts("0", "99999.9999", 4),
                kind=st.sampled_from(["regular", "overtime"]),
                project_name=st.sampled_from(NAMES),
            ),
            min_size=1,
            max_size=6,
        )
    )
    rate = draw(st.integers(5_000, 400_000)) if category == "S" else 0
    return billed(
        *worked,
        tax_category=category,
        tax_rate=Decimal(rate).scaleb(-6),
        currency=draw(st.sampled_from(["EUR", "PLN", "UAH", "USD"])),
        supplier=build.party(iban=draw(st.sampled_from([None, build.SUPPLIER.iban]))),
    )
