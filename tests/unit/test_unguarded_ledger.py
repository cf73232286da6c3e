"""What the database should have refused, had it been in the way of it: each rule by itself."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from chalicelib.billing import issued as frames
from chalicelib.billing.issued import Finding
from chalicelib.billing.schemas import dtypes
from chalicelib.billing.verification import compare_guards
from tests.builders_issued import (
    EVERY,
    FIRST_DAY,
    FIRST_LINE,
    ISSUED_ON,
    MOMENT,
    a_run,
    chains_of,
    credit_of,
    in_series,
    ledger,
    sentences,
    spoilt,
    together,
    transitions,
    two_lines,
)

DAY = "workday 2026-10-01 P1 regular"


def rows(model, *values):
    return pl.DataFrame(values, dtypes(model), orient="row")


def elsewhere(**changes):
    """ANNA's first workday, once more on the invoice BRUNO-0001."""
    first = chains_of(two_lines()).filter(FIRST_DAY)
    literals = {name: pl.lit(value, first.schema[name]) for name, value in changes.items()}
    return first.with_columns(number=pl.lit("BRUNO-0001"), **literals)


def with_links(*more):
    """A right ledger, with *more* in its chains."""
    return ledger(two_lines(), chains=pl.concat([chains_of(two_lines()), *more]))


class TestChains:
    def test_bill_a_workday_again_once_it_is_credited(self):
        first, credit = two_lines(), credit_of(two_lines())
        number = pl.lit("ANNA-0003").alias("number")
        again = chains_of(first).with_columns(number, turn=pl.lit(3, pl.Int32))

        chains = pl.concat([chains_of(first, credit), again])

        assert sentences(ledger(together(first, credit), first, chains=chains)) == []

    def test_name_a_workday_on_two_live_invoices(self):
        assert sentences(with_links(elsewhere())) == [
            f"ANNA: turns of {DAY} should be 1 to 2, found 1 on ANNA-0001, 1 on BRUNO-0001.",
            f"ANNA: {DAY} should be on one live invoice, found ANNA-0001 and BRUNO-0001.",
        ]

    def test_count_as_live_what_a_later_odd_turn_bills_without_a_credit(self):
        found = sentences(with_links(elsewhere(turn=3)))

        assert (
            f"ANNA: {DAY} should be on one live invoice, found ANNA-0001 and BRUNO-0001." in found
        )

    def test_name_an_id_that_is_live_on_two_days(self):
        assert sentences(with_links(elsewhere(work_date=date(2026, 7, 1)))) == [
            (
                "ANNA: workday with the id 1 should be on one live invoice,"
                " found BRUNO-0001 as workday 2026-07-01 P1 regular of ANNA"
                f" and ANNA-0001 as {DAY} of ANNA."
            )
        ]

    def test_take_an_id_that_was_credited_and_moved_for_right(self):
        first, credit = two_lines(), credit_of(two_lines())
        chains = pl.concat([chains_of(first, credit), elsewhere(work_date=date(2026, 7, 1))])

        assert sentences(ledger(together(first, credit), first, chains=chains)) == []

    @pytest.mark.parametrize(("hours", "named"), [("16.00", False), ("16.01", True)])
    def test_name_a_day_of_more_than_24_hours(self, hours, named):
        more = elsewhere(project="P2", workday_id=99, hours=Decimal(hours))

        sentence = "ANNA: hours billed for 2026-10-01 should be 24 at most, found 24.01"
        assert sentences(with_links(more)) == [f"{sentence} on ANNA-0001 and BRUNO-0001."] * named

    def test_count_no_hours_that_are_credited_again(self):
        first, credit = two_lines(), credit_of(two_lines())
        more = elsewhere(project="P2", workday_id=99, hours=Decimal("20.00"))
        chains = pl.concat([chains_of(first, credit), more])

        assert sentences(ledger(together(first, credit), first, chains=chains)) == []

    @pytest.mark.parametrize(
        ("changes", "expected", "found"),
        [
            ({"hours": Decimal("-8.00")}, "an invoice with positive", "-8.00 hours on an invoice"),
            ({"hours": Decimal("24.01")}, "an invoice with positive", "24.01 hours on an invoice"),
            ({"hours": Decimal("0.00")}, "an invoice with positive", "0.00 hours on an invoice"),
            (
                {"document_kind": "credit_note"},
                "an invoice with positive",
                "8.00 hours on a credit note",
            ),
            ({"document_kind": "letter"}, "an invoice with positive", "8.00 hours on a letter"),
        ],
    )
    def test_name_a_turn_of_the_wrong_side(self, changes, expected, found):
        turn = elsewhere(work_date=date(2026, 7, 1), workday_id=99, **changes)

        assert (
            "BRUNO-0001: turn 1 of workday 2026-07-01 P1 regular should be"
            f" on {expected} hours, found {found}."
        ) in sentences(with_links(turn))

    def test_leave_rows_without_a_document_to_the_references(self):
        adrift = elsewhere(work_date=date(2026, 7, 1), workday_id=99, document_kind=None)

        assert sentences(with_links(adrift)) == []

    @pytest.mark.parametrize(
        ("column", "value", "found"),
        [
            ("credits_number", "BRUNO-0001", "credited invoice X should be ANNA-0001"),
            ("hours", Decimal("-7.00"), "hours X should be -8.00"),
            ("unit_rate", Decimal(49), "unit rate X should be 50.0000"),
            ("workday_id", 99, "workday id X should be 1"),
        ],
    )
    def test_credit_the_turn_before(self, column, value, found):
        first, credit = two_lines(), credit_of(two_lines())
        right = chains_of(first, credit)
        one = FIRST_DAY & (pl.col("turn") == 2)
        spoil = pl.when(one).then(pl.lit(value, right.schema[column])).otherwise(column)
        chains = right.with_columns(spoil.alias(column))

        sentence = found.replace("X", f"of {DAY} against the turn before")
        assert any(
            named.startswith(f"ANNA-0002: {sentence}, found ")
            for named in sentences(ledger(together(first, credit), first, chains=chains))
        )

    def test_credit_nothing_where_they_bill(self):
        bills = elsewhere(work_date=date(2026, 7, 1), workday_id=99, credits_number="ANNA-0001")

        assert sentences(with_links(bills)) == [
            (
                "BRUNO-0001: credited invoice of workday 2026-07-01 P1 regular should not be there,"
                " found ANNA-0001."
            )
        ]


class TestDocuments:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"kind": "letter"}, "invoice or credit_note, found letter"),
            (
                {"credits_number": "ANNA-0009"},
                "credit_note, as it credits ANNA-0009, found invoice",
            ),
        ],
    )
    def test_are_invoices_or_credit_notes(self, changes, sentence):
        wrong = spoilt(two_lines(), "documents", EVERY, **changes)

        assert f"ANNA-0001: kind should be {sentence}." in sentences(ledger(wrong))

    def test_have_each_line_once(self):
        right = two_lines()
        wrong = replace(right, lines=pl.concat([right.lines, right.lines.filter(FIRST_LINE)]))

        assert sentences(ledger(wrong)) == [
            "ANNA-0001: line 1 should be there once, found 2 of it."
        ]

    def test_have_lines_of_known_kinds(self):
        wrong = spoilt(two_lines(), "lines", FIRST_LINE, kind="holiday")

        assert "ANNA-0001: kind of line 1 should be regular or overtime, found holiday." in (
            sentences(ledger(wrong))
        )


class TestSeries:
    def found(self, *parts):
        numbers = pl.concat([ledger(two_lines()).numbers, *parts])
        highest = numbers.group_by("series").agg(last_sequence=pl.col("sequence").max())
        return sentences(ledger(two_lines(), numbers=numbers, series=highest))

    def test_are_of_one_employee(self):
        assert self.found(in_series(("ANNA-0002", 2), employee="BRUNO")) == [
            "ANNA: series should be of one employee, found ANNA and BRUNO."
        ]

    def test_have_each_invoice_credited_once(self):
        notes = in_series(("ANNA-0002", 2), ("ANNA-0003", 3), credits_number="ANNA-0001")

        assert self.found(notes) == [
            "ANNA-0001: invoice should be credited once, found ANNA-0002 and ANNA-0003."
        ]

    def test_never_go_back_by_a_day(self):
        before = in_series(("ANNA-0002", 2), issued_on=ISSUED_ON - timedelta(days=1))

        assert self.found(before) == [
            (
                "ANNA-0002: issue date should be 2026-11-01 or later, as of the numbers before it,"
                " found 2026-10-31."
            )
        ]

    @pytest.mark.parametrize(("minutes", "count"), [(59, 0), (61, 1)])
    def test_may_overtake_each_other_by_as_long_as_a_run_takes(self, minutes, count):
        before = in_series(("ANNA-0002", 2), issued_at=MOMENT - timedelta(minutes=minutes))

        found = self.found(before)

        assert len(found) == count
        assert all(named.startswith("ANNA-0002: moment of issue should be") for named in found)

    def test_are_dated_each_by_itself(self):
        later = in_series(("BRUNO-0001", 1), series="BRUNO", employee="BRUNO")
        earlier = later.with_columns(issued_on=pl.lit(ISSUED_ON - timedelta(days=30)))

        assert self.found(earlier) == []


class TestRuns:
    """Run 9 billed nothing, so that nothing but what it counted can be wrong."""

    def found(self, **counts):
        right = ledger(two_lines())
        return sentences(replace(right, runs=pl.concat([right.runs, a_run(run_id=9, **counts)])))

    def test_list_what_they_rejected_and_held(self):
        rejected = {"rejected_rows": 2, "rejected_hours": Decimal("31.00")}
        held = {"held_rows": 1, "held_hours": Decimal("8.00"), "listed_helds": 1}
        extracted = {"extracted_rows": 3, "extracted_hours": Decimal("39.00")}
        listed = {"listed_rejects": 2, "listed_hours": Decimal("31.00")}

        assert self.found(**rejected, **held, **extracted, **listed) == []

    @pytest.mark.parametrize(
        ("counts", "found"),
        [
            ({"listed_rejects": 1}, "rejected rows should be 1, found 0"),
            ({"listed_hours": Decimal("8.00")}, "rejected hours should be 8.00, found 0.00"),
            (
                {"listed_helds": 1},
                "contractors held (0 held workdays counted) should be none, found 1",
            ),
            (
                {"held_rows": 1, "extracted_rows": 1},
                "contractors held (1 held workdays counted) should be named, found 0",
            ),
            ({"extracted_rows": 1}, "extracted rows should be 0, found 1"),
            ({"extracted_hours": None}, "extracted hours should be 0.00, found none"),
            (
                {"status": "failed", "listed_rejects": 1},
                "rejected rows should be 1, found 0",
            ),
        ],
    )
    def test_that_say_anything_else_are_named(self, counts, found):
        assert self.found(**counts) == [f"run 9: {found}."]

    def test_that_failed_counted_nothing(self):
        counts = ("extracted", "billed", "rejected", "held")
        none = {f"{count}_{what}": None for count in counts for what in ("rows", "hours")}

        assert self.found(status="failed", **none) == []

    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({"status": "failed"}, "run 7 that issued it should be completed, found failed"),
            ({"status": None}, "run 7 that issued it should be completed, found no such run"),
            (
                {"run_period": date(2026, 9, 1)},
                "month of run 7 that issued it should be 2026-10, found 2026-09",
            ),
        ],
    )
    def test_issue_only_what_they_completed_and_of_their_month(self, changes, found):
        right = ledger(two_lines())
        schema = right.origins.schema
        spoil = {name: pl.lit(value, schema[name]) for name, value in changes.items()}

        assert sentences(replace(right, origins=right.origins.with_columns(**spoil))) == [
            f"ANNA-0001: {found}."
        ]


class TestDeliveries:
    def found(self, *steps, status="sent", **parts):
        history = rows(frames.DeliveryStep, *((1, place, *step) for place, step in steps))
        state = rows(frames.DeliveryState, ("ANNA-0001", 1, status))
        return sentences(ledger(two_lines(), **{"deliveries": state, "steps": history} | parts))

    def test_lead_by_allowed_steps_to_their_status(self):
        queued, sending, sent = ("new", "queued"), ("queued", "sending"), ("sending", "sent")

        assert self.found((1, queued), (2, sending), (3, sent)) == []
        assert self.found((3, sent), (1, queued), (2, sending)) == []

    @pytest.mark.parametrize(
        ("steps", "found"),
        [
            ([], "steps from new to sent, found none"),
            ([(1, ("queued", "sending"))], "steps from new to sent, found queued → sending"),
            (
                [(1, ("new", "queued")), (2, ("sending", "sent"))],
                "steps from new to sent, found new → queued, sending → sent",
            ),
            ([(1, ("new", "queued"))], "steps from new to sent, found new → queued"),
            (
                [(1, ("new", "queued")), (2, ("queued", "sent"))],
                "of allowed steps, found queued → sent",
            ),
        ],
    )
    def test_that_came_by_another_way_are_named(self, steps, found):
        assert self.found(*steps) == [f"ANNA-0001: history of delivery 1 should be {found}."]

    def test_are_there_for_every_document(self):
        gone = rows(frames.DeliveryState)

        assert self.found(deliveries=gone) == ["ANNA-0001: delivery should be there, found none."]

    def test_are_on_their_way_one_at_a_time(self):
        two = rows(frames.DeliveryState, ("ANNA-0001", 1, "queued"), ("ANNA-0001", 2, "queued"))
        steps = rows(frames.DeliveryStep, (1, 1, "new", "queued"), (2, 2, "new", "queued"))

        assert self.found(deliveries=two, steps=steps) == [
            "ANNA-0001: deliveries on their way should be 1 at most, found 2."
        ]

    def test_may_only_take_the_steps_that_the_program_knows(self):
        other = rows(frames.Transition, ("sent", "queued"))
        known = transitions().filter(pl.col("to_status") != "sending")

        found = sentences(ledger(two_lines(), transitions=pl.concat([known, other])))

        assert found == [
            "delivery_transition: queued → sending should be there, found none.",
            "delivery_transition: sent → queued should not be there, found a row of it.",
        ]


class TestReferences:
    def test_of_rows_that_belong_to_nothing_are_named(self):
        orphans = rows(frames.Orphan, ("document", "invoice", "7", 1))

        assert sentences(ledger(two_lines(), orphans=orphans)) == [
            "invoice 7: it should be there, as 1 row belongs to it in document, found none."
        ]

    def test_that_several_rows_share_are_named(self):
        repeats = rows(frames.Repeat, ("document", "invoice ANNA-0001", 2))

        assert sentences(ledger(two_lines(), repeats=repeats)) == [
            "document: rows with invoice ANNA-0001 should be 1, found 2."
        ]


class TestGuards:
    EXPECTED = rows(
        frames.Guard,
        ("server", "PostgreSQL 18", ""),
        ("trigger t on invoice", "always on", "aa"),
        ("constraint c on invoice", "valid", "bb"),
    )

    def found(self, *guards):
        found = compare_guards(self.EXPECTED, rows(frames.Guard, *guards))
        return [str(Finding(**row)) for row in found.iter_rows(named=True)]

    def test_are_those_of_the_migrations(self):
        assert self.found(*self.EXPECTED.rows()) == []

    def test_that_are_off_changed_gone_or_new_are_named(self):
        assert self.found(
            ("server", "PostgreSQL 18", ""),
            ("trigger t on invoice", "switched off", "cc"),
            ("trigger u on invoice", "on", "dd"),
            ("constraint more on invoice", "valid", "ee"),
        ) == [
            "trigger t on invoice: state should be always on, found switched off.",
            "trigger t on invoice: definition should be aa, found cc.",
            "constraint c on invoice: guard should be in place, found none.",
            "trigger u on invoice: it should not be there, found on.",
        ]

    def test_of_another_server_may_be_worded_otherwise(self):
        assert self.found(
            ("server", "PostgreSQL 17", ""),
            ("trigger t on invoice", "always on", "cc"),
            ("constraint c on invoice", "valid", "cc"),
        ) == ["trigger t on invoice: definition should be aa, found cc."]
