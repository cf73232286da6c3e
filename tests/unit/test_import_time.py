"""Time exports in their tools' own form become workdays; what cannot is named with its line."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from jobs.cli.main import app
from jobs.csv_file import UnreadableFile
from jobs.import_time.clock import DateOrder, MixedDates, Unplaced, clock, hundredths, seconds
from jobs.import_time.people import directory, of_folder
from jobs.import_time.tools import TOOLS, ToolName
from jobs.import_time.workdays import as_csv, import_time

SAMPLES = Path(__file__).parents[1] / "samples"
FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
KYIV = ZoneInfo("Europe/Kyiv")

TOGGL = "User,Email,Project,Start date,Start time,End date,End time,Duration"
KIMAI = "Date,From,To,Duration,Name,Project"
HARVEST = "Date,Project,Project Code,Hours,First Name,Last Name"
ME = directory(
    [{"code": "ANNA", "email": "anna@x.example", "full_name": "Анна Їжак"}],
    [{"code": "ATLAS", "name": "Атлас"}, {"code": "BEACON", "name": "Beacon"}],
)


def sample(name):
    return import_time(SAMPLES / f"{name}.csv", TOOLS[ToolName(name)], of_folder(FIXTURES), KYIV)


def rows(imported):
    return [(w.employee, str(w.work_date), w.project, str(w.hours)) for w in imported.workdays]


def reasons(refusals):
    return {refusal.line: refusal.reason for refusal in refusals}


@pytest.fixture
def written(tmp_path):
    """Import lines below a heading, as one tool's file."""

    def read(tool, heading, *lines, known=ME, zone=KYIV, encoding="utf-8", **options):
        file = tmp_path / "export.csv"
        file.write_text("\n".join([heading, *lines]) + "\n", encoding=encoding)
        return import_time(file, TOOLS[ToolName(tool)], known, zone, **options)

    return read


@pytest.fixture
def toggl(written):
    """One entry of Anna's on ATLAS: begin, end and duration."""

    def read(begin, end, duration, **options):
        times = f"{begin.replace(' ', ',')},{end.replace(' ', ',')}"
        return written("toggl", TOGGL, f",anna@x.example,ATLAS,{times},{duration}", **options)

    return read


class TestTheSamples:
    def test_of_toggl_become_these_workdays(self):
        imported = sample("toggl")

        assert rows(imported) == [
            ("HUDZ", "2026-10-05", "DNIPRO", "7.50"),  # 3:20:00 and 4:10:10
            ("KOVALCHUK", "2026-10-06", "ATLAS", "1.50"),  # 22:30 to midnight
            ("KOVALCHUK", "2026-10-07", "ATLAS", "1.25"),
            ("KOVALCHUK", "2026-10-09", "ATLAS", "6.00"),  # 30:15:00 from 18:00 on
            ("KOVALCHUK", "2026-10-10", "ATLAS", "24.00"),
            ("KOVALCHUK", "2026-10-11", "ATLAS", "0.25"),
            ("KOVALCHUK", "2026-10-24", "ATLAS", "1.00"),
            ("KOVALCHUK", "2026-10-25", "ATLAS", "6.00"),  # to 05:00, the hour from 3 twice
        ]
        assert reasons(imported.refusals) == {
            7: "it has no project",
            8: "unknown employee: 'else@nowhere.example' or 'Somebody Else'",
        }
        assert "it lasts 30.25 hours (split at midnight into" in reasons(imported.notices)[5]

    def test_of_clockify_become_these_workdays(self):
        imported = sample("clockify")

        assert rows(imported) == [
            ("HUDZ", "2026-10-13", "DNIPRO", "7.84"),  # 3:30:00 and 4:20:20 are 7.8389 h
            ("KOVALCHUK", "2026-10-13", "ATLAS", "2.00"),
            ("KOVALCHUK", "2026-10-14", "ATLAS", "2.00"),
            ("KOVALCHUK", "2026-10-15", "ATLAS", "16.00"),
            ("KOVALCHUK", "2026-10-16", "ATLAS", "10.00"),
        ]
        assert reasons(imported.refusals) == {
            3: "it is a break",
            7: "unknown project: 'ORION'",
        }
        assert list(reasons(imported.notices)) == [6]
        assert imported.assumed is None

    def test_of_harvest_become_these_workdays(self):
        imported = sample("harvest")

        assert rows(imported) == [
            ("HUDZ", "2026-10-20", "DNIPRO", "7.50"),
            ("KOVALCHUK", "2026-10-20", "ATLAS", "7.25"),
        ]
        assert reasons(imported.refusals) == {
            6: (
                "it has 26.50 hours on one day and no times to split it by; correct it where it was"
                " recorded"
            ),
            7: "its duration is 0",
            8: "unknown employee: 'Марія Невідома'",
        }

    def test_of_kimai_become_these_workdays(self):
        imported = sample("kimai")

        assert rows(imported) == [
            ("HUDZ", "2026-10-26", "DNIPRO", "7.83"),  # a pause within the day takes nothing
            ("KOVALCHUK", "2026-10-26", "ATLAS", "2.50"),  # 21:30 to 01:00
            ("KOVALCHUK", "2026-10-27", "ATLAS", "5.00"),
            ("KOVALCHUK", "2026-10-28", "ATLAS", "22.00"),  # 26 h from 20:00 to 22:00
        ]
        assert list(reasons(imported.refusals)) == [6, 7]
        assert "the day of its break is unknown" in reasons(imported.refusals)[6]

    @pytest.mark.parametrize("name", list(ToolName))
    def test_lose_nothing(self, name):
        imported = sample(name)

        assert imported.placed + left_out(imported, name) == imported.read
        step = Decimal("0.005") * len(imported.workdays)
        assert abs(imported.hours - hundredths(imported.placed)) <= step

    def test_are_what_load_takes(self, tmp_path):
        assert as_csv(sample("harvest").workdays) == (
            "employee,work_date,project,kind,hours,note\n"
            "HUDZ,2026-10-20,DNIPRO,regular,7.50,\n"
            "KOVALCHUK,2026-10-20,ATLAS,regular,7.25,\n"
        )


def left_out(imported, name):
    """The seconds on the lines refused, worked out from the sample's text alone."""
    hours = {"toggl": "2.5", "clockify": "1.5", "harvest": "27.5", "kimai": "2.5"}
    return Fraction(hours[name]) * 3600


class TestPlacing:
    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            ("Europe/Kyiv", [("2026-10-06", "2.00"), ("2026-10-07", "1.00")]),
            ("UTC", [("2026-10-06", "3.00")]),  # 19:00 to 22:00
            ("Asia/Tokyo", [("2026-10-07", "3.00")]),  # 04:00 to 07:00
        ],
    )
    def test_parts_at_the_midnight_of_the_zone_of_days(self, toggl, days, expected):
        imported = toggl(
            "2026-10-06 22:00:00", "2026-10-07 01:00:00", "03:00:00", days=ZoneInfo(days)
        )

        assert [(str(w.work_date), str(w.hours)) for w in imported.workdays] == expected

    @pytest.mark.parametrize(
        ("begin", "end", "duration"),
        [
            ("2026-10-25 02:30:00", "2026-10-25 04:30:00", "03:00:00"),  # 3 to 4 comes twice
            ("2026-10-25 03:30:00", "2026-10-25 03:45:00", "01:15:00"),  # the second 3:45
            ("2026-10-25 03:30:00", "2026-10-25 03:45:00", "00:15:00"),  # the first
            ("2026-03-29 02:30:00", "2026-03-29 04:30:00", "01:00:00"),  # 3 to 4 is left out
        ],
    )
    def test_counts_the_time_that_passed_when_clocks_change(self, toggl, begin, end, duration):
        imported = toggl(begin, end, duration)

        assert imported.refusals == []
        assert imported.hours == hundredths(seconds(duration))

    def test_finds_which_of_two_equal_hours_it_began_in(self, toggl):
        """The second 3:30 of Kyiv is 0:30 in Praia; the first is before Praia's midnight."""
        imported = toggl(
            "2026-10-25 03:30:00",
            "2026-10-25 05:00:00",
            "01:30:00",
            days=ZoneInfo("Atlantic/Cape_Verde"),
        )

        assert rows(imported) == [("ANNA", "2026-10-25", "ATLAS", "1.50")]

    @pytest.mark.parametrize(
        ("begin", "end", "duration", "reason"),
        [
            (
                "2026-10-05 09:00:00",
                "2026-10-05 10:00:00",
                "08:00:00",
                "its times are only 1.00 hours apart",
            ),
            ("2026-10-05 22:00:00", "2026-10-06 02:00:00", "03:00:00", "split it at midnight"),
            ("2026-10-05 10:00:00", "2026-10-05 09:00:00", "01:00:00", "ends before it begins"),
            ("2026-13-05 10:00:00", "2026-10-05 09:00:00", "01:00:00", "is not a date"),
            ("2026-10-05 25:00:00", "2026-10-05 09:00:00", "01:00:00", "is not a time"),
            ("2026-10-05 10:00:00", "2026-10-05 11:00:00", "-01:00:00", "is not a duration"),
            ("2026-10-05 10:00:00", " ", "01:00:00", "it has no end"),
        ],
    )
    def test_says_why_it_cannot(self, toggl, begin, end, duration, reason):
        [refusal] = toggl(begin, end, duration).refusals

        assert reason in refusal.reason
        assert refusal.line == 2

    def test_takes_a_pause_within_one_day(self, toggl):
        [workday] = toggl("2026-10-05 09:00:00", "2026-10-05 18:00:00", "08:00:00").workdays

        assert workday.hours == Decimal("8.00")

    def test_leaves_out_what_is_less_than_half_a_hundredth_and_says_so(self, toggl):
        imported = toggl("2026-10-05 09:00:00", "2026-10-05 09:00:17", "00:00:17")

        assert imported.workdays == []
        assert "rounds to 0.00 hours" in imported.notices[0].reason

    def test_takes_a_kimai_day_that_repeats_the_date_before_its_times(self, written):
        imported = written(
            "kimai",
            KIMAI,
            "2026-10-05,2026-10-05 23:00,2026-10-06 00:30,1:30,Анна Їжак,ATLAS",
        )

        assert rows(imported) == [
            ("ANNA", "2026-10-05", "ATLAS", "1.00"),
            ("ANNA", "2026-10-06", "ATLAS", "0.50"),
        ]


class TestRounding:
    def test_is_once_per_person_project_and_day(self, written):
        """Three times 20 seconds are a minute, 0.02 h; each alone would be 0.01 h."""
        lines = [f"2026-10-05,ATLAS,,{hours},Анна,Їжак" for hours in ("0.0055556",) * 3]

        [workday] = written("harvest", HARVEST, *lines).workdays

        assert workday.hours == Decimal("0.02")

    @given(st.lists(st.integers(1, 86_400), min_size=1, max_size=9))
    def test_is_never_more_than_18_seconds_off(self, durations):
        total = sum(durations, Fraction())

        assert abs(Fraction(hundredths(total)) * 3600 - total) <= 18

    @pytest.mark.parametrize(("lasted", "hours"), [(17, "0.00"), (18, "0.01"), (54, "0.02")])
    def test_takes_halves_up(self, lasted, hours):
        assert hundredths(Fraction(lasted)) == Decimal(hours)


class TestNames:
    @pytest.mark.parametrize(
        ("first", "last"),
        [("Анна", "Їжак"), ("анна", "ЇЖАК"), ("Анна ", "І\u0308жак")],  # the last decomposed
    )
    def test_in_cyrillic_are_one_whatever_their_case_and_form(self, written, first, last):
        imported = written("harvest", HARVEST, f"2026-10-05,атлас,,1.00,{first},{last}")

        assert rows(imported) == [("ANNA", "2026-10-05", "ATLAS", "1.00")]

    def test_that_two_people_have_are_nobody_s(self, written):
        twins = directory(
            [
                {"code": code, "email": f"{code}@x.example", "full_name": "Анна Їжак"}
                for code in ("A1", "A2")
            ],
            [{"code": "ATLAS", "name": "Атлас"}],
        )

        imported = written("harvest", HARVEST, "2026-10-05,ATLAS,,1,Анна,Їжак", known=twins)

        assert imported.refusals[0].reason == (
            "'Анна Їжак' could be any of these employees: A1, A2; use the code"
        )

    def test_give_way_to_the_address(self, written):
        known = directory(
            [
                {"code": "ANNA", "email": "anna@x.example", "full_name": "Анна"},
                {"code": "BORYS", "email": None, "full_name": "Борис"},
            ],
            [{"code": "ATLAS", "name": "Атлас"}],
        )
        line = "Борис,Anna@X.example,ATLAS,2026-10-05,09:00:00,2026-10-05,10:00:00,01:00:00"

        [workday] = written("toggl", TOGGL, line, known=known).workdays

        assert workday.employee == "ANNA"

    @pytest.mark.parametrize(
        ("email", "owner"),
        [
            ("Kasse@maßwerk.example", "SHARP"),
            ("KASSE@MASSWERK.example", "DOUBLE"),
            ("\u212aasse@masswerk.example", None),
        ],
    )
    def test_give_way_to_the_address_of_nobody_else(self, written, email, owner):
        known = directory(
            [
                {"code": "SHARP", "email": "kasse@xn--mawerk-cta.example", "full_name": "Ї"},
                {"code": "DOUBLE", "email": "kasse@masswerk.example", "full_name": "Ю"},
            ],
            [{"code": "ATLAS", "name": "Атлас"}],
        )
        line = f"Nobody,{email},ATLAS,2026-10-05,09:00:00,2026-10-05,10:00:00,01:00:00"

        found = written("toggl", TOGGL, line, known=known).workdays

        assert [workday.employee for workday in found] == ([owner] if owner else [])

    def test_of_a_project_give_way_to_its_code(self, written):
        [workday] = written("harvest", HARVEST, "2026-10-05,Атлас,BEACON,1,Анна,Їжак").workdays

        assert workday.project == "BEACON"


class TestDates:
    @pytest.mark.parametrize(
        ("dates", "expected", "assumed"),
        [
            (["10/05/2026", "10/13/2026"], ["2026-10-05", "2026-10-13"], None),
            (["05/10/2026", "13/10/2026"], ["2026-10-05", "2026-10-13"], None),
            (["5.10.2026"], ["2026-10-05"], None),
            (["2026-10-05"], ["2026-10-05"], None),
            (["10/05/2026"], ["2026-10-05"], DateOrder.MONTH_FIRST),
        ],
    )
    def test_are_read_as_the_whole_file_shows(self, written, dates, expected, assumed):
        lines = [f"{text},ATLAS,,1,Анна,Їжак" for text in dates]

        imported = written("harvest", HARVEST, *lines)

        assert [str(workday.work_date) for workday in imported.workdays] == expected
        assert imported.assumed == assumed

    def test_are_read_as_one_says(self, written):
        line = "05/10/2026,ATLAS,,1,Анна,Їжак"

        imported = written("harvest", HARVEST, line, order=DateOrder.DAY_FIRST)

        assert str(imported.workdays[0].work_date) == "2026-10-05"
        assert imported.assumed is None

    def test_in_two_orders_are_refused(self, written):
        with pytest.raises(MixedDates, match="13/10/2026"):
            written("harvest", HARVEST, "13/10/2026,ATLAS,,1,A,B", "10/14/2026,ATLAS,,1,A,B")

    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("09:05", "09:05:00"),
            ("12:00:00 AM", "00:00:00"),
            ("12:30 pm", "12:30:00"),
            ("11:59:59 PM", "23:59:59"),
        ],
    )
    def test_go_with_times_of_either_clock(self, text, read):
        assert clock(text).isoformat() == read

    @pytest.mark.parametrize("text", ["13:00 PM", "0:30 AM", "24:00", "9", ""])
    def test_do_not_go_with_times_of_none(self, text):
        with pytest.raises(Unplaced):
            clock(text)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("0:13", 780), ("30:15:00", 108_900), ("1.5", 5400), ("7,5", 27_000), ("1.83", 6588)],
    )
    def test_go_with_durations_of_every_form(self, text, expected):
        assert seconds(text) == expected


class TestTheFile:
    def test_may_be_parted_by_semicolons_with_decimal_commas(self, written):
        imported = written("harvest", HARVEST.replace(",", ";"), "5.10.2026;ATLAS;;7,5;Анна;Їжак")

        assert rows(imported) == [("ANNA", "2026-10-05", "ATLAS", "7.50")]

    def test_of_another_tool_is_refused_with_what_it_lacks(self):
        with pytest.raises(UnreadableFile, match="is not Harvest's detailed time report: these"):
            import_time(SAMPLES / "toggl.csv", TOOLS[ToolName.HARVEST], ME, KYIV)

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'a,"b"c\n'])
    def test_that_is_no_csv_is_refused(self, tmp_path, content):
        file = tmp_path / "export.csv"
        file.write_bytes(content)

        with pytest.raises(UnreadableFile):
            import_time(file, TOOLS[ToolName.TOGGL], ME, KYIV)

    def test_may_have_short_lines_which_are_left_out(self, written):
        imported = written("toggl", TOGGL, "Анна Їжак,,ATLAS")

        assert [refusal.line for refusal in imported.refusals] == [2]


class TestTheCommand:
    def run(self, *arguments):
        return CliRunner().invoke(app, ["import-time", *arguments, "--from", str(FIXTURES)])

    def test_writes_the_file_and_tells_what_was_left_out(self, tmp_path):
        target = tmp_path / "workdays.csv"

        finished = self.run(str(SAMPLES / "toggl.csv"), "--format", "toggl", "--out", str(target))

        assert finished.exit_code == 1
        assert target.read_text().count("\n") == 9

    def test_ends_well_when_everything_has_its_place(self, tmp_path):
        file = tmp_path / "export.csv"
        file.write_text(f"{HARVEST}\n2026-10-05,ATLAS,,1,Олена,Ковальчук\n")

        finished = self.run(str(file), "--format", "harvest")

        assert finished.exit_code == 0
        assert "KOVALCHUK,2026-10-05,ATLAS,regular,1.00,\n" in finished.stdout

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            (["--zone", "Mars/Base"], "'Mars/Base' is not a time zone"),
            (["--out", "/nowhere/x.csv"], "cannot be written"),
        ],
    )
    def test_refuses_in_one_sentence(self, options, sentence):
        finished = self.run(str(SAMPLES / "toggl.csv"), "--format", "toggl", *options)

        assert sentence in str(finished.exception)
