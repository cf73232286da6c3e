import socket

import pytest

from chalicelib.store.actor import LENGTH, claim, started_by


class TestAClaim:
    def test_is_the_user_and_host_of_the_operating_system(self, monkeypatch):
        monkeypatch.setattr("getpass.getuser", lambda: "anna")
        monkeypatch.setattr(socket, "gethostname", lambda: "laptop")

        assert claim({}) == "anna@laptop"
        assert claim({"SELFBILL_ACTOR": " \n"}) == "anna@laptop"

    def test_of_a_user_without_a_name_is_the_number(self, monkeypatch):
        def nameless():
            raise KeyError("uid not found")

        monkeypatch.setattr("getpass.getuser", nameless)
        monkeypatch.setattr("os.getuid", lambda: 10001)
        monkeypatch.setattr(socket, "gethostname", lambda: "box")

        assert claim({}) == "10001@box"

    def test_can_be_set(self):
        assert claim({"SELFBILL_ACTOR": "Anna Nowak, accounts"}) == "Anna Nowak, accounts"

    def test_of_a_function_is_its_name_whatever_is_set(self):
        environment = {"AWS_LAMBDA_FUNCTION_NAME": "Sweep", "SELFBILL_ACTOR": "anna"}

        assert claim(environment) == "Sweep"

    def test_names_who_started_it_for_as_long_as_it_runs(self):
        environment = {"AWS_LAMBDA_FUNCTION_NAME": "BillMonth"}

        with started_by("schedule"):
            assert claim(environment) == "BillMonth by schedule"
        assert claim(environment) == "BillMonth"

    @pytest.mark.parametrize(
        ("hostile", "shown"),
        [
            ("an\x1b[31mna", "an\\x1b[31mna"),
            ("an\nna", "an\\nna"),
            ("an\u202ena", "an\\u202ena"),
            ("an\udc80na", "an\\udc80na"),
        ],
    )
    def test_shows_what_a_screen_would_obey(self, hostile, shown):
        assert claim({"SELFBILL_ACTOR": hostile}) == shown

    def test_is_cut_to_what_the_database_keeps(self):
        assert claim({"SELFBILL_ACTOR": "x" * 201}) == "x" * (LENGTH - 1) + "…"
        assert claim({"SELFBILL_ACTOR": "x" * 200}) == "x" * 200
