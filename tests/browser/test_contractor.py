"""What a contractor sees: their own invoices, and nothing of anybody else's."""

from __future__ import annotations

import hashlib

import psycopg
import pytest
from playwright.sync_api import expect

from cloud.local import accounts


def hash_on_record(cloud, number):
    query = "SELECT sha256 FROM document JOIN invoice i ON i.id = invoice_id WHERE number = %s"
    with psycopg.connect(cloud["DATABASE_URL"]) as connection:
        [[found]] = connection.execute(query, [number]).fetchall()
    return found


class TestMyInvoices:
    def test_are_listed_by_month_with_what_it_comes_to(self, contractor):
        """125,667.75, taken back whole, and once more less a quarter of an hour at 780."""
        contractor.go("", heading="My invoices")

        assert contractor.rows() == ["HUDZ-0003", "HUDZ-0002", "HUDZ-0001"]
        assert "Total 125,472.75\u00a0UAH" in contractor.panel("October 2026")
        assert "\u2212125,667.75\u00a0UAH" in contractor.panel("October 2026")
        assert contractor.complaints == []

    def test_say_in_words_what_became_of_each(self, contractor):
        contractor.go("", heading="My invoices")

        states = contractor.page.locator("tbody .badge").all_inner_texts()

        assert set(states) <= {"Sent", "Delivered"}
        assert len(states) == 3

    def test_say_so_where_there_are_none(self, visit, cloud):
        accounts.open_accounts(["stranger@example.org"], cloud)
        stranger = visit("stranger@example.org")

        stranger.go("", heading="My invoices")

        assert "No invoices have been issued for stranger@example.org" in stranger.text


class TestAnInvoice:
    def test_shows_the_days_behind_each_line(self, contractor):
        contractor.go("invoices/HUDZ-0001", heading="HUDZ-0001")

        contractor.page.locator("summary", has_text="11 days").click()

        days = contractor.page.locator("details[open] li").all_inner_texts()
        assert days[1].split("\n") == ["Fri 2 Oct", "7.25"]
        assert days[-1].split("\n") == ["Hours", "86.50"]

    def test_leads_to_what_credits_it_and_back(self, contractor):
        contractor.go("invoices/HUDZ-0001", heading="HUDZ-0001")

        contractor.page.get_by_role("link", name="HUDZ-0002").click()
        contractor.sees("HUDZ-0002")
        assert contractor.page.title() == "HUDZ-0002 · Selfbill"
        contractor.page.get_by_role("link", name="HUDZ-0001").click()

        contractor.sees("HUDZ-0001")
        contractor.page.go_back()
        contractor.sees("HUDZ-0002")


class TestThePdf:
    def test_that_is_downloaded_is_the_one_on_record(self, contractor, cloud):
        contractor.go("invoices/HUDZ-0001", heading="HUDZ-0001")

        with contractor.page.expect_download() as started:
            contractor.page.get_by_role("button", name="Download PDF of HUDZ-0001").click()

        content = started.value.path().read_bytes()
        assert started.value.suggested_filename == "HUDZ-0001.pdf"
        assert content.startswith(b"%PDF")
        assert hashlib.sha256(content).hexdigest() == hash_on_record(cloud, "HUDZ-0001")
        expect(contractor.page.get_by_role("status")).to_contain_text("downloaded and verified")
        assert contractor.complaints == []

    def test_is_not_saved_if_it_is_another(self, contractor, cloud):
        contractor.page.route(
            f"**/{cloud['DOCUMENT_BUCKET']}/**", lambda route: route.fulfill(body="%PDF other")
        )
        saved = []

        def note(download):
            saved.append(download.suggested_filename)

        contractor.page.on("download", note)
        contractor.go("invoices/HUDZ-0001", heading="HUDZ-0001")

        contractor.page.get_by_role("button", name="Download PDF of HUDZ-0001").click()

        expect(contractor.page.get_by_role("status")).to_contain_text("wasn’t saved")
        assert saved == []


class TestOthersInvoices:
    @pytest.mark.parametrize(
        "place", ["invoices/KOVALCHUK-0001", "invoices/NOBODY-0001", "months", "months/2026-10"]
    )
    def test_do_not_exist_for_a_contractor(self, contractor, place):
        contractor.go(place, heading="Not found")

        assert "KOVALCHUK" not in contractor.page.content()
        assert "161,160" not in contractor.page.content()
        assert contractor.page.title() == "Not found · Selfbill"

    def test_are_not_listed_whatever_the_address_asks_for(self, contractor):
        contractor.go("invoices?employee=KOVALCHUK", heading="My invoices")

        assert {number[:5] for number in contractor.rows()} == {"HUDZ-"}
