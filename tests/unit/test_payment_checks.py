from datetime import UTC, datetime

import pytest

from chalicelib.billing.payment_checks import (
    FLAGS,
    Account,
    Case,
    Change,
    Payee,
    differences,
    masked,
    new_account,
    payment_checks,
)
from jobs.wording import PAYMENT_CHECKS

OLD, NEW = "PL61109010140000071219812874", "PL27114020040000300201355387"
SHOWN_OLD, SHOWN_NEW = "PL61…2874", "PL27…5387"


def payee(employee="ANNA", *, account=OLD, email="a@b.example", rates=("regular 50.0000 EUR",)):
    return Payee(employee, employee.title(), None, account, email, frozenset(rates))


def flagged(*cases):
    return [(check.employee, check.flag, check.old, check.new) for check in payment_checks(cases)]


class TestWhatDiffers:
    def test_is_nothing_where_the_last_invoice_said_the_same(self):
        assert flagged(Case(payee(), payee())) == []

    def test_is_an_account(self):
        assert differences(payee(account=NEW), payee()) == {"account": (SHOWN_OLD, SHOWN_NEW)}

    @pytest.mark.parametrize(
        "written",
        [
            "pl61 1090 1014 0000 0712 1981 2874",
            "PL61\u00a01090-1014\t0000.0712/1981\n2874",
            "\u200bPL61\u202f10901014000007121981\u00ad2874\ufeff",
            OLD.lower(),
        ],
    )
    def test_is_no_other_writing_of_it(self, written):
        assert differences(payee(account=written), payee()) == {}

    @pytest.mark.parametrize("none", [None, ""])
    def test_is_an_account_that_is_new_or_gone(self, none):
        assert differences(payee(), payee(account=none)) == {"account": ("none", SHOWN_OLD)}
        assert differences(payee(account=none), payee()) == {"account": (SHOWN_OLD, "none")}

    def test_is_an_email_address_to_the_letter(self):
        """The Kelvin sign is no k: lower-casing it would hide that the invoice goes elsewhere."""
        assert differences(payee(email="\u212a@b.example"), payee(email="k@b.example")) == {
            "email": ("k@b.example", "\u212a@b.example")
        }
        assert differences(payee(email=None), payee()) == {"email": ("a@b.example", "none")}
        assert differences(payee(), payee(email=None)) == {"email": ("none", "a@b.example")}

    def test_is_a_rate_that_the_last_invoice_did_not_have(self):
        raised = payee(rates=("regular 50.0000 EUR", "regular 55.0000 EUR"))

        assert differences(raised, payee()) == {
            "rate": ("regular 50.0000 EUR", "regular 55.0000 EUR")
        }
        assert differences(payee(rates=["regular 55.0000 EUR"]), raised) == {}

    def test_is_no_rate_of_a_kind_that_the_last_invoice_had_none_of(self):
        extra = payee(rates=("regular 50.0000 EUR", "overtime 75.0000 EUR"))

        assert differences(extra, payee()) == {}

    def test_is_the_same_figure_in_another_currency(self):
        assert differences(payee(rates=["regular 50.0000 PLN"]), payee()) == {
            "rate": ("regular 50.0000 EUR", "regular 50.0000 PLN")
        }

    def test_comes_with_who_changed_it_where_that_is_on_record(self):
        at = datetime(2026, 11, 2, tzinfo=UTC)
        now = payee(account=NEW, email="x@b.example")
        case = Case(now, payee(), changes={"account": Change(at, "operator", "anna@desk")})

        account, email = payment_checks([case])

        assert (account.changed_at, account.actor, account.claimed) == (at, "operator", "anna@desk")
        assert (email.changed_at, email.actor, email.claimed) == (None, None, None)


class TestANewAccount:
    def test_is_one_that_the_last_invoice_did_not_have(self):
        assert new_account(payee(), None)
        assert new_account(payee(account=NEW), payee())
        assert not new_account(payee(), payee())
        assert not new_account(payee(account=None), payee())
        assert not new_account(payee(account=None), None)

    def test_is_flagged_if_no_invoice_went_to_it(self):
        assert flagged(Case(payee(), None, Account(used=False))) == [
            ("ANNA", "first", None, SHOWN_OLD)
        ]

    def test_is_not_first_if_an_earlier_invoice_went_to_it(self):
        assert flagged(Case(payee(account=NEW), payee(), Account(used=True))) == [
            ("ANNA", "account", SHOWN_OLD, SHOWN_NEW)
        ]

    def test_names_some_of_the_others_who_have_it(self):
        holders = ("ANNA", "BOHDAN", "CHLOE", "DANA", "EMIL")

        shared, first = payment_checks([Case(payee(), None, Account(used=False, holders=holders))])

        assert (shared.flag, shared.others) == ("shared", ["BOHDAN", "CHLOE", "DANA"])
        assert (first.flag, first.others) == ("first", [])

    def test_is_not_shared_with_oneself(self):
        assert flagged(Case(payee(), None, Account(used=False, holders=("ANNA",)))) == [
            ("ANNA", "first", None, SHOWN_OLD)
        ]


class TestTheList:
    def test_begins_with_the_gravest(self):
        moved = Case(payee("BOHDAN", account=NEW, rates=["regular 1.0000 EUR"]), payee("BOHDAN"))
        fresh = Case(payee("ANNA"), None, Account(used=False, holders=("BOHDAN",)))

        assert [(flag, employee) for employee, flag, *_ in flagged(fresh, moved)] == [
            ("shared", "ANNA"),
            ("account", "BOHDAN"),
            ("rate", "BOHDAN"),
            ("first", "ANNA"),
        ]

    def test_is_worded_in_the_same_order(self):
        assert tuple(PAYMENT_CHECKS) == FLAGS


class TestAnAccountAsItIsShown:
    @pytest.mark.parametrize(
        ("account", "shown"),
        [
            ("PL61 1090 1014 0000 0712 1981 2874", SHOWN_OLD),
            ("12345678901", "…8901"),
            ("123", "…123"),
            (" ", "none"),
            (None, "none"),
        ],
    )
    def test_is_not_given_away(self, account, shown):
        assert masked(account) == shown
