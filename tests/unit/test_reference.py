"""docs/reference says what the code says, and leaves out no environment variable."""

import ast
import inspect
import re
from collections.abc import Iterator

import pytest

from cloud.local.cloud import EXAMPLE
from cloud.local.deploy import OUTPUTS, PARAMETERS
from cloud.project import PROJECT
from jobs import environment
from jobs.cli import month
from jobs.load.files import FILES
from jobs.load.values import Refused
from jobs.reference import csv_page, settings_page
from jobs.reference.__main__ import FOLDER, PAGES

# Options of DuckDB's CREATE SECRET, which look the same.
NO_VARIABLES = {"SESSION_TOKEN", "USE_SSL"}
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
COLUMNS = [
    pytest.param(column, id=f"{kind.name}:{column.name}")
    for kind in FILES
    for column in kind.columns
]
# A reference is judged by what the database holds.
JUDGED = [
    param
    for param in COLUMNS
    if param.values[0].wrong is not None and not param.values[0].references
]
FREE = [param for param in COLUMNS if param.values[0].wrong is None]
PYTHON = [file for top in ("chalicelib", "cloud", "jobs") for file in (PROJECT / top).rglob("*.py")]


@pytest.fixture
def described():
    """Every variable that the settings page describes."""
    return set(re.findall(r"^\| `([A-Z_0-9]+)` \|", settings_page.page(), re.MULTILINE))


def variables_read(source: str) -> set[str]:
    """
    The environment variables that *source* reads, or has others read.

    Whatever looks like a variable's name and stands where one is read counts: in brackets, in a
    call, before ``in``, as ``envvar``; written out or as a constant of the module.
    """
    tree = ast.parse(source)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    words = (
        constants.get(part.id, part) if isinstance(part, ast.Name) else part
        for node in ast.walk(tree)
        for part in _places(node)
    )
    return {
        word.value
        for word in words
        if isinstance(word, ast.Constant)
        and isinstance(word.value, str)
        and VARIABLE.fullmatch(word.value)
    }


def _places(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Subscript(slice=place):
            yield place
        case ast.Call(args=places, keywords=keywords):
            yield from places
            yield from (keyword.value for keyword in keywords if keyword.arg == "envvar")
        case ast.Compare(left=place, ops=[ast.In() | ast.NotIn()]):
            yield place


class TestThePages:
    @pytest.mark.parametrize("name", PAGES)
    def test_are_what_the_code_says(self, name):
        written = (FOLDER / name).read_text()

        assert written == PAGES[name](), "python -m jobs.reference"


class TestTheSettingsPage:
    def test_describes_every_variable_that_is_read(self, described):
        read = {str(file): variables_read(file.read_text()) for file in PYTHON}

        missing = {file: names - described - NO_VARIABLES for file, names in read.items()}
        assert not {file: names for file, names in missing.items() if names}

    def test_describes_every_variable_of_the_local_cloud(self, described):
        assert {*EXAMPLE, *OUTPUTS, *PARAMETERS.values()} <= described

    @pytest.mark.parametrize(
        "source",
        [
            'os.environ["NEW_NAME"]',
            'environment.get("NEW_NAME") or "x"',
            'Option(envvar="NEW_NAME")',
            '"NEW_NAME" in os.environ',
            'NAME = "NEW_NAME"\nos.environ[NAME]',
        ],
    )
    def test_would_miss_a_new_variable(self, source):
        assert variables_read(source) == {"NEW_NAME"}

    @pytest.mark.parametrize("option", ["factor", "max_hours"])
    def test_states_the_defaults_of_the_preview(self, option):
        defaults = {setting.name: setting.default for setting in environment.SETTINGS}

        default = inspect.signature(month.preview).parameters[option].default

        assert defaults[f"PREVIEW_{option.upper()}"] == default


class TestTheCsvPage:
    @pytest.mark.parametrize("column", COLUMNS)
    def test_gives_an_example_that_is_taken(self, column):
        assert column.read(column.example) is not None

    @pytest.mark.parametrize("column", JUDGED)
    def test_gives_one_that_is_refused(self, column):
        with pytest.raises(Refused):
            column.read(column.wrong)

    @pytest.mark.parametrize("column", FREE)
    def test_gives_none_where_any_text_is_taken(self, column):
        for field in ("", "x" * 1_000, "ü; 1,5"):
            column.read(field)

    def test_names_every_column(self):
        page = csv_page.page()

        assert all(f"| `{column.name}` |" in page for kind in FILES for column in kind.columns)
