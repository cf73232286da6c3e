import pytest

from chalicelib.settings import REQUIRED, InvalidSetting, MissingSetting, Settings

COMPLETE = dict.fromkeys(REQUIRED, "x") | {
    "BILLING_TIMEZONE": "Europe/Kyiv",
    "LINK_SECONDS": "300",
    "PAYMENT_TERMS_DAYS": "14",
}


class TestSettings:
    def test_are_read_from_the_environment(self):
        settings = Settings.from_environment(COMPLETE)

        assert settings.billing_timezone.key == "Europe/Kyiv"
        assert settings.payer.payment_terms_days == 14

    def test_name_every_variable_that_is_missing(self):
        without = {
            name: value
            for name, value in COMPLETE.items()
            if name not in ("DATABASE_URL", "PAYER_NAME")
        }

        with pytest.raises(MissingSetting, match="DATABASE_URL, PAYER_NAME"):
            Settings.from_environment(without)

    def test_take_an_empty_variable_for_missing(self):
        with pytest.raises(MissingSetting):
            Settings.from_environment(COMPLETE | {"PAYER_NAME": ""})

    @pytest.mark.parametrize(
        ("name", "value"),
        [("LINK_SECONDS", "five"), ("PAYMENT_TERMS_DAYS", "-1"), ("BILLING_TIMEZONE", "Kyiv")],
    )
    def test_refuse_what_cannot_be_read(self, name, value):
        with pytest.raises(InvalidSetting, match=name):
            Settings.from_environment(COMPLETE | {name: value})

    def test_leave_open_what_is_optional(self):
        settings = Settings.from_environment(COMPLETE | {"MAIL_REPLY_TO": ""})

        assert (settings.mail_reply_to, settings.mail_configuration_set) == (None, None)

    def test_take_what_is_optional_if_it_is_given(self):
        given = {"MAIL_REPLY_TO": "a@b.example", "MAIL_CONFIGURATION_SET": "selfbill"}

        settings = Settings.from_environment(COMPLETE | given)

        assert (settings.mail_reply_to, settings.mail_configuration_set) == tuple(given.values())
