"""On a phone, by keyboard, by a screen reader, in the dark, in Ukrainian."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cloud.local.accounts import PASSWORD

ACCOUNTANT = "accounts@company.example"
PLACES = {
    "": "October 2026",
    "months/2026-11": "November 2026",
    "invoices": "Invoices",
    "invoices?delivery=complained": "Invoices",
    "invoices/HUDZ-0002": "HUDZ-0002",
    "nowhere": "Not found",
}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def open_everything(page):
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def serious(page, rules):
    """What axe holds against the page as it stands, from serious on."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
    return [
        (one["id"], node["html"])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


class TestEveryView:
    @pytest.mark.parametrize(
        ("scheme", "rules"),
        # In the dark only the colours are others.
        [("light", {}), ("dark", {"runOnly": ["color-contrast"]})],
        ids=["light", "dark"],
    )
    def test_has_nothing_serious_for_axe(self, visit, scheme, rules):
        stranger = visit(color_scheme=scheme)
        accountant = visit(ACCOUNTANT, color_scheme=scheme)
        contractor = visit("maria@hudz.example", color_scheme=scheme)
        stranger.go("", heading="Sign in")
        found = {"sign-in": serious(stranger.page, rules)}
        contractor.go("", heading="My invoices")
        found["mine"] = serious(contractor.page, rules)

        for place, heading in PLACES.items():
            accountant.go(place, heading=heading)
            open_everything(accountant.page)
            found[place] = serious(accountant.page, rules)

        assert {place: breaches for place, breaches in found.items() if breaches} == {}

    def test_fits_a_phone_without_scrolling_sideways(self, visit):
        phone = visit(ACCOUNTANT, viewport={"width": 360, "height": 780}, has_touch=True)
        wider = {}

        for place, heading in PLACES.items():
            phone.go(place, heading=heading)
            open_everything(phone.page)
            wider[place] = phone.page.evaluate(SIDEWAYS)
            phone.photograph(f"phone-{heading}")

        assert set(wider.values()) == {0}

    def test_takes_the_focus_and_names_itself(self, accountant):
        accountant.go("", heading="October 2026")

        accountant.page.get_by_role("link", name="Invoices", exact=True).click()
        accountant.sees("Invoices")

        expect(accountant.page.locator("h1")).to_be_focused()
        assert accountant.page.title() == "Invoices · Selfbill"


class TestByKeyboard:
    def test_one_signs_in_and_downloads(self, visit):
        keyboard = visit()
        press = keyboard.page.keyboard.press
        keyboard.go("", heading="Sign in")

        def tab_to(name):
            for _ in range(40):
                press("Tab")
                if name in keyboard.page.evaluate(
                    "(document.activeElement.ariaLabel ?? '') + document.activeElement.name"
                ):
                    return
            pytest.fail(f"no {name} by Tab")

        tab_to("email")
        keyboard.page.keyboard.type("maria@hudz.example")
        tab_to("password")
        keyboard.page.keyboard.type(PASSWORD)
        press("Enter")
        keyboard.sees("My invoices")
        tab_to("Download PDF of HUDZ-0001")
        with keyboard.page.expect_download() as started:
            press("Enter")

        assert started.value.suggested_filename == "HUDZ-0001.pdf"


class TestInUkrainian:
    def test_by_the_browsers_language(self, visit):
        reader = visit("maria@hudz.example", locale="uk-UA")

        reader.go("", heading="Мої рахунки")

        assert "125\u00a0472,75\u00a0UAH" in reader.panel("Жовтень 2026\u00a0р.")
        assert reader.page.get_by_role("table", name="Рахунки за жовтень 2026 р.").is_visible()
        assert reader.page.locator("html").get_attribute("lang") == "uk"
        reader.photograph("ukrainian")

    def test_by_choice_which_is_kept(self, visit):
        reader = visit("maria@hudz.example")
        reader.go("invoices/HUDZ-0001", heading="HUDZ-0001")

        reader.page.get_by_role("button", name="Українська").click()
        expect(reader.page.locator("h2").first).to_have_text("Рядки")
        reader.page.reload()

        expect(reader.page.locator("h2").first).to_have_text("Рядки")

    def test_says_how_many_in_the_right_form(self, visit):
        accountant = visit(ACCOUNTANT, locale="uk-UA")

        accountant.go("months/2026-10", heading="Жовтень 2026")

        concerns = accountant.page.locator("details.concern > summary").all_inner_texts()
        assert concerns == [
            "1 проблема з доставкою",
            "6 робочих днів відхилено",
            "3 підрядники: рахунки відкладено",
            "1 підрядник без рахунку: усі робочі дні відхилено",
        ]
        assert "139 робочих днів" in accountant.panel("Баланс")


class TestFigures:
    def test_keep_every_digit(self, contractor):
        contractor.go("", heading="My invoices")

        shown = contractor.page.evaluate(
            """async () => {
              const { amount, percent, rate } = await import("./format.js");
              const { sum } = await import("./decimal.js");
              return [amount("-90071992547409931.93"), sum(["90071992547409.93", "0.01", "-0.94"]),
                percent("0.075000"), percent("0.200000"), percent("0.000000"), percent("1.000000"),
                rate("37.7350"), rate("780.0000"), rate("1000.1234")];
            }"""
        )

        assert shown == [
            "\u221290,071,992,547,409,931.93",
            "90071992547409.00",
            "7.5\u00a0%",
            "20\u00a0%",
            "0\u00a0%",
            "100\u00a0%",
            "37.735",
            "780.00",
            "1,000.1234",
        ]
