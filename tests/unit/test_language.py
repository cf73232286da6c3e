import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.documents.pdf import coverage
from chalicelib.language import language_of
from chalicelib.language.catalogues import FOLDER, languages
from chalicelib.language.figures import MINUS, figures_of
from tests.locales import every_locale

PROGRAM = Path(__file__).parents[2] / "chalicelib"
OCTOBER = date(2026, 10, 1)
ENGLISH = language_of("en")
UKRAINIAN = language_of("uk-UA")


def messages_of_the_program():
    found = extract_from_dir(PROGRAM, method_map=[("**.py", "python")])
    return {(context, message) for _file, _line, message, _comments, context in found}


def catalogue(tag):
    with (FOLDER / f"{tag}.po").open("rb") as file:
        return read_po(file)


def messages(tag):
    return [message for message in catalogue(tag) if message.id]


def forms(texts):
    return [texts] if isinstance(texts, str) else list(texts)


def placeholders(text):
    return sorted(name for _text, name, _format, _conversion in Formatter().parse(text) if name)


@pytest.mark.parametrize("tag", sorted(languages()))
class TestACatalogue:
    def test_has_every_message_of_the_program_and_no_other(self, tag):
        assert {(message.context, message.id) for message in messages(tag)} == (
            messages_of_the_program()
        )

    def test_is_complete_and_certain(self, tag):
        assert [
            message.id
            for message in messages(tag)
            if message.fuzzy or not all(text.strip() for text in forms(message.string))
        ] == []

    def test_has_a_form_for_every_plural(self, tag):
        plural = [message for message in messages(tag) if message.pluralizable]

        assert plural
        assert {len(message.string) for message in plural} == {catalogue(tag).num_plurals}

    def test_fills_in_what_the_message_fills_in(self, tag):
        for message in messages(tag):
            for text in forms(message.string):
                assert placeholders(text) == placeholders(forms(message.id)[0])

    def test_is_printable(self, tag):
        texts = [text for message in messages(tag) for text in forms(message.string)]

        assert coverage.unprintable("".join(texts)) == ""


class TestALanguage:
    def test_is_found_for_a_country_and_for_none(self):
        assert UKRAINIAN.tag == language_of("uk").tag == language_of("uk-PL").tag == "uk"
        assert UKRAINIAN.gettext("Supplier") == "Постачальник"

    @pytest.mark.parametrize("locale", ["en", "en-US", "pl-PL"])
    def test_nobody_has_translated_is_english(self, locale):
        assert language_of(locale).tag == "en"
        assert language_of(locale).gettext("Supplier") == "Supplier"

    @pytest.mark.parametrize(
        ("count", "days"),
        [
            (1, "1 день"),
            (2, "2 дні"),
            (4, "4 дні"),
            (5, "5 днів"),
            (11, "11 днів"),
            (12, "12 днів"),
            (21, "21 день"),
            (22, "22 дні"),
        ],
    )
    def test_counts_in_its_own_plurals(self, count, days):
        written = UKRAINIAN.ngettext("{count} day", "{count} days", count)

        assert written.format(count=count) == days

    def test_leaves_what_it_does_not_know_as_it_is(self):
        assert UKRAINIAN.gettext("Nothing of ours") == "Nothing of ours"
        assert UKRAINIAN.pgettext("of a tax", "Total") == "Total"


class TestFigures:
    @pytest.mark.parametrize(
        ("rate", "written"),
        [
            ("33.5000", "33.50"),
            ("37.7350", "37.735"),
            ("0.0001", "0.0001"),
            ("1200", "1,200.00"),
            ("10.0000", "10.00"),
        ],
    )
    def test_write_rates_with_the_places_they_need(self, rate, written):
        assert ENGLISH.figures.rate(Decimal(rate)) == written

    @pytest.mark.parametrize(
        ("fraction", "written"),
        [
            ("0", "0 %"),
            ("0.000000", "0 %"),
            ("0.2", "20 %"),
            ("0.055", "5.5 %"),
            ("0.055125", "5.5125 %"),
            ("1", "100 %"),
        ],
    )
    def test_write_tax_rates(self, fraction, written):
        assert ENGLISH.figures.percentage(Decimal(fraction)) == written

    @pytest.mark.parametrize(
        ("locale", "written"),
        [
            ("en", f"{MINUS}1,234,567.50"),
            ("uk-UA", f"{MINUS}1\u00a0234\u00a0567,50"),
            ("pl-PL", f"{MINUS}1\u00a0234\u00a0567,50"),
            ("de-CH", f"{MINUS}1’234’567.50"),
            ("fr-FR", f"{MINUS}1\u00a0234\u00a0567,50"),
            ("sv-SE", f"{MINUS}1\u00a0234\u00a0567,50"),
            ("en-IN", f"{MINUS}12,34,567.50"),
        ],
    )
    def test_write_amounts_as_the_country_does_with_a_true_minus(self, locale, written):
        assert figures_of(locale).money(Decimal("-1234567.50")) == written

    @pytest.mark.parametrize(
        ("locale", "day", "month"),
        [
            ("en", "1 October 2026", "October 2026"),
            ("en-US", "October 1, 2026", "October 2026"),
            ("uk-UA", "1 жовтня 2026\u00a0р.", "жовтень 2026\u00a0р."),
            ("pl-PL", "1 października 2026", "październik 2026"),
        ],
    )
    def test_write_dates_with_the_month_in_letters(self, locale, day, month):
        assert figures_of(locale).day(OCTOBER) == day
        assert figures_of(locale).month(OCTOBER) == month

    def test_never_write_a_negative_zero(self):
        for zero in (Decimal("-0.00"), Decimal("0.00"), Decimal("-0.00")):
            assert ENGLISH.figures.money(zero) == "0.00"

    @given(st.decimals("-999999999999.99", "999999999999.99", places=2))
    def test_keep_every_digit(self, amount):
        written = figures_of("uk-UA").money(amount)
        read = written.replace("\u00a0", "").replace(",", ".").replace(MINUS, "-")

        assert Decimal(read) == amount

    def test_count_places_after_their_own_point(self):
        assert (
            figures_of("uk").places("1\u00a0237,735") == figures_of("en").places("1,237.735") == 3
        )


class TestDates:
    @pytest.mark.parametrize(
        ("locale", "month", "day"),
        [
            ("uk-UA", "жовтень 2026\u00a0р.", "1 жовтня 2026\u00a0р."),
            ("uk-PL", "жовтень 2026\u00a0р.", "1 жовтня 2026\u00a0р."),
            ("en-GB", "October 2026", "1 October 2026"),
            ("en-US", "October 2026", "October 1, 2026"),
            ("de-AT", "October 2026", "1 October 2026"),
            ("pl-PL", "October 2026", "1 October 2026"),
        ],
    )
    def test_are_in_the_language_of_the_words(self, locale, month, day):
        figures = language_of(locale).figures

        assert figures.month(OCTOBER) == month
        assert figures.day(OCTOBER) == day

    @every_locale
    def test_name_the_month_in_the_language_of_the_words_wherever_one_is(self, locales):
        for locale in locales:
            language = language_of(locale)
            names = Locale.parse(language.tag, sep="-").months["stand-alone"]["wide"]

            for number, name in names.items():
                assert name in language.figures.month(date(2026, number, 1)), locale

    def test_leave_numbers_to_the_country(self):
        assert language_of("pl-PL").figures.money(Decimal("1234567.50")) == (
            "1\u00a0234\u00a0567,50"
        )
        assert language_of("de-AT").figures.percentage(Decimal("0.055")) == "5,5\u00a0%"


class TestALocale:
    @pytest.mark.parametrize(
        "tag", ["", "x", "xx-YY", "en-XX", "\0", "hi-IN", "zh-Hant-TW", "ar", "../uk", "🎉"]
    )
    def test_nobody_can_follow_is_written_as_english(self, tag):
        assert language_of(tag).tag == "en"
        assert language_of(tag).figures.locale == ENGLISH.figures.locale

    def test_of_an_unknown_country_is_that_of_the_language(self):
        assert figures_of("uk-XX").locale == figures_of("uk").locale

    @every_locale
    def test_is_printable_wherever_it_is(self, locales):
        for tag in locales:
            figures = figures_of(tag)
            written = [
                figures.money(Decimal("-1234567.50")) + figures.percentage(Decimal("0.0725")),
                *(
                    figures.day(day) + figures.month(day) + figures.workday(day)
                    for day in (date(2026, month, month) for month in range(1, 13))
                ),
            ]
            assert coverage.unprintable("".join(written)) == "", tag
            assert not re.search("[\u202f\u2009]", "".join(written)), tag
