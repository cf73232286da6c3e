"""Each day an invoice bills is on it, on pages of their own."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from chalicelib.documents.annex import annex
from chalicelib.documents.pdf.grid import BOTTOM, LEFT, RIGHT, SECOND, TOP
from chalicelib.documents.printed import PrintedDay
from chalicelib.language import language_of
from tests import builders_documents as build

ENGLISH = language_of("en")
ROOM = BOTTOM - TOP


def pages(invoice):
    return [[text for band in page for text in band.texts] for page in laid_out(invoice)]


def laid_out(invoice):
    return annex(invoice, language_of(invoice.locale), ROOM)


def contents(invoice):
    return [[text.content for text in page] for page in pages(invoice)]


def days(count, position=1):
    return tuple(
        PrintedDay(date(2026, 10, 1 + number % 31), position, Decimal("0.25"))
        for number in range(count)
    )


class TestAnnex:
    def test_is_not_there_without_days(self):
        assert laid_out(build.invoice(days=())) == []

    def test_lists_date_project_work_and_hours(self):
        line = build.line(kind="overtime")
        day = PrintedDay(date(2026, 10, 3), 2, Decimal("1.50"))

        [page] = contents(build.invoice(lines=(build.line(), line), days=(day,)))

        assert page[:6] == ["Workdays", "October 2026", "Date", "Project", "Work", "Hours"]
        row = ["ATLAS", "Atlas data platform", "Sat, 3 Oct 2026", "Overtime", "1.50"]
        assert page[6:] == [*row, "1 day", "1.50"]

    def test_counts_days_and_sums_up_hours(self):
        twice = (*build.INVOICE.days, replace(build.INVOICE.days[-1], hours=Decimal("1.25")))

        *_, counted, hours = contents(build.invoice(days=twice))[-1]
        assert (counted, hours) == ("20 days", "161.25")

    def test_of_a_credit_note_takes_the_hours_back(self):
        [page] = contents(build.credit_note())

        assert page.count("\N{MINUS SIGN}8.00") == 20
        assert page[-1] == "\N{MINUS SIGN}160.00"

    @pytest.mark.parametrize("count", [1, 31, 40, 41, 60, 80, 81, 200])
    def test_holds_every_day_once_in_pages_that_fit(self, count):
        invoice = build.invoice(days=days(count))

        assert sum(page.count("0.25") for page in contents(invoice)) - (count == 1) == count
        for page in laid_out(invoice):
            assert sum(band.height for band in page) <= ROOM + 0.001

    def test_repeats_its_heading_on_every_page(self):
        listed = contents(build.invoice(days=days(200)))

        assert len(listed) > 1
        assert all(page[0] == "Workdays" and "Date" in page for page in listed)

    def test_is_set_in_two_columns_where_one_page_cannot_hold_it(self):
        [single] = pages(build.invoice(days=days(31)))
        [double] = pages(build.invoice(days=days(60)))

        assert {text.x for text in single if text.content == "Date"} == {LEFT}
        assert len({text.x for text in double if text.content == "Date"}) == 2
        assert all(text.end <= RIGHT + 0.001 for text in double)

    def test_is_read_down_the_left_column_first(self):
        [page] = pages(build.invoice(days=tuple(sorted(days(60), key=lambda day: day.work_date))))

        left = [text.content for text in page if text.content.endswith("2026") and text.x < SECOND]
        assert left[1] == "Thu, 1 Oct 2026"
        assert "Sat, 31 Oct 2026" not in left

    @pytest.mark.parametrize("locale", ["en", "uk-UA", "pt-PT"])
    def test_breaks_no_row_of_two_columns(self, locale):
        line = build.line(project_code="A-VERY-LONG-PROJECT-CODE", project_name="Long " * 30)
        invoice = build.invoice(lines=(line,), days=days(60), locale=locale)

        for page in pages(invoice):
            assert all(text.end <= RIGHT + 0.001 for text in page)
            assert not any(text.content.startswith("Long") for text in page)
