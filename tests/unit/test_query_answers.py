"""An answer as CSV is for people: no spreadsheet runs what somebody typed into a name."""

import csv
import io
import json

import duckdb
import pytest

from jobs.console import Terminal
from jobs.query import answers
from jobs.query.forms import Form

LINK = '=HYPERLINK("http://evil.example","pay")'
PIPE = "@SUM(1+1)*cmd|' /C calc'!A0"


@pytest.fixture
def answer():
    """A connection whose answer is what a SELECT gives."""
    with duckdb.connect() as connection:

        def ask(select, *values):
            connection.execute(f"CREATE OR REPLACE TABLE {answers.ANSWER} AS {select}", values)
            return connection

        yield ask


def written(connection, form):
    console = Terminal(file=io.StringIO())
    answers.write(connection, form, None, console)
    return console.file.getvalue()


def cells(connection):
    _, *rows = csv.reader(io.StringIO(written(connection, Form.CSV)))
    return rows


class TestACell:
    @pytest.mark.parametrize(
        "text", [LINK, PIPE, "+48 123", "-1+1", "\t=1", "\r=1", "\n=1", "  =1", "＝1"]
    )
    def test_that_begins_like_a_formula_is_a_text(self, answer, text):
        [[cell]] = cells(answer("SELECT ?", text))

        assert cell.startswith("'")
        assert cell.removeprefix("'") == text.replace("\r", r"\r")

    @pytest.mark.parametrize(("text", "cell"), [("a;=1", "a;'=1"), ("a; +1;b", "a;' +1;b")])
    def test_that_goes_on_like_one_where_semicolons_part_cells_is_a_text(self, answer, text, cell):
        assert cells(answer("SELECT ?", text)) == [[cell]]

    @pytest.mark.parametrize("text", ["Anna", "O'Brien", "a;b=c", "2026-10-01", "", "Їжак, Ґ"])
    def test_of_any_other_text_stays_as_it_is(self, answer, text):
        assert cells(answer("SELECT ?", text)) == ([[text]] if text else [[""]])

    @pytest.mark.parametrize(
        ("value", "cell"),
        [
            ("CAST(-1234.50 AS DECIMAL(16, 3))", "-1234.500"),
            ("-7", "-7"),
            ("DATE '2026-10-01'", "2026-10-01"),
            ("CAST(NULL AS VARCHAR)", ""),
            ("true", "True"),
            ("CAST('-1.5' AS DOUBLE)", "-1.5"),
        ],
    )
    def test_of_a_figure_stays_a_figure(self, answer, value, cell):
        assert cells(answer(f"SELECT {value}, 1")) == [[cell, "1"]]

    def test_obeys_no_terminal(self, answer):
        assert cells(answer("SELECT ?", "Bo\x1b[2J\u202e")) == [[r"Bo\x1b[2J\u202e"]]

    def test_of_the_heading_is_a_text_too(self, answer):
        assert written(answer('SELECT 1 AS "=1+1"'), Form.CSV) == "'=1+1\n1\n"

    def test_is_exact_in_json(self, answer):
        [record] = json.loads(written(answer("SELECT ? AS name", f"{LINK}\x1b\u202e"), Form.JSON))

        assert record == {"name": f"{LINK}\x1b\u202e"}

    def test_is_exact_in_parquet(self, answer, tmp_path):
        connection, file = answer("SELECT ? AS name", LINK), tmp_path / "answer.parquet"

        answers.write(connection, Form.PARQUET, file, Terminal(file=io.StringIO()))

        assert connection.execute("SELECT name FROM read_parquet(?)", [str(file)]).fetchall() == [
            (LINK,)
        ]
