"""A month that can be trusted verifies; whatever is tampered with is named by number."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import polars as pl
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from rich.console import Console

from chalicelib.aws import s3
from chalicelib.billing.period import Period
from chalicelib.documents.invoice_pdf import render
from chalicelib.documents.pdf import coverage
from chalicelib.documents.texts import with_composed_texts
from chalicelib.export.parquet import DATASETS, export_key
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.email_invoice import email_invoice
from chalicelib.steps.render_invoice import render_invoice
from jobs import bill
from jobs.verify import show_verification, verify_period
from jobs.verify.e_invoices import check_e_invoice
from jobs.verify.pdf_content import read
from jobs.verify.pdfs import check_print
from tests import builders_documents as build
from tests.superuser import guards_off

# Drawn by earlier releases, whose PDFs are kept for good.
SAMPLES = Path(__file__).parents[1] / "samples"

OCTOBER = Period.month(2026, 10)
NOVEMBER = Period.month(2026, 11)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CENT = Decimal("0.01")


@pytest.fixture
def settings(operator_settings):
    """A person verifies."""
    return operator_settings


@pytest.fixture
def billed(settings, cloud, books):
    """
    ANNA-0001: 15.50 h at 50.00 and 1.00 h at 75.00 come to 850.00, a fifth of that is tax.

    BRUNO-0001: 8.00 h at 50.00.  One of Anna's workdays is rejected.
    """
    books.employee("ANNA")
    books.employee("BRUNO", full_name="Bruno Bauer", tax_rate=Decimal(0))
    books.workday("ANNA", 1, "8.00")
    books.workday("ANNA", 2, "7.50")
    books.workday("ANNA", 2, "1.00", kind="overtime")
    books.workday("ANNA", 3, "25.00")
    books.workday("BRUNO", 1, "8.00")
    bill_month(settings, OCTOBER, NOW)
    deliver(settings, cloud)
    bill.export(settings, OCTOBER)


def deliver(settings, cloud):
    for invoice_id in cloud.to_render():
        render_invoice(settings, invoice_id)
    for delivery_id in cloud.to_mail():
        email_invoice(settings, delivery_id)


def found(settings, period=OCTOBER):
    return [str(finding) for finding in verified(settings, period).findings]


def verified(settings, period=OCTOBER, now=LATER):
    return verify_period(settings, period, lambda _done, _total: None, now=now)


def shown(settings, period=OCTOBER):
    console = Console(file=StringIO(), width=60)
    look = show_verification(settings, period, console)
    return look, console.file.getvalue()


def force(books, table, assignment, where):
    with guards_off(books, table):
        changed = books.execute(f"UPDATE {table} SET {assignment} WHERE {where}")
    assert changed.rowcount == 1


def only(findings, number):
    """Those of *findings* without the number that all of them begin with."""
    assert all(finding.startswith(f"{number}: ") for finding in findings), findings
    return [finding.removeprefix(f"{number}: ") for finding in findings]


def workday_missing(day, printed):
    return f"ANNA-0001: workday {day} on the PDF should be {printed}, found none."


DAY = "workday 2026-10-01 ATLAS regular"
ANNA = "number = 'ANNA-0001'"
OF_ANNA = f"invoice_id = (SELECT id FROM invoice WHERE {ANNA})"


class TestACleanMonth:
    def test_verifies(self, settings, billed):
        look, text = shown(settings)

        assert text.splitlines() == [
            "2026-10: 2 documents, 4 workdays, 2 PDFs and 7 datasets agree."
        ]
        assert not look

    def test_verifies_after_a_correction(self, settings, cloud, books, billed):
        books.execute("UPDATE workday SET hours = 6 WHERE hours = 7.5")
        correct_invoice(settings, "ANNA-0001", LATER)
        deliver(settings, cloud)
        bill.export(settings, OCTOBER)

        assert str(verified(settings)) == (
            "2026-10: 4 documents, 10 workdays, 4 PDFs and 7 datasets agree."
        )

    def test_verifies_with_a_credit_note_that_has_no_tax(self, settings, cloud, books, billed):
        books.execute("DELETE FROM workday WHERE employee_id = 2")
        correct_invoice(settings, "BRUNO-0001", LATER)
        deliver(settings, cloud)
        bill.export(settings, OCTOBER)

        assert books.value("SELECT tax FROM invoice WHERE number = 'BRUNO-0002'") == 0
        assert str(verified(settings)) == (
            "2026-10: 3 documents, 5 workdays, 3 PDFs and 7 datasets agree."
        )

    def test_verifies_apart_from_the_month_whose_invoice_it_credits(
        self, settings, cloud, books, billed
    ):
        books.execute("INSERT INTO closed_period (period) VALUES ('2026-10-01')")
        books.execute("UPDATE workday SET hours = 6 WHERE hours = 7.5")
        correct_invoice(settings, "ANNA-0001", LATER)
        deliver(settings, cloud)
        for period in (OCTOBER, NOVEMBER):
            bill.export(settings, period)

        assert verified(settings).documents == verified(settings, NOVEMBER).documents == 2
        assert found(settings) == found(settings, NOVEMBER) == []

    def test_verifies_whatever_changes_in_the_master_data(self, settings, books, billed):
        books.execute("UPDATE employee SET full_name = 'Else', iban = NULL, tax_rate = 0.1")
        books.execute("UPDATE project SET name = 'Else'")
        books.execute("UPDATE rate SET hourly_rate = 1")
        books.execute("DELETE FROM workday")

        assert found(settings) == []

    def test_may_have_nothing_in_it(self, settings, books, cloud):
        assert shown(settings) == (
            False,
            "2026-10: 0 documents, 0 workdays, 0 PDFs and 0 datasets agree.\n",
        )

    def test_tells_how_far_it_is(self, settings, billed):
        told = []

        verify_period(settings, OCTOBER, lambda *counts: told.append(counts), now=LATER)

        assert told == [(0, 2), (1, 2), (2, 2)]

    def test_leaves_the_ledger_as_it_is(self, settings, books, billed):
        before = books.contents()

        verified(settings)

        assert books.contents() == before


class TestTheLedger:
    def test_a_total_that_was_changed_is_named(self, settings, books, billed):
        force(books, "invoice", "total = total + 0.01", ANNA)

        sentences = only(found(settings), "ANNA-0001")

        assert sentences[0] == "total should be 1020.00, found 1020.01."
        assert sentences[1].startswith("fingerprint of the content should be ")
        assert sentences[2:] == [
            "total on the PDF should be Total EUR 1,020.01, found none.",
            "total in the e-invoice should be 1020.01, found 1020.00.",
            "total in invoices.parquet should be 1020.01, found 1020.00.",
        ]

    def test_a_line_that_was_changed_is_named(self, settings, books, billed):
        force(books, "invoice_line", "amount = 775.01", f"position = 1 AND {OF_ANNA}")

        sentences = only(found(settings), "ANNA-0001")

        assert sentences[0] == "amount of line 1 should be 775.00, found 775.01."
        assert sentences[1].startswith("fingerprint of the content should be ")
        assert sentences[2:] == [
            "line 1 on the PDF should be Regular 15.50 50.00 775.01, found none.",
            "amount of line 1 in lines.parquet should be 775.01, found 775.00.",
        ]

    def test_an_hour_that_was_changed_is_named(self, settings, books, billed):
        force(books, "invoice_workday", "hours = 7.00", f"hours = 8.00 AND {OF_ANNA}")

        assert found(settings) == [
            "ANNA-0001: hours of line 1 should be 14.50, found 15.50.",
            "ANNA-0001: amount of line 1 should be 725.00, found 775.00.",
            "ANNA-0001: subtotal should be 800.00, found 850.00.",
            "ANNA-0001: tax should be 160.00, found 170.00.",
            "ANNA-0001: total should be 960.00, found 1020.00.",
            workday_missing("2026-10-01", "Thu, 1 Oct 2026 Regular 7.00"),
            f"ANNA-0001: hours of {DAY} in workdays.parquet should be 7.00, found 8.00.",
            "run 1: billed hours should be 24.50, found 23.50.",
        ]

    @pytest.mark.parametrize(
        "assignment",
        ["due_on = '2026-12-31'", "supplier_iban = 'PL00'", "buyer_tax_id = 'X'"],
    )
    def test_anything_printed_that_was_changed_is_named(self, settings, books, billed, assignment):
        force(books, "invoice", assignment, ANNA)

        assert only(found(settings), "ANNA-0001")[0].startswith("fingerprint of the content")

    def test_an_invoice_that_was_taken_out_is_missed(self, settings, books, billed):
        with guards_off(
            books, "invoice_line", "invoice_workday", "document", "delivery", "invoice"
        ):
            for table in ("invoice_line", "invoice_workday", "document", "delivery"):
                books.execute(f"DELETE FROM {table} WHERE {OF_ANNA}")
            books.execute(f"DELETE FROM invoice WHERE {ANNA}")

        sentences = found(settings)

        assert "ANNA: document should be 1, found none." in sentences
        assert "run 1: billed rows should be 4, found 1." in sentences
        assert any(sentence.startswith("ANNA-0001: document in inv") for sentence in sentences)

    def test_a_credit_note_that_was_changed_is_named(self, settings, cloud, books, billed):
        books.execute("DELETE FROM workday WHERE hours = 8")
        correct_invoice(settings, "BRUNO-0001", LATER)
        deliver(settings, cloud)
        bill.export(settings, OCTOBER)
        force(books, "invoice", "currency = 'USD'", "number = 'BRUNO-0002'")

        sentences = only(found(settings), "BRUNO-0002")

        assert sentences[0] == ("currency against the credited invoice should be EUR, found USD.")

    def test_prints_each_difference_on_a_line_and_counts_them(self, settings, books, billed):
        force(books, "invoice_workday", "unit_rate = 49.9999", f"hours = 8.00 AND {OF_ANNA}")

        look, text = shown(settings)

        assert look
        *sentences, summary = text.splitlines()
        assert all(sentence.startswith("ANNA-0001: ") for sentence in sentences)
        assert sentences[0] == (
            "ANNA-0001: unit rate of line 1 should be 49.9999 and 50.0000, found 50.0000."
        )
        assert summary == (
            f"2026-10: {len(sentences)} differences in"
            " 2 documents, 4 workdays, 2 PDFs and 7 datasets."
        )


class TestPdfs:
    def key(self, books, number="ANNA-0001"):
        return books.value(
            "SELECT s3_key FROM document JOIN invoice ON invoice.id = invoice_id WHERE number = %s",
            number,
        )

    def put(self, settings, books, pdf):
        s3.put(settings.document_bucket, self.key(books), pdf, "application/pdf")

    def put_with_its_row(self, settings, books, pdf):
        self.put(settings, books, pdf)
        digest = hashlib.sha256(pdf).hexdigest()
        force(books, "document", f"sha256 = '{digest}', bytes = {len(pdf)}", OF_ANNA)

    def test_that_were_overwritten_are_named(self, settings, books, billed):
        pdf = s3.get(settings.document_bucket, self.key(books))
        changed = pdf[:-1] + b" "
        self.put(settings, books, changed)

        before, after = (hashlib.sha256(body).hexdigest() for body in (pdf, changed))
        assert found(settings) == [
            f"ANNA-0001: SHA-256 of the PDF should be {before}, found {after}."
        ]

    def test_that_were_cut_are_named(self, settings, books, billed):
        pdf = s3.get(settings.document_bucket, self.key(books))
        self.put(settings, books, pdf[:1000])

        size, digest = only(found(settings), "ANNA-0001")
        assert size == f"size of the PDF should be {len(pdf):,} bytes, found 1,000 bytes."
        assert digest.startswith("SHA-256 of the PDF should be ")

    def test_of_another_invoice_are_named_although_their_row_agrees(self, settings, books, billed):
        other = s3.get(settings.document_bucket, self.key(books, "BRUNO-0001"))
        self.put_with_its_row(settings, books, other)

        assert found(settings) == [
            "ANNA-0001: number on the PDF should be Self-billed invoice ANNA-0001, found none.",
            "ANNA-0001: line 1 on the PDF should be Regular 15.50 50.00 775.00, found none.",
            "ANNA-0001: line 2 on the PDF should be Overtime 1.00 75.00 75.00, found none.",
            "ANNA-0001: subtotal on the PDF should be Subtotal 850.00, found none.",
            "ANNA-0001: tax on the PDF should be Tax 20 % 170.00, found none.",
            "ANNA-0001: total on the PDF should be Total EUR 1,020.00, found none.",
            workday_missing("2026-10-02", "Fri, 2 Oct 2026 Regular 7.50"),
            workday_missing("2026-10-02", "Fri, 2 Oct 2026 Overtime 1.00"),
            "ANNA-0001: supplier on the PDF should be Anna Nowak, found none.",
            "ANNA-0001: number in the e-invoice should be ANNA-0001, found BRUNO-0001.",
            "ANNA-0001: subtotal in the e-invoice should be 850.00, found 400.00.",
            "ANNA-0001: tax in the e-invoice should be 170.00, found 0.00.",
            "ANNA-0001: total in the e-invoice should be 1020.00, found 400.00.",
        ]

    @pytest.mark.parametrize("cut", [0, 5, 2000])
    def test_that_nobody_can_read_are_named_although_their_row_agrees(
        self, settings, books, billed, cut
    ):
        pdf = s3.get(settings.document_bucket, self.key(books))
        self.put_with_its_row(settings, books, pdf[:cut] + b"!")

        [sentence] = only(found(settings), "ANNA-0001")
        assert sentence.startswith("PDF should be readable, found ")

    def test_that_are_gone_are_named(self, settings, books, billed):
        key = self.key(books)
        s3.client().delete_object(Bucket=settings.document_bucket, Key=key)

        assert found(settings) == [f"ANNA-0001: PDF should be stored as {key}, found none."]

    def test_that_are_overdue_are_not_rendered(self, settings, books, cloud):
        books.employee("ANNA")
        books.workday("ANNA")
        bill_month(settings, OCTOBER, NOW)

        assert found(settings) == ["ANNA-0001: PDF should be stored, found not rendered."]

    def test_that_may_still_come_are_no_finding(self, settings, books, cloud):
        books.employee("ANNA")
        books.workday("ANNA")
        bill_month(settings, OCTOBER, NOW)

        assert str(verified(settings, now=NOW + timedelta(minutes=29))) == (
            "2026-10: 1 document, 1 workday, 0 PDFs and 7 datasets agree. 1 PDF not rendered yet."
        )

    def test_of_a_bucket_that_answers_otherwise_are_not_taken_for_gone(self, settings, billed):
        with pytest.raises(ClientError, match="NoSuchBucket"):
            verified(replace(settings, document_bucket="nobodys"))


letters = st.sampled_from(sorted(map(chr, coverage.printable())))
names = st.text(letters | st.sampled_from(" -/\n"), min_size=1, max_size=150)


class TestPrint:
    @examples(max_examples=25, deadline=None)
    @given(names.filter(str.strip), names, st.integers(1, 40))
    def test_is_found_whatever_the_name_and_wherever_it_breaks(self, name, address, lines):
        invoice = build.invoice(
            supplier=build.party(name=name, address=address, iban=None), lines=build.lines(lines)
        )

        assert check_print(read(render(invoice)), with_composed_texts(invoice)) == []

    @pytest.mark.parametrize("total", ["592.80", "16592.80", "-6592.80", "6592.81"])
    def test_is_not_found_in_part_of_another_figure(self, total):
        printed = build.invoice(total=Decimal(total))

        assert [
            finding.what for finding in check_print(read(render(printed)), build.invoice())
        ] == ["total on the PDF"]

    @pytest.mark.parametrize("number", ["ALZ-0007", "LZ-00070"])
    def test_is_not_found_in_part_of_another_number(self, number):
        printed = build.invoice(number=number)

        assert [
            finding.what for finding in check_print(read(render(printed)), build.invoice())
        ] == ["number on the PDF"]

    def test_needs_every_line_although_two_read_the_same(self):
        invoice = build.invoice(lines=build.lines(3))
        printed = build.invoice(lines=build.lines(2))

        assert [finding.what for finding in check_print(read(render(printed)), invoice)] == [
            "line 3 on the PDF"
        ]

    def test_of_a_credit_note_is_found(self):
        note = build.credit_note()

        assert check_print(read(render(note)), note) == []

    def test_of_an_invoice_in_another_language_is_found(self):
        invoice = build.invoice(locale="uk-UA")

        assert check_print(read(render(invoice)), invoice) == []

    @pytest.mark.parametrize(
        ("file", "document"),
        [
            ("credit-note-uk.pdf", build.credit_note(locale="uk-UA")),
            ("invoice-pl.pdf", build.invoice(locale="pl-PL")),
        ],
    )
    def test_of_an_earlier_release_is_found_in_its_own_words(self, file, document):
        pdf = (SAMPLES / file).read_bytes()

        assert pdf != render(document)
        assert check_print(read(pdf), document) == []

    def test_needs_every_workday_as_often_as_it_was_worked(self):
        twice = build.invoice(days=(*build.INVOICE.days, build.INVOICE.days[0]))

        [finding] = check_print(read(render(build.invoice())), twice)
        assert finding.what == "workday 2026-10-01 on the PDF"


class TestEInvoice:
    def test_agrees_with_its_document(self):
        for document in (build.invoice(), build.credit_note()):
            assert check_e_invoice(read(render(document)).e_invoice, document) == []

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"number": "LZ-0009"}, "number"),
            ({"currency": "PLN"}, "currency"),
            ({"subtotal": Decimal("5360.01")}, "subtotal"),
            ({"tax": Decimal("1232.81")}, "tax"),
            ({"total": Decimal("-6592.80")}, "total"),
        ],
    )
    def test_that_states_anything_else_is_named(self, change, what):
        xml = read(render(build.invoice())).e_invoice

        [finding] = check_e_invoice(xml, build.invoice(**change))
        assert finding.what == f"{what} in the e-invoice"

    @pytest.mark.parametrize(("written", "named"), [("-0.00", []), ("0", []), ("none", ["tax"])])
    def test_is_read_by_value_whatever_sign_a_zero_has(self, written, named):
        untaxed = build.invoice(tax=Decimal("-0.00"), total=build.INVOICE.subtotal)
        xml = read(render(untaxed)).e_invoice
        tax = re.compile(rb"(<ram:TaxTotalAmount[^>]*>)[^<]*")

        findings = check_e_invoice(tax.sub(rb"\g<1>" + written.encode(), xml), untaxed)

        assert [finding.what for finding in findings] == [f"{n} in the e-invoice" for n in named]

    @pytest.mark.parametrize(("xml", "what"), [(None, "found none"), (b"<", "readable, found")])
    def test_that_is_not_there_is_named(self, xml, what):
        [finding] = check_e_invoice(xml, build.invoice())

        assert what in str(finding)


class TestParquet:
    def change(self, settings, name, change):
        key = export_key(name, OCTOBER)
        frame = pl.read_parquet(BytesIO(s3.get(settings.export_bucket, key)))
        file = BytesIO()
        change(frame).write_parquet(file)
        s3.put(settings.export_bucket, key, file.getvalue(), "application/octet-stream")
        return key

    @pytest.mark.parametrize(
        ("name", "column", "sentence"),
        [
            ("invoices", "total", "total in invoices.parquet should be 1020.00, found 1020.01."),
            (
                "lines",
                "amount",
                "amount of line 1 in lines.parquet should be 775.00, found 775.01.",
            ),
            (
                "workdays",
                "hours",
                f"hours of {DAY} in workdays.parquet should be 8.00, found 8.01.",
            ),
        ],
    )
    def test_with_a_cent_more_is_named(self, settings, billed, name, column, sentence):
        first = pl.when(pl.int_range(pl.len()) == 0)
        cent = first.then(CENT).otherwise(Decimal("0.00"))
        self.change(
            settings,
            name,
            lambda frame: frame.with_columns((pl.col(column) + cent).cast(frame.schema[column])),
        )

        assert found(settings) == [f"ANNA-0001: {sentence}"]

    def test_with_another_reject_is_named(self, settings, billed):
        self.change(settings, "rejects", lambda frame: frame.with_columns(rule=pl.lit("kind")))

        [sentence] = only(found(settings), "ANNA")
        assert sentence == (
            "rule of rejected workday 2026-10-03 ATLAS regular in rejects.parquet"
            " should be hours, found kind."
        )

    def test_without_a_row_is_named(self, settings, billed):
        self.change(settings, "lines", lambda frame: frame.tail(-1))

        [sentence] = found(settings)
        assert sentence.startswith("ANNA-0001: line 1 in lines.parquet should be ")
        assert sentence.endswith("775.00, EUR, found none.")

    def test_with_a_row_too_many_is_named(self, settings, billed):
        double = pl.lit(9, pl.Int32).alias("position")
        self.change(
            settings,
            "lines",
            lambda frame: pl.concat([frame, frame.tail(1).with_columns(double)]),
        )

        [sentence] = found(settings)
        assert sentence.startswith("BRUNO-0001: line 9 in lines.parquet should not be there, found")

    def test_of_floats_is_named(self, settings, billed):
        key = self.change(
            settings, "lines", lambda frame: frame.with_columns(pl.col("amount").cast(pl.Float64))
        )

        [sentence] = only(found(settings), key)
        assert "amount Decimal(precision=14, scale=2)" in sentence
        assert sentence.endswith("amount Float64, currency String.")

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            (lambda frame: pl.concat([frame, frame.tail(1)]), "1 repeated row"),
            (lambda frame: frame.reverse(), "another order"),
        ],
    )
    def test_not_as_it_was_written_is_named(self, settings, billed, change, what):
        key = self.change(settings, "lines", change)

        assert found(settings) == [f"{key}: Parquet should be sorted, each row once, found {what}."]

    def test_that_nobody_can_read_is_named(self, settings, billed):
        key = export_key("lines", OCTOBER)
        s3.put(settings.export_bucket, key, b"nonsense", "application/octet-stream")

        [sentence] = only(found(settings), key)
        assert sentence.startswith("Parquet should be readable, found ")

    def test_that_is_gone_is_named(self, settings, billed):
        for name in DATASETS:
            s3.client().delete_object(Bucket=settings.export_bucket, Key=export_key(name, OCTOBER))

        rows = {"deliveries": "2 rows", "invoices": "2 rows", "lines": "3 rows"}
        rows |= {"rejects": "1 row", "runs": "1 row", "workdays": "4 rows"}
        assert found(settings) == [
            f"{export_key(name, OCTOBER)}: Parquet should be a file of {count}, found none."
            for name, count in rows.items()
        ]
        assert verified(settings).datasets == 0

    def test_of_runs_and_helds_names_what_differs(self, settings, books, billed):
        books.employee("CLARA", self_billing_agreed_on=None)
        books.workday("CLARA", 1)
        run = books.value("SELECT max(id) FROM billing_run")
        bill_month(settings, OCTOBER, NOW)
        key = export_key("runs", OCTOBER)
        runs = pl.read_parquet(BytesIO(s3.get(settings.export_bucket, key)))
        held = export_key("helds", OCTOBER)
        helds = pl.read_parquet(BytesIO(s3.get(settings.export_bucket, held)))
        for place, frame in (
            (key, runs.with_columns(pl.col("billed_rows") + 1)),
            (held, helds[:0]),
        ):
            file = BytesIO()
            frame.write_parquet(file)
            s3.put(settings.export_bucket, place, file.getvalue(), "application/parquet")

        sentences = found(settings)

        assert any(
            sentence.startswith(f"run {run}: billed rows") and "in runs.parquet" in sentence
            for sentence in sentences
        ), sentences
        assert any(sentence.startswith("CLARA: held in helds.parquet") for sentence in sentences)

    def test_of_deliveries_may_be_behind(self, settings, books, billed):
        books.execute("UPDATE delivery SET status = 'delivered' WHERE recipient ~ '^anna'")
        books.execute(
            "INSERT INTO delivery (invoice_id, recipient, status, queued_at)"
            " SELECT invoice_id, recipient, 'queued', now() FROM delivery"
            " WHERE recipient ~ '^bruno'"
        )

        assert str(verified(settings)) == (
            "2026-10: 2 documents, 4 workdays, 2 PDFs and 7 datasets agree."
            " 2 deliveries changed since the export."
        )

    def test_of_deliveries_names_what_cannot_move(self, settings, billed):
        self.change(
            settings,
            "deliveries",
            lambda frame: frame.with_columns(recipient=pl.lit(None, pl.String)),
        )

        assert found(settings) == [
            f"{name}-0001: recipient of delivery {place} in deliveries.parquet should be"
            f" {name.lower()}@contractors.example, found none."
            for place, name in enumerate(("ANNA", "BRUNO"), start=1)
        ]

    def test_of_deliveries_has_the_first_of_every_invoice(self, settings, billed):
        self.change(settings, "deliveries", lambda frame: frame.tail(-1))

        [sentence] = found(settings)
        assert sentence.startswith("ANNA-0001: delivery 1 in deliveries.parquet should be ")
