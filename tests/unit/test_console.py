"""What a terminal is given: text as it is written, which it never obeys."""

import io
import json

import pytest
from rich.text import Text

from chalicelib.billing.escapes import escaped
from jobs.console import Terminal, Unread, json_of, sentence, write
from jobs.terminal import add_row, table

HOSTILE = "\x1b[2J[/] [red]Anna[/red] :smile:\x9b\u202e\u200b"
SHOWN = r"\x1b[2J[/] [red]Anna[/red] :smile:\x9b\u202e\u200b"


class Screen(io.StringIO):
    def isatty(self):
        return True


def printed(*things, **how):
    console = Terminal(file=io.StringIO(), width=200, **how)
    for thing in things:
        console.print(thing)
    return console.file.getvalue()


class TestATerminal:
    @pytest.mark.parametrize("made", [str, Text])
    def test_shows_text_as_it_is_written(self, made):
        assert printed(made(HOSTILE)) == f"{SHOWN}\n"

    def test_still_draws_in_colours(self):
        drawn = printed(Text(HOSTILE, "bold red"), force_terminal=True, color_system="standard")

        assert drawn == f"\x1b[1;31m{SHOWN}\x1b[0m\n"

    def test_draws_a_table_whose_cells_stay_in_their_columns(self):
        grid = table("name", HOSTILE)
        add_row(grid, f"{HOSTILE}\nBo", "8.00")
        add_row(grid, "Bo", "7.00")

        heading, hostile, other = printed(grid).rstrip("\n").split("\n")

        assert heading.index(SHOWN) == hostile.index("8.00") == other.index("7.00")
        assert f"{SHOWN}\\nBo" in hostile

    def test_of_which_nobody_reads_says_so(self):
        with pytest.raises(Unread):
            Terminal(file=io.StringIO()).on_broken_pipe()


class TestWhatIsWritten:
    def test_is_exact_for_another_program(self):
        file = io.StringIO()

        write(HOSTILE, file)

        assert file.getvalue() == HOSTILE

    def test_is_escaped_on_a_terminal(self):
        screen = Screen()

        write(f"{HOSTILE}\n", screen)

        assert screen.getvalue() == f"{SHOWN}\n"

    def test_as_json_means_the_same_and_holds_nothing_hostile(self):
        document = json_of({"name": HOSTILE, "letters": "Їжак"})

        assert json.loads(document) == {"name": HOSTILE, "letters": "Їжак"}
        assert escaped(document) == document
        assert "Їжак" in document

    def test_as_a_sentence_is_one_line(self):
        assert sentence(f"no:\n  {HOSTILE}") == f"no: {SHOWN}"
