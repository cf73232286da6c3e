import hashlib
import os
import subprocess
import sys
import unicodedata
from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from chalicelib.billing.errors import BillingError
from chalicelib.documents import accounts
from chalicelib.documents.invoice_pdf import laid_out, render
from chalicelib.documents.pdf import coverage
from chalicelib.documents.pdf.coverage import UnprintableText
from chalicelib.documents.pdf.drawing import drawn
from chalicelib.documents.pdf.grid import BODY, BOTTOM, LEFT, RIGHT, TOP
from chalicelib.documents.pdf.marks import Band, Text, wrapped
from chalicelib.documents.pdf.metadata import Description
from chalicelib.documents.pdf.pages import placed
from chalicelib.documents.printed import PrintedDay
from chalicelib.documents.texts import with_composed_texts
from chalicelib.language import language_of
from chalicelib.language.figures import MINUS
from tests import builders_documents as build

ROOT = Path(__file__).parents[2]
NAMES = [
    "Їжак Ґалаґан",
    "Μαρία Ἀθηνᾶ",
    "Łukasz Żółć",
    "Nguyễn Thị Đặng",
    "Şeyma İğ",
    "Þóra Ægisdóttir",
    "O'Brien & Søn",
]

ENGLISH = language_of("en")
ISSUED_AT = build.INVOICE.issued_at.replace(tzinfo=None)  # pypdf leaves UTC unsaid
ALPHABETS = {
    "Ukrainian": "АаБбВвГгҐґДдЕеЄєЖжЗзИиІіЇїЙйКкЛлМмНнОоПпРрСсТтУуФфХхЦцЧчШшЩщЬьЮюЯя’",
    "Cyrillic": "ЁёЪъЫыЭэЂђЉљЊњЋћЏџЈјЅѕЌќЃѓЎў",
    "Greek": "ΑαΒβΓγΔδΕεΖζΗηΘθΙιΚκΛλΜμΝνΞξΟοΠπΡρΣσςΤτΥυΦφΧχΨψΩωΆάΈέΉήΊίΪϊΐΌόΎύΫϋΰΏώ",
    "Polish": "AaĄąBbCcĆćDdEeĘęFfGgHhIiJjKkLlŁłMmNnŃńOoÓóPpQqRrSsŚśTtUuVvWwXxYyZzŹźŻż",
    "Turkish": "ÇçĞğIıİiÖöŞşÜüÂâÎîÛû",
    "Vietnamese": "ĂăÂâĐđÊêÔôƠơƯư"
    "ÀàẢảÃãÁáẠạẰằẲẳẴẵẮắẶặẦầẨẩẪẫẤấẬậÈèẺẻẼẽÉéẸẹỀềỂểỄễẾếỆệÌìỈỉĨĩÍíỊị"
    "ÒòỎỏÕõÓóỌọỒồỔổỖỗỐốỘộỜờỞởỠỡỚớỢợÙùỦủŨũÚúỤụỪừỬửỮữỨứỰựỲỳỶỷỸỹÝýỴỵ",
    "currencies": "₴€zł₫£$₺¥",
}


def page_texts(pdf):
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def text_of(invoice):
    return "\n".join(page_texts(render(invoice)))


def flat(text):
    return "".join(text.split())


class TestRender:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("form", ["NFC", "NFD"])
    def test_prints_the_names_of_europe_composed(self, name, form):
        written = unicodedata.normalize(form, name)

        printed = text_of(build.invoice(supplier=build.party(name=written)))

        assert unicodedata.normalize("NFC", name) in printed

    @pytest.mark.parametrize("alphabet", ALPHABETS)
    @pytest.mark.parametrize("form", ["NFC", "NFD"])
    def test_prints_every_letter_so_that_it_can_be_copied(self, alphabet, form):
        letters = ALPHABETS[alphabet]
        lines = [letters[start : start + 20] for start in range(0, len(letters), 20)]
        written = unicodedata.normalize(form, "\n".join(lines))

        printed = text_of(build.invoice(supplier=build.party(address=written)))

        assert [line for line in lines if line not in printed] == []

    def test_prints_what_identifies_the_document(self):
        printed = text_of(build.invoice())

        assert "Self-billed invoice" in printed
        for text in ("LZ-0007", "October 2026", "1 November 2026", "1 December 2026"):
            assert text in printed
        for text in ("PL5260001246", "IE6388047V", "ul. Długa 5/7", "Dublin D01 X2P3"):
            assert text in printed

    def test_prints_lines_and_totals(self):
        printed = text_of(build.invoice())

        for text in ("ATLAS", "Atlas data platform", "Regular", "160.00", "33.50", "5,360.00"):
            assert text in printed
        for text in ("Tax 23 %", "1,232.80", "EUR 6,592.80"):
            assert text in printed

    def test_prints_the_account_in_groups_of_four(self):
        assert "PL61 1090 1014 0000 0712 1981 2874" in text_of(build.invoice())

    def test_prints_no_account_where_there_is_none(self):
        assert "IBAN" not in text_of(build.invoice(supplier=build.party(iban=None)))

    def test_prints_a_tax_of_zero(self):
        printed = text_of(build.invoice(tax_rate=Decimal("0.000000"), tax=Decimal("0.00")))

        assert "Tax 0 %" in printed

    def test_names_what_a_credit_note_credits(self):
        printed = text_of(build.credit_note())

        assert "Self-billed credit note" in printed
        assert "Cancels invoice LZ-0007 dated 1 November 2026" in printed
        assert f"EUR {MINUS}6,592.80" in printed

    def test_describes_the_file(self):
        reader = PdfReader(BytesIO(render(build.invoice())))

        about = reader.xmp_metadata
        assert about.dc_title == {"x-default": "Self-billed invoice LZ-0007"}
        assert about.dc_creator == ["Northwind Research Ltd"]
        assert about.xmp_create_date == about.xmp_modify_date == ISSUED_AT
        assert [float(side) for side in reader.pages[0].mediabox[2:]] == pytest.approx(
            [595.28, 841.89], abs=0.01
        )

    def test_refuses_letters_it_would_drop_and_names_them_all(self):
        invoice = build.invoice(
            supplier=build.party(name="Anna 🎉"), lines=(build.line(project_name="項目 🎉"),)
        )

        with pytest.raises(UnprintableText) as raised:
            render(invoice)

        assert raised.value.letters == "🎉項目"
        assert "PARTY POPPER" in str(raised.value)
        assert isinstance(raised.value, BillingError)

    def test_refuses_to_leave_out_a_letter_that_only_drawing_misses(self):
        page = placed([Band(10, (Text(LEFT, "Anna 🎉", BODY),))], TOP)
        about = Description("", "", "en", build.INVOICE.issued_at)

        with pytest.raises(UnprintableText, match="PARTY POPPER"):
            drawn([page], about, b"<e-invoice/>")


class TestTexts:
    @pytest.mark.parametrize("locale", ["en", "en-US", "uk-UA", "de-AT", "pl-PL", "lt-LT"])
    @pytest.mark.parametrize("document", [build.invoice(), build.credit_note()])
    def test_have_no_two_full_stops_in_a_row(self, document, locale):
        pages = laid_out(document, language_of(locale))

        assert [text.content for text in all_texts(pages) if ".." in text.content] == []

    def test_are_all_in_one_language(self):
        printed = text_of(build.credit_note(locale="pl-PL"))

        assert "October 2026" in printed
        assert "Cancels invoice LZ-0007 dated 1 November 2026" in printed
        assert "Thu, 1 Oct 2026" in printed

    def test_say_in_ukrainian_what_a_credit_note_cancels(self):
        printed = text_of(build.credit_note(locale="uk-UA"))

        assert "Кредит-нота LZ-0008, складена покупцем" in printed
        assert "Анулює рахунок-фактуру LZ-0007 від 1 листопада 2026\u00a0р." in printed
        assert "Анульований рахунок-фактура" in printed


class TestBytes:
    def test_are_equal_for_equal_invoices_whatever_was_drawn_before(self):
        first = render(build.invoice())
        render(build.invoice(supplier=build.party(name="Їжак Nguyễn")))

        assert render(build.invoice()) == first

    @pytest.mark.parametrize(("zone", "seed"), [("Pacific/Kiritimati", "1"), ("UTC", "77")])
    @pytest.mark.parametrize("locale", ["en", "uk-UA"])
    def test_are_equal_in_another_process(self, zone, seed, locale):
        program = (
            "import hashlib, sys; from tests import builders_documents as build;"
            "from chalicelib.documents.invoice_pdf import render;"
            "invoice = build.invoice(locale=sys.argv[1]);"
            "print(hashlib.sha256(render(invoice)).hexdigest())"
        )
        environment = os.environ | {"TZ": zone, "PYTHONHASHSEED": seed}

        elsewhere = subprocess.run(
            [sys.executable, "-c", program, locale],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )

        here = hashlib.sha256(render(build.invoice(locale=locale))).hexdigest()
        assert elsewhere.stdout.strip() == here

    def test_are_few(self):
        assert len(render(build.invoice(locale="uk-UA"))) < 40 * 1024

    def test_differ_with_the_text(self):
        assert render(build.invoice()) != render(build.invoice(number="LZ-0009"))

    def test_are_refused_a_time_without_a_zone(self):
        with pytest.raises(ValueError, match="aware"):
            build.invoice(issued_at=build.INVOICE.issued_at.replace(tzinfo=None))


class TestPages:
    def test_repeat_the_headings_and_count_themselves(self):
        pages = page_texts(render(build.invoice(lines=build.lines(60), days=())))

        assert len(pages) == 3
        for number, page in enumerate(pages, start=1):
            assert page.count("Amount (EUR)") == 1
            assert f"Page {number} of 3" in page
            assert "Self-billed invoice LZ-0007" in page

    def test_hold_every_line_once_and_the_totals_last(self):
        pages = page_texts(render(build.invoice(lines=build.lines(60), days=())))

        assert [page.count("Subtotal") for page in pages] == [0, 0, 1]
        for number in range(1, 61):
            assert "\n".join(pages).count(f"P{number:03d}") == 1

    @pytest.mark.parametrize("count", range(1, 61))
    def test_never_leave_the_totals_without_a_line(self, count):
        *_, last = laid_out(build.invoice(lines=build.lines(count), days=()), ENGLISH)

        printed = [text.content for item in last for text in item.band.texts]
        assert "Total" in printed
        assert any(text.startswith("P0") for text in printed)

    def test_break_a_line_that_no_page_can_hold(self):
        name = "Very long " * 1000
        pages = laid_out(build.invoice(lines=(build.line(project_name=name),), days=()), ENGLISH)

        assert len(pages) > 2
        assert_inside_margins(pages)

    def test_show_a_project_once_and_its_code_on_every_line(self):
        overtime = build.line(kind="overtime")
        [page] = page_texts(render(build.invoice(lines=(build.line(), overtime), days=())))

        assert page.count("ATLAS") == 2
        assert page.count("Atlas data platform") == 1

    def test_align_decimal_points_of_rates(self):
        rates = ("33.5000", "1237.7350", "37.7355")
        lines = tuple(build.line(unit_rate=Decimal(rate)) for rate in rates)

        pages = laid_out(build.invoice(lines=lines), ENGLISH)

        written = {"33.50", "1,237.735", "37.7355"}
        rates = [text for text in all_texts(pages) if text.content in written]
        points = [text.x + BODY.width(text.content.partition(".")[0]) for text in rates]
        assert len(points) == 3
        assert points == pytest.approx([points[0]] * 3)


letters = st.sampled_from(sorted(map(chr, coverage.printable())))
words = st.text(letters | st.sampled_from(" -/\n"), max_size=150)
amounts = st.decimals("-999999999999.99", "999999999999.99", places=2)
parties = st.builds(
    build.party, name=words, address=words, tax_id=words, email=words, iban=st.none() | words
)
printed_lines = st.builds(
    build.line,
    project_code=words,
    project_name=words,
    kind=st.sampled_from(["regular", "overtime"]),
    hours=st.decimals("-9999999.99", "9999999.99", places=2),
    unit_rate=st.decimals("0", "99999999.9999", places=4),
    amount=amounts,
)
printed_days = st.builds(
    PrintedDay,
    work_date=st.dates(date(2026, 9, 1), date(2026, 10, 31)),
    position=st.just(1),
    hours=st.decimals("-9999999.99", "9999999.99", places=2),
)
LOCALES = ["en", "uk-UA", "pl-PL", "fr-FR", "pt-PT", "lt-LT", "vi-VN", "el-GR", "tr-TR", "hi-IN"]
invoices = st.builds(
    build.invoice,
    number=st.from_regex(r"[A-Z0-9-]{1,20}-[0-9]{4,6}", fullmatch=True),
    supplier=parties,
    buyer=parties,
    lines=st.lists(printed_lines, min_size=1, max_size=8).map(tuple),
    days=st.lists(printed_days, max_size=100).map(tuple),
    total=amounts,
    tax_category=st.sampled_from(["S", "Z", "E", "AE", "O"]),
    locale=st.sampled_from(LOCALES),
)


class TestLayout:
    @settings(max_examples=60, deadline=None)
    @given(invoices)
    @example(build.invoice(total=Decimal("-999999999999.99"), locale="uk-UA"))
    def test_keeps_any_text_inside_the_margins_and_apart(self, invoice):
        pages = laid_out(with_composed_texts(invoice), language_of(invoice.locale))

        assert_inside_margins(pages)
        assert_apart(pages)

    @settings(max_examples=100, deadline=None)
    @given(words, st.floats(10, 100))
    def test_wraps_without_losing_a_letter(self, text, width):
        lines = wrapped(coverage.composed(text), BODY, width)

        assert flat("".join(lines)) == flat(coverage.composed(text))
        assert all(BODY.width(line) <= width + 0.001 or len(line) == 1 for line in lines)


def all_texts(pages):
    return [text for page in pages for item in page for text in item.band.texts]


def assert_inside_margins(pages):
    for page in pages:
        *body, rule, _ = page
        assert rule.top > BOTTOM
        assert all(item.top >= TOP for item in body)
        assert all(item.top + item.band.height <= BOTTOM + 0.001 for item in body)
        for text in all_texts([page]):
            assert text.x >= LEFT - 0.001
            assert text.end <= RIGHT + 0.001


def assert_apart(pages):
    for page in pages:
        for item in page:
            in_order = sorted(item.band.texts, key=lambda text: text.x)
            assert all(one.end < other.x for one, other in pairwise(in_order))


class TestCoverage:
    @pytest.mark.parametrize("text", [*NAMES, "€ ₴ zł ₫ £ $ ₺ № ½ „x” — … ʼ", "two\r\nlines\t."])
    def test_finds_nothing_wrong_with_european_text(self, text):
        assert coverage.unprintable(text) == ""
        assert coverage.unprintable(unicodedata.normalize("NFD", text)) == ""

    @pytest.mark.parametrize(
        ("text", "letters"),
        [
            ("a🎉b项🎉", "🎉项"),
            ("Ọ\u0300ṣun", "\u0300"),  # no composed form: the mark would print beside its letter
            ("zero\u200bwidth", "\u200b"),
            ("half \ud800", "\ud800"),
            ("bell\a", "\a"),
            ("lia\u202egpj", "\u202e"),
            ("\u2066An\xadna\u2069\x1b\x9b", "\u2066\xad\u2069\x1b\x9b"),
        ],
    )
    def test_names_each_letter_once_in_order(self, text, letters):
        assert coverage.unprintable(text) == letters

    def test_describes_invisible_letters_by_code(self):
        error = UnprintableText("\u200b\ud800")

        assert "U+200B ZERO WIDTH SPACE" in str(error)
        assert str(error).encode("ascii")

    def test_needs_no_pdf_library(self):
        program = (
            "import sys; from chalicelib.documents.pdf.coverage import unprintable;"
            "unprintable('x'); print('fpdf' in sys.modules)"
        )

        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
        )

        assert done.stdout.strip() == "False"


class TestAccounts:
    def test_are_grouped_however_they_were_typed(self):
        assert accounts.grouped("GB29 NWBK60161331 926819") == "GB29 NWBK 6016 1331 9268 19"

    @pytest.mark.parametrize(
        "iban", ["PL61109010140000071219812874", "MT84MALT011000012345MTLCAST001S"]
    )
    def test_are_known_by_their_check_digits(self, iban):
        assert accounts.is_iban(iban)
        assert not accounts.is_iban(iban[:4] + "9" + iban[5:])

    @pytest.mark.parametrize(
        "text", ["", "61109010140000071219812874", "PL6110901014 000007121981"]
    )
    def test_are_not_anything_else(self, text):
        assert not accounts.is_iban(text)
