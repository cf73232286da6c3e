from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.billing import issued as frames
from chalicelib.billing import schemas
from chalicelib.billing.issued import Finding
from chalicelib.billing.schemas import dtypes
from chalicelib.billing.verification import differences, verify
from tests import builders
from tests.builders_issued import (
    EVERY,
    FIRST_DAY,
    FIRST_LINE,
    a_run,
    chains_of,
    credit_of,
    in_series,
    issued,
    ledger,
    nothing,
    numbers_of,
    sentences,
    spoilt,
    together,
    two_lines,
    without,
)

CENT = Decimal("0.01")


class TestVerify:
    def test_finds_nothing_in_a_right_ledger(self):
        assert sentences(ledger(two_lines())) == []

    def test_finds_nothing_in_an_empty_ledger(self):
        assert sentences(ledger(nothing(two_lines()))) == []

    @pytest.mark.parametrize(
        ("column", "value", "sentence"),
        [
            ("hours", "15.49", "hours of line 1 should be 15.50, found 15.49."),
            ("unit_rate", "50.0001", "unit rate of line 1 should be 50.0000, found 50.0001."),
            ("amount", "775.01", "amount of line 1 should be 775.00, found 775.01."),
        ],
    )
    def test_names_what_is_wrong_with_a_line(self, column, value, sentence):
        wrong = spoilt(two_lines(), "lines", FIRST_LINE, **{column: Decimal(value)})

        assert sentences(ledger(wrong)) == [f"ANNA-0001: {sentence}"]

    def test_names_a_line_of_another_kind(self):
        wrong = spoilt(two_lines(), "lines", FIRST_LINE, kind="overtime")

        assert sentences(ledger(wrong)) == [
            "ANNA-0001: kind of line 1 should be regular, found overtime."
        ]

    @pytest.mark.parametrize(
        ("column", "value", "sentence"),
        [
            ("subtotal", "850.01", "subtotal should be 850.00, found 850.01."),
            ("tax", "169.99", "tax should be 170.00, found 169.99."),
            ("total", "1020.01", "total should be 1020.00, found 1020.01."),
        ],
    )
    def test_names_what_is_wrong_with_the_totals(self, column, value, sentence):
        wrong = spoilt(two_lines(), "documents", EVERY, **{column: Decimal(value)})

        assert sentences(ledger(wrong)) == [f"ANNA-0001: {sentence}"]

    def test_names_a_rounding_policy_it_does_not_know(self):
        wrong = spoilt(two_lines(), "documents", EVERY, rounding_policy="half-even/line/9")

        assert sentences(ledger(wrong)) == [
            "ANNA-0001: rounding policy should be half-away/line/1, found half-even/line/9."
        ]

    def test_takes_the_hours_of_the_workdays_for_right(self):
        wrong = spoilt(two_lines(), "lineage", FIRST_DAY, hours=Decimal("7.00"))

        assert sentences(ledger(wrong)) == [
            "ANNA-0001: hours of line 1 should be 14.50, found 15.50.",
            "ANNA-0001: amount of line 1 should be 725.00, found 775.00.",
            "ANNA-0001: subtotal should be 800.00, found 850.00.",
            "ANNA-0001: tax should be 160.00, found 170.00.",
            "ANNA-0001: total should be 960.00, found 1020.00.",
        ]

    def test_rounds_the_sum_of_a_line_once_halves_away_from_zero(self):
        """3 x 0.10 h at 0.05 are 0.015, so 0.02; by day they would be 0.03."""
        days = [{"work_date": date(2026, 10, day), "hours": Decimal("0.10")} for day in (1, 2, 3)]
        rate = builders.frame(schemas.Rate, {"hourly_rate": Decimal("0.05")})
        right = issued(builders.extract(workdays=builders.workdays(*days), rates=rate))

        assert right.documents["total"].to_list() == [Decimal("0.02")]
        assert sentences(ledger(right)) == []
        assert sentences(ledger(together(right, credit_of(right)), right)) == []

    @pytest.mark.parametrize(
        ("column", "value", "sentence"),
        [
            (
                "unit_rate",
                Decimal(51),
                "unit rate of line 1 should be 50.0000 and 51.0000, found 50.0000.",
            ),
            ("kind", "overtime", "kind of line 1 should be overtime and regular, found regular."),
            ("employee", "BRUNO", "employee of line 1 should be ANNA and BRUNO, found ANNA."),
            ("project", "P2", "line 1 should be of one project, found P1 and P2."),
        ],
    )
    def test_names_a_line_whose_workdays_differ(self, column, value, sentence):
        wrong = spoilt(two_lines(), "lineage", FIRST_DAY, **{column: value})

        assert f"ANNA-0001: {sentence}" in sentences(ledger(wrong))

    def test_names_lines_that_should_be_one(self):
        """Rounded apart, they may be a cent off."""
        wrong = spoilt(two_lines(), "lineage", FIRST_DAY, position=2)

        assert (
            "ANNA-0001: P1, regular at 50.0000 should be one line, found lines 1 and 2."
            in sentences(ledger(wrong))
        )

    def test_names_a_line_without_workdays(self):
        wrong = without(two_lines(), "lineage", FIRST_LINE)

        assert sentences(ledger(wrong))[:1] == [
            "ANNA-0001: line 1 should not be there, found ANNA, regular, 50.0000, 15.50, 775.00."
        ]

    def test_names_workdays_without_a_line(self):
        wrong = without(two_lines(), "lines", FIRST_LINE)

        assert sentences(ledger(wrong)) == [
            "ANNA-0001: line 1 should be ANNA, regular, 50.0000, 15.50, 775.00, found none."
        ]

    def test_owes_nothing_on_a_document_without_workdays(self):
        wrong = replace(two_lines(), lineage=two_lines().lineage.clear())

        assert "ANNA-0001: total should be 0.00, found 1020.00." in sentences(ledger(wrong))

    def test_names_every_wrong_document_by_number(self):
        both = issued(
            builders.extract(
                workdays=builders.workdays({"employee_id": 2}, {"employee_id": 1}),
                employees=builders.frame(
                    schemas.Employee, {"code": "B"}, {"employee_id": 2, "code": "A"}
                ),
                rates=builders.frame(schemas.Rate, {}, {"employee_id": 2}),
            )
        )
        wrong = spoilt(both, "documents", EVERY, total=Decimal("1.00"))

        assert sentences(ledger(wrong)) == [
            "A-0001: total should be 400.00, found 1.00.",
            "B-0001: total should be 400.00, found 1.00.",
        ]


class TestCredits:
    def ledger(self, credit):
        invoice = two_lines()
        return ledger(together(invoice, credit), invoice)

    def test_are_their_invoices_negated(self):
        assert sentences(self.ledger(credit_of(two_lines()))) == []

    def test_may_be_of_another_month(self):
        invoice = two_lines()
        credit = credit_of(invoice)
        right = ledger(
            credit,
            invoice,
            chains=chains_of(invoice, credit),
            numbers=numbers_of(together(invoice, credit)),
        )

        assert sentences(right) == []

    @pytest.mark.parametrize(
        ("column", "value", "found"),
        [
            ("subtotal", Decimal("-850.01"), "should be -850.00, found -850.01"),
            ("tax", Decimal("-170.01"), "should be -170.00, found -170.01"),
            ("total", Decimal("1020.00"), "should be -1020.00, found 1020.00"),
            ("tax_rate", Decimal("0.21"), "should be 0.200000, found 0.210000"),
            ("currency", "USD", "should be EUR, found USD"),
            ("employee", "BRUNO", "should be ANNA, found BRUNO"),
            ("series", "BRUNO", "should be ANNA, found BRUNO"),
        ],
    )
    def test_state_what_their_invoice_does(self, column, value, found):
        wrong = spoilt(credit_of(two_lines()), "documents", EVERY, **{column: value})
        name = column.replace("_", " ")

        assert f"ANNA-0002: {name} against the credited invoice {found}." in sentences(
            self.ledger(wrong)
        )

    @pytest.mark.parametrize(
        ("column", "value", "found"),
        [
            ("hours", Decimal("-15.00"), "should be -15.50, found -15.00"),
            ("amount", Decimal("775.00"), "should be -775.00, found 775.00"),
            ("project_name", "Another", "should be Project 1, found Another"),
        ],
    )
    def test_have_the_lines_of_their_invoice(self, column, value, found):
        wrong = spoilt(credit_of(two_lines()), "lines", FIRST_LINE, **{column: value})
        name = column.replace("_", " ")

        assert f"ANNA-0002: {name} of line 1 against the credited invoice {found}." in sentences(
            self.ledger(wrong)
        )

    @pytest.mark.parametrize(
        ("column", "value", "found"),
        [
            ("hours", Decimal("-7.99"), "should be -8.00, found -7.99"),
            ("turn", 4, "should be 2, found 4"),
            ("workday_id", 99, "should be 1, found 99"),
        ],
    )
    def test_free_the_workdays_of_their_invoice(self, column, value, found):
        wrong = spoilt(credit_of(two_lines()), "lineage", FIRST_DAY, **{column: value})
        where = "workday 2026-10-01 P1 regular against the credited invoice"

        assert f"ANNA-0002: {column.replace('_', ' ')} of {where} {found}." in sentences(
            self.ledger(wrong)
        )

    def test_free_every_workday_of_their_invoice(self):
        wrong = without(credit_of(two_lines()), "lineage", FIRST_DAY)

        sentence, *_ = (found for found in sentences(self.ledger(wrong)) if "2026-10-01" in found)
        assert sentence.startswith("ANNA-0002: workday 2026-10-01 P1 regular against")
        assert sentence.endswith("found none.")

    @pytest.mark.parametrize(
        ("credited", "expected"), [("ANNA-0009", "ANNA-0009"), (None, "an invoice")]
    )
    def test_name_an_invoice(self, credited, expected):
        wrong = spoilt(credit_of(two_lines()), "documents", EVERY, credits_number=credited)

        assert f"ANNA-0002: credited invoice should be {expected}, found none." in sentences(
            self.ledger(wrong)
        )

    def test_are_not_of_credit_notes(self):
        invoice, credit = two_lines(), credit_of(two_lines())
        again = credit_of(credit, sequence=3)

        assert "ANNA-0003: credited invoice should be ANNA-0002, found none." in sentences(
            ledger(together(invoice, credit, again), together(invoice, credit))
        )


class TestNumbers:
    def found(self, *rows, last=None):
        """Of the series ANNA; sequences, or numbers as they are written with them."""
        written = [
            (row, int(row.rpartition("-")[2])) if isinstance(row, str) else (f"ANNA-{row:04d}", row)
            for row in rows
        ]
        numbers = in_series(*written)
        highest = max(sequence for _, sequence in written) if last is None else last
        series = pl.DataFrame([("ANNA", highest)], dtypes(frames.Series), orient="row")
        empty = ledger(nothing(two_lines()))
        return sentences(replace(empty, numbers=numbers, series=series))

    def test_count_from_one(self):
        assert self.found(1, 2, 3) == []
        assert self.found(3, 1, 2) == []

    def test_go_on_after_four_digits(self):
        assert self.found(*range(1, 10_002)) == []

    def test_that_are_missing_are_named(self):
        assert self.found(1, 2, 5, 7) == [
            "ANNA-0003: number should be in use (2 missing before ANNA-0005), found none.",
            "ANNA-0006: number should be in use (1 missing before ANNA-0007), found none.",
        ]

    def test_that_are_missing_at_the_start_are_named(self):
        assert self.found(2) == [
            "ANNA-0001: number should be in use (1 missing before ANNA-0002), found none."
        ]

    def test_that_are_missing_at_the_end_are_known_from_the_series(self):
        assert self.found(1, 2, last=3) == ["ANNA: last number should be 3, found 2."]

    def test_that_are_all_missing_are_known_from_the_series(self):
        right = ledger(two_lines())

        assert "ANNA: document should be 1, found none." in sentences(
            replace(right, numbers=right.numbers.clear())
        )

    def test_are_given_once(self):
        assert self.found(1, 2, 2, 3) == [
            "ANNA-0002: place in its series should be ANNA-0003, found ANNA-0002."
        ]

    def test_are_written_as_they_count(self):
        assert self.found("ANNA-1", "ANNA-00002") == [
            "ANNA-00002: number should be ANNA-0002, found ANNA-00002.",
            "ANNA-1: number should be ANNA-0001, found ANNA-1.",
        ]


class TestRuns:
    def test_bill_what_they_counted(self):
        """An invoice taken out of the ledger with all that is its own is missed by its run."""
        right = ledger(two_lines())
        short = without(two_lines(), "lineage", FIRST_DAY)

        found = sentences(replace(ledger(short), runs=right.runs))

        assert "run 7: billed rows should be 3, found 2." in found
        assert "run 7: billed hours should be 16.50, found 8.50." in found

    def test_that_billed_are_not_without_invoices(self):
        right = ledger(two_lines())
        empty = ledger(nothing(two_lines()), runs=right.runs)

        assert sentences(empty) == ["run 7: document should be 3, 16.50, found none."]

    def test_that_billed_nothing_need_no_invoices(self):
        assert sentences(ledger(nothing(two_lines()), runs=a_run(status="empty"))) == []


class TestDifferences:
    COLUMNS = {"number": pl.String, "row": pl.String, "x": pl.Int64, "y": pl.Int64}  # noqa: RUF012

    def compare(self, expected, found):
        frames = (pl.DataFrame(rows, self.COLUMNS, orient="row") for rows in (expected, found))
        return [str(Finding(**row)) for row in differences(*frames, " in there").to_dicts()]

    def test_come_by_row_and_then_by_value(self):
        expected = [("N", "b", 1, 1), ("N", "a", 1, 1)]
        found = [("N", "a", 2, 2), ("N", "b", 2, 2)]

        assert self.compare(expected, found) == [
            f"N: {what} in there should be 1, found 2."
            for what in ("x of b", "y of b", "x of a", "y of a")
        ]

    def test_tell_nothing_from_something(self):
        assert self.compare([("N", "", None, 1)], [("N", "", 1, None)]) == [
            "N: x in there should not be there, found 1.",
            "N: y in there should be 1, found none.",
        ]

    def test_take_nothing_for_nothing(self):
        assert self.compare([("N", "", None, 1)], [("N", "", None, 1)]) == []

    def test_name_rows_that_only_one_side_has(self):
        assert self.compare([("N", "", 1, 2)], [("M", "a", 3, 4)]) == [
            "N: document in there should be 1, 2, found none.",
            "M: a in there should not be there, found 3, 4.",
        ]


def months():
    """A month of one to three employees with any rates, taxes and hours."""
    day = st.builds(
        dict,
        employee_id=st.integers(1, 3),
        work_date=st.integers(0, 30).map(lambda days: date(2026, 10, 1) + timedelta(days)),
        project_id=st.integers(1, 3),
        kind=st.sampled_from(schemas.KINDS),
        hours=st.decimals("0.01", "6.00", places=2),
    )
    key = ("employee_id", "work_date", "project_id", "kind")
    days = st.lists(day, min_size=1, max_size=20, unique_by=lambda row: tuple(row[k] for k in key))
    rate = st.decimals("0", "999.9999", places=4)
    tax = st.decimals("0", "1", places=6)
    return st.builds(month, days, st.lists(st.tuples(rate, rate, tax), min_size=3, max_size=3))


def month(days, terms):
    employees = enumerate(terms, start=1)
    rates, people = [], []
    for employee, (rate, raised, tax) in employees:
        rates.append({"employee_id": employee, "hourly_rate": rate})
        raise_on = {"valid_from": date(2026, 10, 16), "hourly_rate": raised}
        rates.append({"employee_id": employee, **raise_on})
        people.append({"employee_id": employee, "code": f"E{employee}", "tax_rate": tax})
    projects = [{"project_id": n, "project_code": f"P{n}"} for n in (1, 2, 3)]
    return builders.extract(
        workdays=builders.workdays(*days),
        employees=builders.frame(schemas.Employee, *people),
        projects=builders.frame(schemas.Project, *projects),
        rates=builders.frame(schemas.Rate, *rates),
    )


class TestWhateverInvoicingDrafts:
    @settings(max_examples=25, deadline=None)
    @given(months())
    def test_verifies_with_its_credit_notes(self, extract):
        documents = issued(extract)

        assert sentences(ledger(together(documents, credit_of(documents)), documents)) == []

    @settings(max_examples=25, deadline=None)
    @given(months(), st.data())
    def test_does_not_verify_with_a_cent_more_or_less(self, extract, data):
        documents = issued(extract)
        part, column = data.draw(
            st.sampled_from(
                [("documents", name) for name in ("subtotal", "tax", "total")]
                + [("lines", name) for name in ("hours", "amount")]
                + [("lineage", "hours")]
            )
        )
        frame = getattr(documents, part)
        place = data.draw(st.integers(0, frame.height - 1))
        change = data.draw(st.sampled_from([CENT, -CENT]))
        changed = pl.when(pl.int_range(pl.len()) == place).then(change).otherwise(Decimal("0.00"))
        wrong = frame.with_columns((pl.col(column) + changed).cast(frame.schema[column]))

        found = verify(ledger(replace(documents, **{part: wrong})))

        assert frame["number"][place] in found["number"].to_list()
