"""What an accountant sees: the month at a glance, and every invoice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


def opened(visitor, words):
    """What stands in a concern of the month."""
    concern = visitor.page.locator("details.concern", has_text=words)
    concern.locator("summary").click()
    return concern.inner_text()


class TestTheMonth:
    @pytest.fixture
    def october(self, accountant):
        accountant.go("months/2026-10", heading="October 2026")
        return accountant

    def test_is_the_newest_at_first(self, accountant):
        accountant.go("", heading="October 2026")

        assert accountant.page.title() == "October 2026 · Selfbill"
        assert accountant.complaints == []

    def test_balances_to_the_row_and_the_hour(self, october):
        terms = october.page.locator(".equation .term")
        rows = [int(text) for text in terms.locator("strong").all_inner_texts()]
        hours = [
            round(float(re.sub(r"[^\d.]", "", text)) * 100)
            for text in terms.locator("span:last-child").all_inner_texts()
        ]

        assert rows[0] == sum(rows[1:]) > 0
        assert hours[0] == sum(hours[1:]) > 0
        assert "Balanced" in october.text

    def test_comes_to_so_much_in_each_currency(self, october):
        assert "16,321.60" in october.panel("EUR")
        assert "39,570.49" in october.panel("PLN")
        assert "286,632.75" in october.panel("UAH")

    def test_names_what_was_rejected_and_held_and_why(self, october):
        rejected = opened(october, "workdays rejected")
        held = opened(october, "held")

        assert "Åsa Lindqvist" in rejected
        assert "Hours must be more than 0 and no more than 24" in rejected
        assert "Jürgen Groß-Bäcker" in held
        assert "No self-billing agreement" in held

    def test_names_who_has_not_received_an_invoice_and_why(self, october):
        missing = opened(october, "delivery problem")

        assert "LEFEVRE-0001" in missing
        assert "Bounced" in missing

    def test_leads_from_a_state_to_its_invoices(self, october):
        october.page.get_by_role("link", name="Bounced").click()

        october.sees("Invoices")
        assert october.rows() == ["LEFEVRE-0001"]

    def test_draws_the_months_and_says_the_same_in_a_table(self, october):
        drawn = october.page.get_by_role("img", name="Totals in UAH by month")
        assert "September 2026 5,610.00" in drawn.get_attribute("aria-label").replace("\u00a0", " ")

        october.page.locator("figure summary", has_text="View UAH as a table").click()
        october.page.locator("figure").get_by_role("link", name="September 2026").click()

        october.sees("September 2026")

    def test_says_so_where_nothing_was_billed(self, october):
        october.page.get_by_role("link", name="November 2026").click()

        october.sees("November 2026")
        assert "Not billed yet" in october.text


class TestInvoices:
    def test_are_filtered_by_the_form_and_the_address_says_how(self, accountant):
        accountant.go("invoices", heading="Invoices")

        accountant.page.get_by_label("Email status").select_option("Bounced")
        expect(accountant.page.get_by_role("status").first).to_have_text("1 document")
        accountant.page.get_by_label("Document type").focus()
        accountant.page.get_by_label("Document type").select_option("Credit note")
        expect(accountant.page.locator("main")).to_contain_text("No invoices match these filters")

        assert accountant.page.url.endswith("#/invoices?kind=credit_note&delivery=bounced")
        expect(accountant.page.get_by_label("Document type")).to_be_focused()

    def test_are_the_same_by_the_address_alone(self, accountant):
        accountant.go("invoices?period=2026-10&delivery=bounced", heading="Invoices")

        assert accountant.rows() == ["LEFEVRE-0001"]
        expect(accountant.page.get_by_label("Email status")).to_have_value("bounced")
        expect(accountant.page.get_by_label("Month", exact=True)).to_have_value("2026-10")

    def test_are_unfiltered_again_by_going_back(self, accountant):
        accountant.go("invoices", heading="Invoices")
        everybody = accountant.rows()
        accountant.page.get_by_label("Contractor code").fill("NGUYEN")
        accountant.page.keyboard.press("Enter")
        expect(accountant.page.locator("tbody tr")).to_have_count(1)

        accountant.page.go_back()

        expect(accountant.page.locator("tbody tr")).to_have_count(len(everybody))
        expect(accountant.page.get_by_label("Contractor code")).to_have_value("")

    def test_go_on_page_after_page_without_repeats(self, accountant):
        accountant.go("invoices", heading="Invoices")
        everybody = accountant.rows()
        accountant.go("invoices?limit=4", heading="Invoices")
        more = accountant.page.get_by_role("button", name="Show more")

        for shown in range(8, len(everybody) + 4, 4):
            more.click()
            expect(accountant.page.locator("tbody tr")).to_have_count(min(shown, len(everybody)))

        assert accountant.rows() == everybody
        expect(more).to_have_count(0)

    def test_are_found_by_number(self, accountant):
        accountant.go("invoices", heading="Invoices")

        accountant.page.get_by_label("Invoice number").fill("ZDZBLO-0001")
        accountant.page.keyboard.press("Enter")

        accountant.sees("ZDZBLO-0001")

    def test_say_which_filter_cannot_be_read(self, accountant):
        accountant.go("invoices?period=2026-99", heading="That filter isn’t valid")


class TestTrouble:
    def test_of_the_connection_is_named(self, accountant):
        accountant.go("invoices", heading="Invoices")
        accountant.page.context.set_offline(True)

        accountant.page.get_by_role("link", name="NGUYEN-0001").click()
        accountant.sees("You’re offline")
        accountant.page.context.set_offline(False)
        accountant.page.get_by_role("button", name="Try again").click()

        accountant.sees("NGUYEN-0001")

    @pytest.mark.parametrize(
        ("answer", "heading"),
        [
            (lambda route: route.abort(), "Can’t reach the server"),
            (lambda route: route.fulfill(status=502, body="<html>"), "Something went wrong"),
        ],
    )
    def test_of_the_api_is_told_and_can_be_tried_again(self, accountant, answer, heading):
        accountant.page.route("**/_user_request_/**", answer)
        accountant.go("invoices", heading=heading)

        accountant.page.unroute("**/_user_request_/**")
        accountant.page.get_by_role("button", name="Try again").click()

        accountant.sees("Invoices")
