"""
Whatever upstream does between runs, corrections and closings, the ledger bills every hour once.

A machine draws the steps; the database, the runs and the corrections are the real ones.  What each
of them is to do is worked out beside it by `expected`, which shares no code with the program.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, note, seed
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib.billing.period import Period
from chalicelib.steps import bill_month as bill_month_step
from chalicelib.steps import correct_invoice as correct_invoice_step
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import CannotCorrect, correct_invoice
from chalicelib.store.closing import NotYetBilled, PeriodClosed, close
from chalicelib.store.connection import engine, period_lock
from tests.builders_ledger import unbroken
from tests.reference import biller

from .expected import (
    COMPLETED,
    FLOWER,
    Ledger,
    broken_rule,
    month_after,
    month_before,
)

NOW = datetime(2026, 12, 1, 3, 15, tzinfo=UTC)
ISSUED_ON = date(2026, 12, 1)
AGREED_ON = date(2026, 1, 1)
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)

# A small world, so that steps collide: two days on either side of a month's border.
EMPLOYEES = {"ANNA": "0.2", "BORYS": "0", "CIARA": "0.123457"}
CURRENCIES = ("EUR", "UAH", "PLN")

codes = st.sampled_from(sorted(EMPLOYEES))
days = st.sampled_from([date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 2)])
projects = st.sampled_from(["ATLAS", "BEACON"])
kinds = st.sampled_from(["regular", "regular", "overtime", "overtime", "standby"])
hours = st.sampled_from(
    [
        Decimal(text)
        for text in ["8.00", "4.50", "0.05", "11.11", "16.00", "24.00", "24.01", "0.00", "-8.00"]
    ]
)
wages = st.sampled_from([Decimal(text) for text in ["50.0000", "33.3335", "0.0100", "0.0000"]])
whiches = st.integers(0, 11)
months = st.sampled_from([SEPTEMBER, OCTOBER, OCTOBER, NOVEMBER])
workdays = st.tuples(codes, days, projects, kinds, hours)


class LedgerMachine(RuleBasedStateMachine):
    """What upstream, the schedule and the accountant do, in any order."""

    def __init__(self, fresh_ledger):
        super().__init__()
        self.opened = fresh_ledger()
        self.books, self.settings = self.opened.__enter__()
        self.read = None
        self.issued = frozenset()
        for code, tax_rate in EMPLOYEES.items():
            self.books.employee(code, tax_rate=tax_rate, full_name=code.title())
        for project in ("ATLAS", "BEACON"):
            self.books.project(project)
        self.sound = True

    @property
    def ledger(self):
        """The ledger as it is, read once after each change."""
        if self.read is None:
            self.read = Ledger.read(self.books)
        return self.read

    def upstream(self, query, *values):
        self.read = None
        return self.books.execute(query, *values)

    def teardown(self):
        try:
            # A step that failed is what is to be told about, not what followed from it.
            if self.sound:
                self.settle()
                self.the_ledger_holds()
        finally:
            self.opened.__exit__(None, None, None)

    # What upstream does, by plain SQL.

    @initialize(
        first=st.lists(workdays, min_size=4, max_size=10),
        billed=st.booleans(),
        closed=st.sampled_from([(), (), (SEPTEMBER,), (OCTOBER,), (SEPTEMBER, OCTOBER)]),
    )
    def a_ledger_that_has_seen_two_months(self, first, billed, closed):
        for workday in first:
            self._record(*workday)
        if billed:
            self._bill(SEPTEMBER)
            self._bill(OCTOBER)
            for month in closed:
                self.close_a_month(month)

    @rule(workday=workdays)
    def record_a_workday(self, workday):
        self._record(*workday)

    @rule(which=whiches, hours=hours)
    def edit_its_hours(self, which, hours):
        self._edit(which, hours=hours)

    @rule(which=whiches, day=days)
    def move_it_to_another_day(self, which, day):
        self._edit(which, work_date=day)

    @rule(which=whiches, project=projects)
    def move_it_to_another_project(self, which, project):
        self._edit(which, project_id=self.books.project(project))

    @rule(which=whiches, kind=kinds)
    def make_it_another_kind(self, which, kind):
        self._edit(which, kind=kind)

    @rule(which=whiches, code=codes)
    def hand_it_to_another_employee(self, which, code):
        self._edit(which, employee_id=self._employee(code))

    @rule(one=whiches, other=whiches)
    def swap_two_workdays(self, one, other):
        one, other = self._workday(one), self._workday(other)
        if one is None or one == other:
            return
        [mine, theirs] = [
            self.books.rows(
                "SELECT employee_id, work_date, project_id, kind FROM workday WHERE id = %s", which
            )[0]
            for which in (one, other)
        ]
        aside = (mine[0], date(1999, 1, 1), *mine[2:])
        for which, key in ((one, aside), (other, mine), (one, theirs)):
            self.upstream(
                "UPDATE workday SET (employee_id, work_date, project_id, kind)"
                " = (%s, %s, %s, %s) WHERE id = %s",
                *key,
                which,
            )

    @rule(which=whiches)
    def delete_it(self, which):
        self.upstream("DELETE FROM workday WHERE id = %s", self._workday(which))

    @rule(which=whiches, hours=st.none() | hours)
    def delete_it_and_insert_it_again(self, which, hours):
        """Under a new id; now and then with other hours."""
        self.upstream(
            "WITH gone AS (DELETE FROM workday WHERE id = %s RETURNING *)"
            " INSERT INTO workday (employee_id, work_date, project_id, kind, hours)"
            " SELECT employee_id, work_date, project_id, kind, coalesce(%s, hours) FROM gone",
            *(self._workday(which), hours),
        )

    @rule(code=codes, wage=wages)
    def change_a_rate(self, code, wage):
        self.upstream(
            "UPDATE rate SET hourly_rate = %s WHERE employee_id = %s AND valid_from ="
            " (SELECT max(valid_from) FROM rate AS newest"
            "  WHERE newest.employee_id = rate.employee_id)",
            *(wage, self._employee(code)),
        )

    @rule(code=codes, day=days, wage=wages)
    def add_a_rate(self, code, day, wage):
        self.upstream(
            "INSERT INTO rate VALUES (%s, %s, %s, 1.50)"
            " ON CONFLICT (employee_id, valid_from) DO UPDATE SET hourly_rate = %s",
            *(self._employee(code), day, wage, wage),
        )

    @rule(code=codes)
    def take_the_oldest_rate_away_or_back(self, code):
        """Only from the first, so that a rate added on a later day may still hold."""
        employee = self._employee(code)
        taken = self.upstream(
            "DELETE FROM rate WHERE employee_id = %s AND valid_from = %s", employee, AGREED_ON
        )
        if not taken.rowcount:
            self.upstream(
                "INSERT INTO rate VALUES (%s, %s, 50, 1.50)", self._employee(code), AGREED_ON
            )

    @rule(code=codes, agreed_on=st.sampled_from([None, AGREED_ON, AGREED_ON, ISSUED_ON]))
    def withdraw_or_renew_an_agreement(self, code, agreed_on):
        self._set(code, self_billing_agreed_on=agreed_on)

    @rule(code=codes, name=st.sampled_from(["Anna", "Anna", f"Anna {FLOWER}"]))
    def rename_an_employee(self, code, name):
        self._set(code, full_name=name)

    @rule(code=codes, tax=st.sampled_from(["0", "0.2", "0.005"]), currency=st.sampled_from("EU"))
    def change_tax_and_currency(self, code, tax, currency):
        self._set(code, tax_rate=tax, currency={"E": "EUR", "U": "UAH"}[currency])

    # What the schedule and the accountant do.

    @rule(month=months)
    def bill_a_month(self, month):
        self._bill(month)

    @rule(month=months)
    def bill_a_month_twice_and_find_nothing_left(self, month):
        self._bill(month)
        before = self.ledger.issued
        self._bill(month)
        assert self.ledger.issued == before

    @precondition(lambda self: self.ledger.invoices)
    @rule(which=whiches)
    def correct_any_invoice(self, which):
        numbers = sorted(self.ledger.invoices)
        self._correct(numbers[which % len(numbers)])

    @precondition(lambda self: self._drifted())
    @rule(which=whiches)
    def correct_a_drifted_invoice(self, which):
        drifted = self._drifted()
        self._correct(drifted[which % len(drifted)])

    @rule(month=st.sampled_from([SEPTEMBER, OCTOBER]))
    def close_a_month(self, month):
        before, self.read = self.ledger, None
        period = Period.month(month.year, month.month)
        billed = any(
            run["period"] == month and run["corrects_invoice_id"] is None
            for run in before.runs.values()
        )
        if billed:
            self._close(period)
            assert self.ledger.closed == before.closed | {month}
        else:
            with pytest.raises(NotYetBilled):
                self._close(period)

    @rule()
    def settle(self):
        """Correct whatever drifted and bill every open month: then all is as upstream says."""
        held = self._correct_everything()
        for month in (SEPTEMBER, OCTOBER, NOVEMBER):
            if month not in self.ledger.closed:
                self._bill(month)
        self.sound = False
        assert set(self._drifted()) == held
        self._everything_is_billed_as_it_is(held)
        self.sound = True

    # What has to hold after each step.

    @invariant()
    def the_ledger_holds(self):
        self.sound = False
        assert self.issued <= self.ledger.issued, "what is issued never changes"
        self.issued = self.ledger.issued
        for check in (
            self._numbers_have_no_gap,
            self._invoices_are_their_lines_and_lineage,
            self._credit_notes_are_their_invoices_negated,
            self._net_hours_are_nothing_or_the_last_billed,
            self._nothing_is_live_twice,
            self._completed_runs_balance,
            self._every_document_is_delivered_once,
        ):
            check()
        self.sound = True

    def _numbers_have_no_gap(self):
        assert unbroken([invoice["number"] for invoice in self.ledger.invoices.values()])

    def _invoices_are_their_lines_and_lineage(self):
        ledger = self.ledger
        for number, invoice in ledger.invoices.items():
            lines = ledger.lines[number]
            assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
            for line in lines:
                behind = [
                    turn
                    for turn in ledger.chain
                    if (turn.invoice_id, turn.position) == (number, line["position"])
                ]
                assert sum(turn.hours for turn in behind) == line["hours"]
                assert {
                    (turn.key.employee, turn.key.project, turn.key.kind, turn.unit_rate)
                    for turn in behind
                } == {
                    (invoice["series"], line["project_code"], line["kind"], line["unit_rate"]),
                }
                product = line["hours"] * line["unit_rate"]
                assert line["amount"] == biller.round_half_away(product, biller.CENT)
            assert invoice["subtotal"] == sum(line["amount"] for line in lines)
            tax = biller.round_half_away(invoice["subtotal"] * invoice["tax_rate"], biller.CENT)
            assert (invoice["tax"], invoice["total"]) == (tax, invoice["subtotal"] + tax)
        orphans = [turn for turn in ledger.chain if turn.invoice_id not in ledger.invoices]
        assert orphans == []

    def _credit_notes_are_their_invoices_negated(self):
        ledger = self.ledger
        for number, note_ in ledger.invoices.items():
            if note_["kind"] == "invoice":
                continue
            original = ledger.invoices[note_["credits_invoice_id"]]
            for same in ("employee_id", "currency", "tax_rate", "supplier_name", "buyer_name"):
                assert note_[same] == original[same]
            for amount in ("subtotal", "tax", "total"):
                assert note_[amount] == -original[amount]
            assert [
                {**line, "invoice_id": original["id"]}
                | {"hours": -line["hours"], "amount": -line["amount"]}
                for line in ledger.lines[number]
            ] == ledger.lines[original["id"]]
            assert {
                (turn.key, turn.turn - 1, turn.workday_id, -turn.hours, turn.unit_rate)
                for turn in ledger.chain
                if turn.invoice_id == number
            } == {
                (turn.key, turn.turn, turn.workday_id, turn.hours, turn.unit_rate)
                for turn in ledger.chain
                if turn.invoice_id == original["id"]
            }

    def _net_hours_are_nothing_or_the_last_billed(self):
        last_billed = {turn.key: turn.hours for turn in self.ledger.chain if turn.hours > 0}
        for key, net in self.ledger.net_hours.items():
            assert net == (last_billed[key] if key in self.ledger.live else 0)

    def _nothing_is_live_twice(self):
        live = self.ledger.live.values()
        credited = {invoice["credits_invoice_id"] for invoice in self.ledger.invoices.values()}
        on_uncredited_invoices = [
            turn for turn in self.ledger.chain if turn.hours > 0 and turn.invoice_id not in credited
        ]
        for counted in (
            Counter(turn.workday_id for turn in live),
            Counter(turn.workday_id for turn in on_uncredited_invoices),
            Counter(turn.key for turn in on_uncredited_invoices),
        ):
            assert max(counted.values(), default=1) == 1
        assert len(live) == len(on_uncredited_invoices)

    def _completed_runs_balance(self):
        for number, run in self.ledger.runs.items():
            if run["status"] not in COMPLETED:
                continue
            assert run["extracted_rows"] == sum(
                run[f"{side}_rows"] for side in ("billed", "rejected", "held")
            )
            assert run["extracted_hours"] == sum(
                run[f"{side}_hours"] for side in ("billed", "rejected", "held")
            )
            billed = [
                turn.hours
                for turn in self.ledger.chain
                if turn.hours > 0 and self.ledger.invoices[turn.invoice_id]["run_id"] == number
            ]
            assert (run["billed_rows"], run["billed_hours"]) == (len(billed), sum(billed))

    def _every_document_is_delivered_once(self):
        assert self.ledger.queued == sorted(self.ledger.invoices)

    # How the steps are done, and what each is expected to do.

    def _bill(self, month):
        self.sound = False
        before, self.read = self.ledger, None
        period = Period.month(month.year, month.month)
        if month in before.closed:
            with pytest.raises(PeriodClosed):
                bill_month(self.settings, period, NOW)
            self._expect_nothing_new(before)
            return
        start = month
        while month_before(start) in before.closed:
            start = month_before(start)
        expected = before.of_run(start, month_after(month), ISSUED_ON)
        bill_month(self.settings, period, NOW)
        run = max(self.ledger.runs)
        self._expect_issued(before, expected, run, month)
        assert self.ledger.helds.get(run, {}) == expected.helds
        self.sound = True

    def _correct(self, invoice_id):
        self.sound = False
        before, self.read = self.ledger, None
        number = before.invoices[invoice_id]["number"]
        note(f"correcting {number}")
        reason = self._why_not(before, invoice_id)
        if reason:
            with pytest.raises(CannotCorrect, match=reason):
                correct_invoice(self.settings, number, NOW)
            self._expect_nothing_new(before)
            return
        booked_in = before.invoices[invoice_id]["period"]
        while booked_in in before.closed:
            booked_in = month_after(booked_in)
        expected = before.of_correction(invoice_id, ISSUED_ON)
        correction = correct_invoice(self.settings, number, NOW)
        [credit_note] = [
            invoice
            for invoice in self.ledger.invoices.values()
            if invoice["credits_invoice_id"] == invoice_id
        ]
        run = max(self.ledger.runs)
        assert (credit_note["run_id"], credit_note["period"]) == (run, booked_in)
        assert correction.credited_by == credit_note["number"]
        self._expect_issued(before, expected, run, booked_in, besides=credit_note["id"])
        self.sound = True

    def _why_not(self, ledger, invoice_id):
        """What `CannotCorrect` is to say, if it is to be raised."""
        if ledger.invoices[invoice_id]["kind"] == "credit_note":
            return "it is the credit note of"
        if any(one["credits_invoice_id"] == invoice_id for one in ledger.invoices.values()):
            return "already credits it"
        if not ledger.has_drifted(invoice_id):
            return "have not changed since it was billed"
        helds = ledger.of_correction(invoice_id, ISSUED_ON).helds
        return next(iter(helds.values()), None)

    def _expect_nothing_new(self, before):
        """Not a row, but for the note of a run that was refused half way."""
        assert self.ledger.issued == before.issued
        assert self.ledger.queued == before.queued
        new = [run for number, run in self.ledger.runs.items() if number not in before.runs]
        assert {run["status"] for run in new} <= {"failed"}
        self.sound = True

    def _expect_issued(self, before, expected, run, month, besides=None):
        """One invoice per employee, as the reference biller makes it of the expected workdays."""
        ledger = self.ledger
        new = {
            ledger.invoices[number]["series"]: number
            for number in sorted(ledger.invoices.keys() - before.invoices.keys() - {besides})
        }
        assert new.keys() == expected.of_employee.keys()
        for code, rows in expected.of_employee.items():
            invoice = ledger.invoices[new[code]]
            made = biller.make_invoice(before.employees[code], before.rates[code], rows)
            assert (invoice["run_id"], invoice["period"]) == (run, month)
            assert _of_reference(made) == _of_ledger(invoice, ledger.lines[new[code]])
        assert {
            turn.workday_id: turn.key for turn in ledger.chain if turn.invoice_id in new.values()
        } == {number: workday.key for number, workday in expected.billed.items()}
        assert ledger.rejects.get(run, {}) == expected.rejects
        assert ledger.runs[run]["extracted_rows"] == len(expected.extracted)

    def _correct_everything(self):
        """Returns the drifted invoices of held employees, which are not to be corrected."""
        held = set()
        for _ in range(len(self.ledger.live) + 2):
            waiting = [number for number in self._drifted() if number not in held]
            if not waiting:
                return held
            if self._why_not(self.ledger, waiting[0]):
                held.add(waiting[0])
            self._correct(waiting[0])
        raise AssertionError("corrections go on and on")

    def _drifted(self):
        invoices = sorted({turn.invoice_id for turn in self.ledger.live.values()})
        return [number for number in invoices if self.ledger.has_drifted(number)]

    def _everything_is_billed_as_it_is(self, uncorrected):
        """
        Each valid workday's net hours are its hours, at its rate; each other key's are 0.

        Excepted is what the design excepts: employees who are held, a workday whose id is on an
        invoice that nobody may correct for that reason, and days of more than 24 hours, where what
        was billed first stays and the rest is rejected.
        """
        ledger = self.ledger
        rows_of = {code: [] for code in ledger.employees}
        hours_of_day = Counter()
        for workday in ledger.workdays.values():
            if not broken_rule(workday, Decimal(0)):
                rows_of[workday.employee].append(workday)
            hours_of_day[workday.employee, workday.work_date] += max(workday.hours, Decimal(0))
        held = {code for code, rows in rows_of.items() if ledger.hold_reason(code, rows, ISSUED_ON)}
        blocked = {
            turn.workday_id for turn in ledger.live.values() if turn.invoice_id in uncorrected
        }
        for number, workday in ledger.workdays.items():
            if workday.employee in held or number in blocked:
                continue
            day_total = hours_of_day[workday.employee, workday.work_date]
            net, live = ledger.net_hours[workday.key], ledger.live.get(workday.key)
            if broken_rule(workday, Decimal(0)):
                assert net == 0, workday
            elif day_total <= 24 or net:
                assert net == workday.hours, workday
                assert live.unit_rate == ledger.rate_of(workday)
        for key, net in ledger.net_hours.items():
            assert key in ledger.by_key or key.employee in held or net == 0, key

    def _record(self, code, day, project, kind, hours):
        self.upstream(
            "INSERT INTO workday (employee_id, work_date, project_id, kind, hours)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            *(self._employee(code), day, self.books.project(project), kind, hours),
        )

    def _workday(self, which):
        """The id of a workday; None while there is none."""
        numbers = self.books.column("SELECT id FROM workday ORDER BY id")
        return numbers[which % len(numbers)] if numbers else None

    def _edit(self, which, **values):
        """Change one column, unless another workday has that key."""
        [(column, value)] = values.items()
        try:
            self.upstream(
                f"UPDATE workday SET {column} = %s WHERE id = %s", value, self._workday(which)
            )
        except psycopg.errors.UniqueViolation:
            note("another workday has that key")

    def _set(self, code, **values):
        for column, value in values.items():
            self.upstream(f"UPDATE employee SET {column} = %s WHERE code = %s", value, code)

    def _employee(self, code):
        return self.books.value("SELECT id FROM employee WHERE code = %s", code)

    def _close(self, period):
        with period_lock(engine(self.settings.database_url), period) as connection:
            close(connection, period)


def _of_reference(invoice):
    money = (invoice.currency, invoice.subtotal, invoice.tax_rate, invoice.tax, invoice.total)
    lines = [
        (line.project, line.kind, line.hours, line.unit_rate, line.amount) for line in invoice.lines
    ]
    return money, lines


def _of_ledger(invoice, lines):
    columns = ("project_code", "kind", "hours", "unit_rate", "amount")
    money = tuple(invoice[name] for name in ("currency", "subtotal", "tax_rate", "tax", "total"))
    return money, [tuple(line[name] for name in columns) for line in lines]


def run_machine(fresh_ledger, chosen, *, examples, steps):
    def machine():
        return LedgerMachine(fresh_ledger)

    run_state_machine_as_test(
        seed(chosen)(machine),
        settings=profile(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            print_blob=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def unsent(monkeypatch):
    """Nothing is queued or exported, which is half of a run's time and proven elsewhere."""
    for step in (bill_month_step, correct_invoice_step):
        monkeypatch.setattr(step, "send_on", lambda *_: (0, 0))


@pytest.mark.usefixtures("unsent")
class TestTheLedger:
    def test_bills_every_hour_once_whatever_happens(self, fresh_ledger):
        run_machine(fresh_ledger, 1, examples=10, steps=25)

    @pytest.mark.prove
    @pytest.mark.parametrize("chosen", range(2, 10))
    def test_bills_every_hour_once_at_length(self, fresh_ledger, chosen):
        run_machine(fresh_ledger, chosen, examples=15, steps=50)


class TestAWorkdayThatChangesHands:
    """The machine's first find, by hand."""

    @pytest.fixture
    def handed_over(self, books, settings):
        """Anna's workdays were billed, then the first of them became Borys's."""

        def after(*days):
            for code in ("ANNA", "BORYS"):
                books.employee(code)
            first, *_ = [books.workday("ANNA", day) for day in days]
            bill_month(settings, Period.month(2026, 10), NOW)
            books.execute(
                "UPDATE workday SET employee_id ="
                " (SELECT id FROM employee WHERE code = 'BORYS') WHERE id = %s",
                first,
            )
            return correct_invoice(settings, "ANNA-0001", NOW)

        return after

    def test_is_taken_off_the_invoice_of_the_first(self, handed_over, books):
        correction = handed_over(1)

        assert correction.replaced_by is None
        assert books.numbers() == ["ANNA-0001", "ANNA-0002"]

    def test_is_left_to_the_next_run_of_the_other(self, handed_over, books, settings):
        correction = handed_over(1, 2)

        assert books.numbers() == ["ANNA-0001", "ANNA-0002", "ANNA-0003"]
        assert correction.difference == Decimal("-480.00")
        bill_month(settings, Period.month(2026, 10), NOW)
        assert books.numbers()[3:] == ["BORYS-0001"]
