"""Loading CSV files: all that can be stored, nothing twice, and one clear sentence for the rest."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from chalicelib.billing.errors import BillingError
from cloud import roles
from jobs.csv_file import UnreadableFile
from jobs.load.files import FILES
from jobs.load.store import MissingSchema, NothingToLoad, load_folder
from tests.conftest import as_role, create_database, forget, in_database

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"

EMPLOYEE_HEADING = (
    "code,full_name,email,department,project,currency,tax_rate,tax_id,address,country,iban,"
    "self_billing_agreed_on"
)
ANNA = "ANNA,Anna Nowak,anna@x.example,ENG,ATLAS,EUR,0.2,PL1,Kraków,PL,,2026-01-01"
WORKDAY_HEADING = "employee,work_date,project,kind,hours,note"
GOOD_DAY = "ANNA,2026-10-01,ATLAS,regular,8.00,"
COMPANY = {
    "departments.csv": "code,name\nENG,Engineering\n",
    "projects.csv": "code,name\nATLAS,Atlas\n",
    "employees.csv": f"{EMPLOYEE_HEADING}\n{ANNA}\n",
}


@pytest.fixture(scope="module")
def superuser_url(server_url):
    """Loading fills only tables that can be emptied, so one database does for all."""
    url = in_database(server_url, "loading")
    with psycopg.connect(server_url, autocommit=True) as server:
        create_database(server, "loading")
        yield url
        forget(as_role(url, roles.OPERATOR))
        server.execute("DROP DATABASE loading WITH (FORCE)")


@pytest.fixture
def database_url(superuser_url):
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for kind in reversed(FILES):
            connection.execute(f"DELETE FROM {kind.table}")
    return as_role(superuser_url, roles.OPERATOR)


@pytest.fixture
def load(database_url, tmp_path):
    """Load files with given contents; returns the refusals as they are shown."""

    def load(**contents):
        for name, content in contents.items():
            path = tmp_path / f"{name}.csv"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        loaded = load_folder(tmp_path, database_url, lambda _: None)
        return [str(refusal) for file in loaded for refusal in file.refusals]

    return load


@pytest.fixture
def company(database_url, tmp_path_factory):
    """Anna of Engineering, on Atlas."""
    folder = tmp_path_factory.mktemp("company")
    for name, content in COMPANY.items():
        (folder / name).write_text(content)
    load_folder(folder, database_url, lambda _: None)


@pytest.fixture
def load_workdays(company, load):
    """Load lines of workdays.csv, the first being line 2; returns the refusals."""

    def load_workdays(*lines):
        return load(workdays="\n".join((WORKDAY_HEADING, *lines)) + "\n")

    return load_workdays


def master_data(books):
    return {
        kind.table: books.rows(f"SELECT * FROM {kind.table} AS every ORDER BY every::text")
        for kind in FILES
    }


def employee(**fields):
    values = dict(zip(EMPLOYEE_HEADING.split(","), ANNA.split(","), strict=True)) | fields
    return f"{','.join(values)}\n{','.join(values.values())}\n"


class TestLoading:
    def test_stores_every_line_of_the_fixtures(self, database_url, books):
        loaded = load_folder(FIXTURES, database_url, lambda _: None)

        assert [(file.file, file.lines, file.changed, file.refusals) for file in loaded] == [
            (kind.name, lines, lines, [])
            for kind in FILES
            for lines in [len((FIXTURES / kind.name).read_text().splitlines()) - 1]
        ]
        assert {table: len(rows) for table, rows in master_data(books).items()} == {
            kind.table: file.lines for kind, file in zip(FILES, loaded, strict=True)
        }

    def test_twice_changes_nothing(self, database_url, books):
        load_folder(FIXTURES, database_url, lambda _: None)
        before = master_data(books)

        loaded = load_folder(FIXTURES, database_url, lambda _: None)

        assert [file.changed for file in loaded] == [0] * len(FILES)
        assert master_data(books) == before

    def test_updates_what_is_different(self, load_workdays, books):
        load_workdays(GOOD_DAY, "ANNA,2026-10-02,ATLAS,regular,8.00,")
        ids = books.column("SELECT id FROM workday ORDER BY work_date")

        load_workdays("ANNA,2026-10-01,ATLAS,regular,7.50,sick later")

        assert books.rows("SELECT id, hours, note FROM workday ORDER BY work_date") == [
            (ids[0], Decimal("7.50"), "sick later"),
            (ids[1], Decimal("8.00"), ""),
        ]

    def test_says_each_file_as_it_begins(self, database_url):
        told = []

        load_folder(FIXTURES, database_url, told.append)

        assert told == [kind.name for kind in FILES]

    def test_needs_no_file_but_one(self, load, books):
        load(projects="code,name\nATLAS,Atlas\n")

        assert books.rows("SELECT code, name FROM project") == [("ATLAS", "Atlas")]

    def test_of_a_folder_with_none_of_the_files_says_which(self, database_url, tmp_path):
        with pytest.raises(
            NothingToLoad, match=r"contains none of departments\.csv, projects\.csv"
        ):
            load_folder(tmp_path, database_url, lambda _: None)

    def test_into_a_database_without_tables_says_what_to_do(self, server_url):
        url = in_database(server_url, "template1")
        try:
            with pytest.raises(MissingSchema, match="python -m jobs migrate"):
                load_folder(FIXTURES, url, lambda _: None)
        finally:
            forget(url)

    def test_leaves_what_a_run_must_judge_to_the_run(self, load_workdays, books):
        assert (
            load_workdays(
                "ANNA,2026-10-01,ATLAS,standby,8.00,",
                "ANNA,2026-10-02,ATLAS,regular,80.00,",
                "ANNA,2026-10-03,ATLAS,regular,-4.00,",
                "ANNA,2026-10-04,ATLAS,regular,0,",
            )
            == []
        )

        assert books.value("SELECT count(*) FROM workday") == 4

    def test_takes_exact_decimals(self, load_workdays, books):
        assert (
            load_workdays(
                "ANNA,2026-10-01,ATLAS,regular,7.500,", "ANNA,2026-10-02,ATLAS,regular,+0.10,"
            )
            == []
        )

        assert books.column("SELECT hours::text FROM workday ORDER BY work_date") == [
            "7.50",
            "0.10",
        ]

    def test_stores_addresses_in_lower_case(self, company, load, books):
        load(users="email,role\nAnna@X.example,employee\n")
        load(employees=employee(email="ANNA@x.example"))

        assert books.column("SELECT email FROM app_user") == ["anna@x.example"]
        assert books.column("SELECT email FROM employee") == ["anna@x.example"]

    @pytest.mark.parametrize(
        ("given", "stored"),
        [
            ("kasse@maßwerk.example", "kasse@xn--mawerk-cta.example"),
            ("kasse@masswerk.example", "kasse@masswerk.example"),
            ("info@λόγος.example", "info@xn--oxapnm1c.example"),
            ("BIG.Name@C.EXAMPLE", "big.name@c.example"),
            ("carl@c.example\u00a0", "carl@c.example"),
        ],
    )
    def test_stores_the_domain_that_was_given(self, company, load, books, given, stored):
        """A stranger may own masswerk.example, and would get maßwerk.example's invoices."""
        assert load(employees=employee(email=given), users=f"email,role\n{given},employee\n") == []

        assert books.column("SELECT email FROM employee") == [stored]
        assert books.column("SELECT email FROM app_user") == [stored]

    def test_tells_an_absent_value_from_an_empty_one(self, company, load, books):
        load(
            employees=employee(email="", project="", iban="", self_billing_agreed_on="", tax_id="")
        )

        assert books.rows(
            "SELECT email, project_id, iban, self_billing_agreed_on, tax_id FROM employee"
        ) == [(None, None, None, None, "")]

    @pytest.mark.parametrize(
        ("fields", "stored"),
        [
            ({}, (None, "en")),
            ({"tax_category": "", "locale": ""}, (None, "en")),
            ({"tax_category": "S", "locale": "uk-UA"}, ("S", "uk-UA")),
            ({"tax_category": "AE", "tax_rate": "0", "locale": "pl"}, ("AE", "pl")),
        ],
    )
    def test_needs_neither_tax_category_nor_locale(self, company, load, books, fields, stored):
        assert load(employees=employee(**fields)) == []
        assert books.rows("SELECT tax_category, locale FROM employee") == [stored]

    def test_composes_letters(self, company, load, books):
        load(employees=employee(full_name="\u0406\u0308жак"))  # a letter and its dots

        assert books.column("SELECT full_name FROM employee") == ["Їжак"]


class TestRefusedLines:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (
                "ANNA,2026-02-30,ATLAS,regular,8,",
                "work_date is not a date: '2026-02-30'; write it as YYYY-MM-DD",
            ),
            (
                "ANNA,01.10.2026,ATLAS,regular,8,",
                "work_date is not a date: '01.10.2026'; write it as YYYY-MM-DD",
            ),
            (
                "ANNA,20261001,ATLAS,regular,8,",
                "work_date is not a date: '20261001'; write it as YYYY-MM-DD",
            ),
            ("ANNA,,ATLAS,regular,8,", "work_date is not a date: ''; write it as YYYY-MM-DD"),
            (
                "NOBODY,2026-10-02,ATLAS,regular,8,",
                "employee 'NOBODY' does not exist; correct it, or add it to employees.csv",
            ),
            (
                "anna,2026-10-02,ATLAS,regular,8,",
                "employee 'anna' does not exist; correct it, or add it to employees.csv",
            ),
            (
                "ANNA,2026-10-02,ORION,regular,8,",
                "project 'ORION' does not exist; correct it, or add it to projects.csv",
            ),
            ("ANNA,2026-10-02,ATLAS,regular,7.505,", "hours has more than 2 decimals: 7.505"),
            ("ANNA,2026-10-02,ATLAS,regular,1000,", "hours is too large: 1000"),
            (
                "ANNA,2026-10-02,ATLAS,regular,eight,",
                "hours is not a number: 'eight'; write it like 7.50",
            ),
            (
                "ANNA,2026-10-02,ATLAS,regular,NaN,",
                "hours is not a number: 'NaN'; write it like 7.50",
            ),
            (
                "ANNA,2026-10-02,ATLAS,regular,1e1,",
                "hours is not a number: '1e1'; write it like 7.50",
            ),
            (
                'ANNA,2026-10-02,ATLAS,regular,"7,5",',
                "hours is not a number: '7,5'; write it like 7.50",
            ),
            ("ANNA,2026-10-02,ATLAS,regular,٧,", "hours is not a number: '٧'; write it like 7.50"),
            ("ANNA,2026-10-02,ATLAS,,8,", "kind is empty"),
            ("ANNA,2026-10-02,ATLAS,regular,8,a\0b", "note contains a NUL character"),
            ("ANNA,2026-10-02,ATLAS,regular", "has 4 fields, but the heading has 6"),
            ("ANNA,2026-10-02,ATLAS,regular,8,a,b", "has 7 fields, but the heading has 6"),
            (
                "ANNA,2026-10-01,ATLAS,regular,4,",
                "repeats line 2; keep one of them, or correct its key",
            ),
        ],
    )
    def test_say_where_and_why_and_leave_the_rest(self, load_workdays, books, line, reason):
        refusals = load_workdays(GOOD_DAY, line, "ANNA,2026-10-31,ATLAS,regular,8.00,")

        assert refusals == [f"workdays.csv line 3: {reason}"]
        assert books.column("SELECT work_date FROM workday ORDER BY 1") == [
            date(2026, 10, 1),
            date(2026, 10, 31),
        ]

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"code": "anna"}, "code is 'anna'; write it like E-198"),
            ({"code": "A" * 21}, f"code is '{'A' * 21}'; write it like E-198"),
            ({"full_name": " "}, "full_name is empty"),
            (
                {"department": "OPS"},
                "department 'OPS' does not exist; correct it, or add it to departments.csv",
            ),
            (
                {"project": "ORION"},
                "project 'ORION' does not exist; correct it, or add it to projects.csv",
            ),
            ({"currency": "€"}, "currency is '€'; write it like EUR"),
            ({"country": "Poland"}, "country is 'Poland'; write it like UA"),
            ({"tax_rate": "20"}, "tax_rate is too large: 20"),
            ({"tax_rate": "1.5"}, "tax_rate must be 0 to 1: 1.5"),
            ({"tax_rate": "-0.2"}, "tax_rate must be 0 to 1: -0.2"),
            ({"tax_rate": "0.1234567"}, "tax_rate has more than 6 decimals: 0.1234567"),
            (
                {"tax_category": "VAT"},
                "tax_category is 'VAT'; write one of S, Z, E, AE, O",
            ),
            ({"tax_category": "E"}, "tax_category E does not fit a tax_rate of 0.2"),
            (
                {"tax_category": "S", "tax_rate": "0"},
                "tax_category S does not fit a tax_rate of 0",
            ),
            (
                {"locale": "uk_UA"},
                "locale is 'uk_UA'; write a language code, such as uk or uk-UA",
            ),
            (
                {"locale": "xx"},
                "locale is 'xx'; write a language code, such as uk or uk-UA",
            ),
            (
                {"self_billing_agreed_on": "soon"},
                "self_billing_agreed_on is not a date: 'soon'; write it as YYYY-MM-DD",
            ),
        ],
    )
    def test_of_employees_name_the_field(self, company, load, fields, reason):
        assert load(employees=employee(**fields)) == [f"employees.csv line 2: {reason}"]

    @pytest.mark.parametrize(
        ("email", "reason"),
        [
            ("anna@c.example\u200b", "it contains U+200B (ZERO WIDTH SPACE); type it again"),
            (
                "\u202aboris@c.example\u202c",
                "it contains U+202A (LEFT-TO-RIGHT EMBEDDING); type it again",
            ),
            ("dora@c.exam\u2060ple", "it contains U+2060 (WORD JOINER); type it again"),
            # Composed, as other texts are, this would be a K.
            (
                "\u212aim@c.example",
                "U+212A (KELVIN SIGN) cannot stand before the @; ask for the address in ASCII",
            ),
            ("a" * 300, "write one, like anna@company.example"),
        ],
    )
    def test_of_what_is_no_email_address_say_why(self, company, load, books, email, reason):
        [employees, users] = load(
            employees=employee(email=email), users=f"email,role\n{email},employee\n"
        )

        assert employees.startswith("employees.csv line 2: email '")
        assert employees.endswith(f"is not an email address: {reason}")
        assert users == employees.replace("employees.csv", "users.csv")
        assert books.column("SELECT email FROM employee") == ["anna@x.example"]

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("ANNA,2026-10-01,-1,1.5", "hourly_rate must be 0 or more: -1"),
            ("ANNA,2026-10-01,50.00001,1.5", "hourly_rate has more than 4 decimals: 50.00001"),
            ("ANNA,2026-10-01,50,0.075", "overtime_multiplier has more than 2 decimals: 0.075"),
            ("ANNA,2026-10-01,50,100", "overtime_multiplier is too large: 100"),
        ],
    )
    def test_of_rates_name_the_field(self, company, load, line, reason):
        heading = "employee,valid_from,hourly_rate,overtime_multiplier\n"

        assert load(rates=heading + line + "\n") == [f"rates.csv line 2: {reason}"]

    def test_of_users_name_the_field(self, load):
        assert load(users="email,role\na@b.example,boss\n,employee\n") == [
            "users.csv line 2: role is 'boss'; write one of accountant, employee",
            "users.csv line 3: email is empty",
        ]

    def test_are_all_named(self, load_workdays):
        refusals = load_workdays("NOBODY,2026-10-01,ATLAS,regular,8,", GOOD_DAY, "short", "x,y")

        assert [refusal.split(":")[0] for refusal in refusals] == [
            "workdays.csv line 2",
            "workdays.csv line 4",
            "workdays.csv line 5",
        ]

    def test_name_the_line_that_the_record_begins_on(self, load_workdays, books):
        refusals = load_workdays(
            'ANNA,2026-10-01,ATLAS,regular,8,"two\nlines"',
            "NOBODY,2026-10-01,ATLAS,regular,8,",
        )

        assert refusals == [
            (
                "workdays.csv line 4: employee 'NOBODY' does not exist; correct it, or add it to"
                " employees.csv"
            )
        ]
        assert books.column("SELECT note FROM workday") == ["two\nlines"]

    def test_of_an_address_that_is_somebody_elses_name_both(self, company, load, books):
        refusals = load(
            employees=employee(code="BOHDAN")
            + ANNA.replace("ANNA", "CLARA").replace("anna@", "Anna@")
        )

        assert refusals == [
            "employees.csv line 2: email anna@x.example already belongs to ANNA",
            "employees.csv line 3: email anna@x.example already belongs to ANNA",
        ]
        assert books.column("SELECT code FROM employee") == ["ANNA"]

    def test_of_an_address_twice_in_the_file_name_the_first(self, company, load, books):
        first = ANNA.replace("ANNA", "BOHDAN").replace("anna@", "new@")

        refusals = load(
            employees="\n".join((EMPLOYEE_HEADING, first, first.replace("BOHDAN", "CLARA")))
        )

        assert refusals == ["employees.csv line 3: email new@x.example already belongs to BOHDAN"]

    def test_take_along_the_lines_that_name_them(self, company, load):
        refusals = load(
            employees=employee(code="BOHDAN", email="", currency="euro"),
            workdays=f"{WORKDAY_HEADING}\nBOHDAN,2026-10-01,ATLAS,regular,8,\n",
        )

        assert refusals == [
            "employees.csv line 2: currency is 'euro'; write it like EUR",
            (
                "workdays.csv line 2: employee 'BOHDAN' does not exist; correct it, or add it to"
                " employees.csv"
            ),
        ]


class TestUnreadableFiles:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("", "is empty; its first line must name the columns"),
            (f"{WORKDAY_HEADING}\n{GOOD_DAY}".replace(",", ";"), "is not separated by commas"),
            (f"{WORKDAY_HEADING}\n{GOOD_DAY}".replace(",", "\t"), "is not separated by commas"),
            (WORKDAY_HEADING.replace("hours,", ""), "lacks these columns: hours"),
            (WORKDAY_HEADING.replace("hours", "Hours"), "lacks these columns: hours"),
            (WORKDAY_HEADING + ",rate", "has unknown columns: rate"),
            (WORKDAY_HEADING + ",note", "names a column twice"),
            (f"{WORKDAY_HEADING}\n{GOOD_DAY}café".encode("latin-1"), "is not UTF-8"),
            (f"{WORKDAY_HEADING}\n{GOOD_DAY}".encode("utf-16"), "is not UTF-8"),
            (
                f'{WORKDAY_HEADING}\n{GOOD_DAY}\nANNA,2026-10-02,ATLAS,regular,8,"open',
                "is not valid CSV from line 3 on",
            ),
            (
                f'{WORKDAY_HEADING}\n{GOOD_DAY}\nANNA,2026-10-02,"ATLAS"x,regular,8,',
                "is not valid CSV from line 3 on",
            ),
        ],
    )
    def test_say_what_to_do_and_nothing_of_the_folder_is_loaded(
        self, company, load, books, content, reason
    ):
        before = master_data(books)

        with pytest.raises(UnreadableFile) as raised:
            load(projects="code,name\nNEW,New\n", workdays=content)

        sentence = str(raised.value)
        assert sentence.startswith(f"workdays.csv: {reason}")
        assert ";" in sentence
        assert "\n" not in sentence
        assert master_data(books) == before

    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    def test_are_not_those_with_a_byte_order_mark(self, company, load, books, ending):
        assert (
            load(
                workdays=b"\xef\xbb\xbf" + ending.join((WORKDAY_HEADING, GOOD_DAY, "", "")).encode()
            )
            == []
        )

        assert books.value("SELECT count(*) FROM workday") == 1

    def test_are_not_those_without_a_column_that_has_a_default(self, company, load, books):
        assert (
            load(
                workdays="hours,employee,kind,project,work_date\n8,ANNA,regular,ATLAS,2026-10-01\n"
            )
            == []
        )

        assert books.rows("SELECT hours, note FROM workday") == [(Decimal("8.00"), "")]

    def test_are_not_those_with_a_heading_alone(self, company, load):
        assert load(workdays=WORKDAY_HEADING) == []

    def test_are_reported_as_a_sentence_for_people(self, load):
        with pytest.raises(BillingError):
            load(projects=b"\xff")
