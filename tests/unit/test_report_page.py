"""The report's page: whole, safe and complete, whatever the ledger holds."""

import doctest
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import get_args

import pytest

from chalicelib.billing.control import ControlTotals, Count
from chalicelib.billing.holding import REASONS
from chalicelib.billing.period import Period
from chalicelib.billing.schemas import RULES
from chalicelib.billing.statuses import DeliveryStatus, RunStatus
from chalicelib.store.failures import Step
from chalicelib.store.reporting import (
    AllRejected,
    CurrencyTotal,
    DepartmentTotal,
    Held,
    MonthTotal,
    PeriodReport,
    ProjectTotal,
    Reject,
    RunReport,
    Unbilled,
    Undelivered,
)
from chalicelib.store.silent import Silent
from jobs import wording
from jobs.report import words as report_words
from jobs.report.page import PageNotWritten, page, write_page

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
VOID = {"meta", "link", "br", "hr", "img", "input"}
SVG_VOID = {"rect", "line"}


def count(rows, hours="0.00"):
    return Count(rows, Decimal(hours))


def control(billed=8, rejected=1, held=1):
    extracted = billed + rejected + held
    return ControlTotals(count(extracted), count(billed), count(rejected), count(held))


def a_run(number=1, status="issued", failure=None, corrects=None):
    totals = None if status in {"failed", "running"} else control()
    finished = None if status == "running" else NOW + timedelta(seconds=1)
    return RunReport(number, status, NOW, finished, failure, totals, corrects)


def a_report(**parts):
    """A balanced month of one run, but for what is given."""
    return PeriodReport(
        **{"period": OCTOBER, "run": a_run(), "last_attempt": a_run(), "as_of": NOW} | parts
    )


def in_euros(subtotal, tax="0.00", documents=1):
    total = Decimal(subtotal) + Decimal(tax)
    return CurrencyTotal("EUR", documents, 0, Decimal(8), Decimal(subtotal), Decimal(tax), total)


def a_department(subtotal, code="ENG", name="Engineering"):
    amount = Decimal(subtotal)
    return DepartmentTotal("EUR", code, name, 1, Decimal(8), amount, Decimal(0), amount)


def a_month(period, total, documents=1):
    amount = Decimal(total)
    return MonthTotal(period, "EUR", documents, amount, Decimal(0), amount)


def a_reject(name="Åsa Lindqvist", **fields):
    row = {
        "employee": "LINDQVIST",
        "name": name,
        "work_date": date(2026, 10, 20),
        "project": "CEDAR",
        "kind": "regular",
        "hours": Decimal("80.00"),
        "rule": "hours",
        "value": "80.00",
    }
    return Reject(**row | fields)


def stranded(name="Anna Nowak", status="failed", error="no address on record"):
    return Undelivered("ANNA-0001", "ANNA", name, None, status, error)


class Page(HTMLParser):
    """What is on a page; fails where its elements are not properly nested."""

    def __init__(self, content):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in SVG_VOID
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open and data.strip():
            self.texts.append(" ".join(data.split()))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(self.texts)


def everything(name="Anna Nowak"):
    """A month with all that a report can hold, in which everything is called *name*."""
    september = OCTOBER.preceding
    failed = a_run(3, "failed", f"the queue of {name} does not answer")
    return a_report(
        last_attempt=failed,
        billed=count(9, "70.00"),
        money=[in_euros("1000.00", "200.00")],
        documents=1,
        deliveries={"queued": 1, "sent": 5, "failed": 2},
        rejects=[a_reject(name, project=name, kind=name, value=name)],
        helds=[Held("BAECKER", name, "no_rate", f"none of {name}")],
        undelivered=[stranded(name, error=f"{name} is nobody"), stranded(status="queued")],
        unbilled_earlier=[Unbilled(september, 1, Decimal("5.50"))],
        departments=[a_department("1000.00", name, name)],
        projects=[ProjectTotal("EUR", name, name, Decimal(8), Decimal("1000.00"))],
        all_rejected=[AllRejected("LINDQVIST", name, 1, Decimal("80.00"))],
        silent=[Silent("SILENT", name, date(2026, 9, 30)), Silent("NEW", name, None)],
        months=[a_month(september, "0.00", 0), a_month(OCTOBER, "1200.00")],
        history=[a_run(1), a_run(2, corrects="ANNA-0001"), failed],
    )


class TestThePage:
    @pytest.mark.parametrize(
        "report",
        [
            everything(),
            a_report(),
            PeriodReport(OCTOBER, None, None),
            a_report(run=None, last_attempt=a_run(1, "failed", "unbalanced")),
            a_report(last_attempt=a_run(2, "running")),
        ],
        ids=["everything", "nothing", "never billed", "failed", "running"],
    )
    def test_is_well_formed_and_needs_nothing_else(self, report):
        content = page(report)

        parsed = Page(content)
        assert content.startswith("<!doctype html>")
        assert parsed.all("html") == [{"lang": "en"}]
        assert len(parsed.all("h1")) == 1
        for outside in ("http://", "https://", "src=", "url(", "@import", "<script", "<link"):
            assert outside not in content
        identifiers = [found["id"] for _, found in parsed.elements if "id" in found]
        assert len(identifiers) == len(set(identifiers))
        assert {link["href"] for link in parsed.all("a")} <= {f"#{name}" for name in identifiers}

    def test_shows_markup_in_names_as_it_is_written(self):
        content = page(everything('<script>alert("x")</script>'))

        assert "<script" not in content
        assert 'alert("x")' not in content
        assert '<script>alert("x")</script>' in Page(content).text

    def test_gives_every_chart_a_title_and_its_figures(self):
        content = page(everything())

        parsed = Page(content)
        charts = parsed.all("svg")
        assert len(charts) == 5
        assert all(chart["role"] == "img" for chart in charts)
        assert content.count("<desc>") == len(charts)
        assert "August" not in parsed.text
        assert "September 2026 0.00, October 2026 1,200.00" in parsed.text

    def test_heads_every_row_and_column_of_its_tables(self):
        parsed = Page(page(everything()))

        headings = parsed.all("th")
        assert {heading["scope"] for heading in headings} == {"row", "col"}
        rows = len(parsed.all("tr"))
        assert sum(heading["scope"] == "row" for heading in headings) == rows - len(
            parsed.all("thead")
        )

    def test_is_the_same_for_the_same_report(self):
        assert page(everything()) == page(everything())


class TestTheVerdict:
    @pytest.mark.parametrize(
        ("report", "headline", "sentence"),
        [
            (a_report(), "Balanced", "Run 1 extracted 10 workdays"),
            (
                PeriodReport(OCTOBER, None, None),
                "Not billed yet",
                "October 2026 has not been billed",
            ),
            (
                a_report(run=None, last_attempt=a_run(1, "failed", "it broke.")),
                "Run failed",
                "Run 1 failed: it broke.",
            ),
            (
                a_report(last_attempt=a_run(2, "failed", "it broke")),
                "Run failed",
                "Run 2 failed: it broke. The figures below are those of run 1.",
            ),
            (a_report(last_attempt=a_run(2, "running")), "Still running", "Run 2 is still running"),
        ],
    )
    def test_says_in_words_whether_the_month_is_balanced(self, report, headline, sentence):
        texts = Page(page(report)).texts

        assert headline in texts
        assert sentence in " ".join(texts)

    def test_says_when_nothing_is_left_to_do(self):
        assert "No action needed." in Page(page(a_report())).text
        assert "No action needed." not in Page(page(everything())).text

    def test_counts_what_needs_a_person(self):
        texts = Page(page(everything())).texts

        assert "Action needed" in texts
        for phrase in (
            "1 rejected workday",
            "1 held contractor",
            "1 document not received",
            "1 document on the way",
            "1 unbilled workday from earlier months",
            "2 contractors without workdays",
        ):
            assert phrase in texts


class TestWhatItLists:
    def test_names_every_reject_and_what_broke(self):
        rejects = [
            a_reject(f"Person {place}", rule="day_over_24", value="24.50") for place in range(30)
        ]

        texts = Page(page(a_report(rejects=rejects))).texts

        assert {f"Person {place}" for place in range(30)} <= set(texts)
        assert texts.count("24.50 h that day") == 30
        assert "the hours of that day add up to more than 24" in texts

    def test_names_every_held_contractor_with_the_reason(self):
        helds = [Held(f"H{n}", f"Held {n}", "no_rate", f"none holds on day {n}") for n in range(30)]

        texts = Page(page(a_report(helds=helds))).texts

        for place in range(30):
            assert {f"Held {place}", f"none holds on day {place}"} <= set(texts)
        assert "no rate for one of the days worked" in texts

    def test_says_why_a_document_was_not_received(self):
        text = Page(page(a_report(undelivered=[stranded(error="no address on record")]))).text

        assert "ANNA-0001 Anna Nowak ANNA none failed" in text
        assert "no address on record" in text

    def test_marks_a_correction_with_the_number_it_corrects(self):
        texts = Page(page(a_report(history=[a_run(1), a_run(2, corrects="HUDZ-0001")]))).texts

        assert texts.index("correction of HUDZ-0001") < texts.index("monthly run")

    def test_separates_thousands(self):
        assert "1,234,567.80" in Page(page(a_report(money=[in_euros("1234567.80")]))).texts


class TestTheBars:
    def widths(self, report):
        bars = [part for part in Page(page(report)).all("rect") if "x" in part]
        return [(Decimal(bar["x"]), Decimal(bar["width"]), bar["class"]) for bar in bars]

    def of(self, *subtotals):
        parts = [a_department(amount, f"D{place}") for place, amount in enumerate(subtotals)]
        whole = sum(map(Decimal, subtotals))
        return a_report(run=None, money=[in_euros(whole)], departments=parts)

    def test_are_as_long_as_their_share(self):
        assert self.widths(self.of("750.00", "250.00")) == [
            (0, 75, "billed"),
            (0, 25, "billed"),
        ]

    def test_of_amounts_below_zero_go_left_from_it(self):
        """A month may hold credit notes alone for one department."""
        assert self.widths(self.of("300.00", "-100.00")) == [
            (25, 75, "billed"),
            (0, 25, "rejected"),
        ]

    @pytest.mark.parametrize("amounts", [["0.00"], ["-5.00"], ["5.00", "-5.00"]])
    def test_never_leave_their_track(self, amounts):
        for start, width, _ in self.widths(self.of(*amounts)):
            assert 0 <= start <= start + width <= 100

    def test_show_a_single_reject_among_many(self):
        totals = control(billed=49_999, rejected=1, held=0)
        run = RunReport(1, "issued", NOW, NOW, None, totals)

        [billed, rejected] = self.widths(a_report(run=run, last_attempt=run))

        assert rejected[1] > Decimal("0.5")
        assert billed[1] + rejected[1] == 100
        assert "under 0.1%" in Page(page(a_report(run=run, last_attempt=run))).texts


class TestWritingIt:
    def test_keeps_every_letter(self, tmp_path):
        file = tmp_path / "report.html"

        write_page(a_report(rejects=[a_reject("Zoë Ґудзь 🌻")]), file)

        assert "Zoë Ґудзь 🌻" in file.read_text(encoding="utf-8")

    def test_to_nowhere_is_refused_in_a_sentence(self, tmp_path):
        with pytest.raises(PageNotWritten, match="cannot be written"):
            write_page(a_report(), tmp_path / "missing" / "report.html")


class TestWords:
    def test_are_as_their_examples_say(self):
        assert doctest.testmod(report_words).failed == 0
        assert doctest.testmod(wording).failed == 0

    def test_explain_every_code_of_the_ledger(self):
        assert set(wording.RULES) == set(RULES)
        assert set(wording.REASONS) == set(REASONS)
        assert set(wording.DELIVERIES) == set(get_args(DeliveryStatus))
        assert set(wording.RUNS) == set(get_args(RunStatus))
        assert set(wording.STEPS) == set(get_args(Step))
