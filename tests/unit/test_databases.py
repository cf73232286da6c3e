"""Which URL each program logs in to the database with."""

import pytest

from cloud.local import postgres
from cloud.local.cloud import _is_elsewhere
from cloud.local.databases import Databases, OtherDatabase, are_same, owner_url
from cloud.local.home import Home

OPERATOR = "postgresql://selfbill_operator:secret@db.example/selfbill"
OWNER = "postgresql://selfbill_owner:other@db.example:5432/selfbill"
ARN = "arn:aws:secretsmanager:eu-central-1:1:secret:selfbill"


class TestTheCloudsOwn:
    def test_are_each_of_a_role_and_migrated_by_who_can_make_roles(self, tmp_path):
        own = Databases.own(Home.at(tmp_path))

        assert [url.split("@")[0] for url in (own.operator, own.owner, own.writer, own.reader)] == [
            f"postgresql://selfbill_{role}" for role in ("operator", "owner", "writer", "reader")
        ]
        assert own.migrator.startswith("postgresql://postgres@")

    @pytest.mark.parametrize("role", ["postgres", "selfbill_operator", "selfbill_owner"])
    def test_are_known_whoever_a_shell_names(self, tmp_path, role):
        """An earlier release put the superuser's into the environment."""
        home = Home.at(tmp_path)

        assert not _is_elsewhere(home, postgres.url(home, role))

    @pytest.mark.parametrize("url", [OPERATOR, ARN])
    def test_are_not_those_of_another_server(self, tmp_path, url):
        assert _is_elsewhere(Home.at(tmp_path), url)


class TestThoseOfANamedDatabase:
    def test_are_all_the_one_that_is_named(self):
        assert Databases.named({"DATABASE_URL": OPERATOR}) == Databases(*[OPERATOR] * 5)

    def test_are_those_that_are_named(self):
        named = Databases.named(
            {
                "DATABASE_URL": OPERATOR,
                "DATABASE_OWNER_URL": OWNER,
                "DATABASE_WRITER_URL": "writer",
                "DATABASE_READER_URL": "reader",
            }
        )

        assert named == Databases(OPERATOR, OWNER, "writer", "reader", migrator=OWNER)

    def test_are_refused_if_the_owners_is_left_over_from_another(self):
        left_over = {"DATABASE_URL": OPERATOR, "DATABASE_OWNER_URL": OWNER + "_before"}

        with pytest.raises(OtherDatabase, match="set it to the owner's URL of the same database"):
            Databases.named(left_over)


class TestTheOwners:
    @pytest.mark.parametrize(
        ("everybodys", "owners", "expected"),
        [
            ("", "", ""),
            (OPERATOR, "", OPERATOR),
            ("", OWNER, OWNER),
            (OPERATOR, OWNER, OWNER),
            (ARN, OWNER, OWNER),
            (OPERATOR, ARN, ARN),
        ],
    )
    def test_is_its_own_or_else_everybodys(self, everybodys, owners, expected):
        named = {"DATABASE_URL": everybodys, "DATABASE_OWNER_URL": owners}

        assert owner_url(named) == expected


class TestTwoUrls:
    @pytest.mark.parametrize(
        ("other", "same"),
        [
            (OPERATOR, True),
            (OWNER, True),
            ("host=db.example dbname=selfbill user=anna", True),
            ("postgresql://selfbill_operator:secret@db.example/selfbill_dev", False),
            ("postgresql://selfbill_operator:secret@db.example:5433/selfbill", False),
            ("postgresql://selfbill_operator:secret@other.example/selfbill", False),
            (ARN, False),
            ("", False),
        ],
    )
    def test_are_of_one_database_by_host_port_and_name(self, other, same):
        assert are_same(OPERATOR, other) is same

    def test_of_one_secret_are_of_one_database(self):
        assert are_same(ARN, ARN)
        assert not are_same(ARN, f"{ARN}-2")
