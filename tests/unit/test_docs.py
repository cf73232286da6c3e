"""The documents are true where a program can tell: links, folders, commands, figures."""

from __future__ import annotations

import re
import subprocess
import tomllib
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path, PurePosixPath

import pytest
import yaml

from benchmarks import cost
from cloud.project import PROJECT

README, ARCHITECTURE = PROJECT / "README.md", PROJECT / "docs" / "ARCHITECTURE.md"
WORKFLOW = PROJECT / ".github" / "workflows" / "ci.yml"

# What names folders and modules: they move, and sentences stay behind.
MAPS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/ARCHITECTURE.md")

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# An image inside a link's text is a link of its own.
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|^ {4}.*?$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]*)+|\w+\.py)`")
BLOCK_COMMAND = re.compile(r"^ {4}(make .+?)(?: +#.*)?$", re.MULTILINE)
PICTURE_BYTES = 150_000


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in listed.stdout.split("\0") if (PROJECT / name).is_file())


TRACKED = tracked()
DOCUMENTS = [name for name in TRACKED if name.endswith(".md")]


def anchors(text):
    """The names that a page's headings get on GitHub."""
    names = []
    for heading in HEADING.findall(CODE.sub(lambda code: code[0].strip("`"), text)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("*", "")
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        names.append(f"{name}-{names.count(name)}" if name in names else name)
    return names


def links(file, pattern=LINK):
    """The links of a page that lead to another of its files, or to a place in one."""
    found = pattern.findall(CODE.sub("", file.read_text()))
    return [link for link in found if not re.match(r"[a-z][a-z+.-]*:", link)]


def broken(file):
    """The links of *file* that lead nowhere."""
    return [link for link in links(file) if not leads_somewhere(file, link)]


def leads_somewhere(file, link):
    place, _, anchor = link.partition("#")
    target = (file.parent / place).resolve() if place else file
    if not target.exists() or not target.is_relative_to(PROJECT):
        return False
    return not anchor or anchor in anchors(target.read_text())


def linked_from(file):
    return {(file.parent / link.partition("#")[0]).resolve() for link in links(file)}


class TestLinks:
    @pytest.mark.parametrize("name", DOCUMENTS)
    def test_lead_somewhere(self, name):
        assert broken(PROJECT / name) == []

    def test_that_are_broken_are_found(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tests.unit.test_docs.PROJECT", tmp_path)
        page = tmp_path / "page.md"
        page.write_text(
            "# A page, *indeed*\n[here](#a-page-indeed) [there](#nowhere) ![gone](gone.png)"
            " `[code](is-no-link.md)`\n\n    [nor](this.md)\n\n[out](https://company.example)\n"
        )

        assert broken(page) == ["#nowhere", "gone.png"]

    def test_of_the_overview_reach_every_document(self):
        overview = PROJECT / "docs" / "README.md"
        reached = {overview.resolve(), *linked_from(overview)}
        # A link to a folder stands for the pages in it.
        documents = [PROJECT / name for name in DOCUMENTS if name.startswith("docs/")]

        assert [page for page in documents if reached.isdisjoint((page, *page.parents))] == []

    def test_of_the_architecture_reach_every_decision(self):
        decisions = {PROJECT / name for name in DOCUMENTS if "/decisions/0" in name}

        assert decisions
        assert decisions <= linked_from(ARCHITECTURE)


class TestPictures:
    def test_are_three_and_the_flow(self):
        shown = {PurePosixPath(picture).name for picture in links(README, PICTURE)}

        assert shown == {"month.png", "invoice.png", "report.png", "flow.svg"}

    @pytest.mark.parametrize("name", tracked("docs/pictures/*.png"))
    def test_are_small(self, name):
        assert (PROJECT / name).stat().st_size <= PICTURE_BYTES


class TestFolders:
    def test_are_all_on_the_map(self):
        maps = README.read_text() + ARCHITECTURE.read_text()
        folders = {f"{folder}/" for name in TRACKED for folder in PurePosixPath(name).parents}
        mapped = {
            folder
            for folder in folders - {"./"}
            if folder.count("/") == 1 or folder.startswith(("chalicelib/", "cloud/", "jobs/"))
        }

        assert sorted(folder for folder in mapped if f"`{folder}" not in maps) == []

    @pytest.mark.parametrize("name", MAPS)
    def test_and_modules_on_a_map_are_there(self, name):
        named = set(PATH.findall((PROJECT / name).read_text()))

        assert sorted(path for path in named if not is_there(path)) == []


def is_there(path):
    """Whether a file is, or a folder has one, at *path*, in whichever folder that is."""
    inside = f"/{path.rstrip('/')}"
    return any(f"/{known}".endswith(inside) or f"{inside}/" in f"/{known}" for known in TRACKED)


def project():
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def pythons():
    """The versions of Python that the project names, oldest first."""
    named = re.compile(r"Programming Language :: Python :: (3\.\d+)")
    return [found[1] for one in project()["classifiers"] if (found := named.fullmatch(one))]


class TestContinuousIntegration:
    @pytest.fixture
    def job(self):
        return yaml.safe_load(WORKFLOW.read_text())["jobs"]["test"]

    def test_runs_the_commands_of_the_readme(self, job):
        commands = BLOCK_COMMAND.findall(README.read_text())

        assert [step["run"] for step in job["steps"] if "run" in step] == commands
        assert commands == ["make run", "make test"]

    def test_runs_them_on_the_oldest_and_the_newest_python(self, job):
        assert job["strategy"]["matrix"]["python"] == [pythons()[0], pythons()[-1]]

    def test_has_hooks_for_what_make_checks(self):
        hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
        programs = {hook["entry"].split()[0] for hook in hooks["repos"][0]["hooks"]}

        assert programs == {f".venv/bin/{name}" for name in ("ruff", "mypy", "lint-imports")}
        assert all(program in (PROJECT / "Makefile").read_text() for program in programs)


class TestTheReadme:
    def test_names_the_pythons_of_the_project(self):
        *others, newest = pythons()

        assert f"Python {', '.join(others)} or {newest}" in README.read_text()
        assert project()["requires-python"] == f">={others[0]},<3.{int(newest[2:]) + 1}"

    def test_says_how_a_month_grows_as_measured(self):
        scale = (PROJECT / "docs" / "scale.md").read_text()
        few, many = (
            Decimal(re.search(rf"^\| {people} \|[^|]*\| ([\d.]+) \|", scale, re.MULTILINE)[1])
            for people in ("5,000", "50,000")
        )

        assert f"{many / few:.0f} times the seconds" in README.read_text()

    def test_says_what_costs_most_as_reckoned(self):
        size = next(size for size in cost.SIZES if size.invoices == 10_000)
        parts = {line: line(size, cost.Prices(), cost.Work()) for line in cost.LINES.values()}
        shares = {line: 100 * part / sum(parts.values()) for line, part in parts.items()}
        database = shares[cost.database].quantize(Decimal(1), ROUND_HALF_UP)

        assert f"the database is {database} % of the bill" in README.read_text()
        assert shares[cost.functions] < 1


def test_the_licence_is_that_of_the_project():
    assert project()["license"].startswith("MIT")
    assert (PROJECT / "LICENSE").read_text().startswith("MIT License\n")
    assert all(Path(PROJECT, name).is_file() for name in project()["license-files"])
