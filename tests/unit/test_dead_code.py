"""Nothing is left over: no function that nobody calls, no module and no file that nobody needs."""

from __future__ import annotations

import json
import re

import grimp
from vulture import Vulture

from cloud.project import PROJECT

PROGRAM = ("app.py", "chalicelib", "cloud", "jobs", "benchmarks")
DEFINITIONS = {"class", "function", "method", "property", "import", "unreachable_code"}
# Called by what they are registered with.
REGISTERED = ["@serve", "@pa.check", "@app.*"]
# Called by name, by a library or by a template; or said to be what a frame holds.
CALLED_FROM_ELSEWHERE = {
    "OPTIONAL",  # compared with what the template gives the functions
    "Difference",  # the columns of a frame, as its docstring says
    "LOST",  # compared with the database's view of it
    "_add_fonts",  # fpdf2's own, replaced
    "format_commands",  # Typer draws --help with it
    "call",  # the proofs of what is packaged call each function so
    "on_broken_pipe",  # Rich's name for it
    "handle_DATA",  # aiosmtpd's name for it
    "log_request",  # http.server's name for it
    "narrow",  # page.html.j2
    "wide",  # page.html.j2
}
# Programs, each started by its name.
STARTED = {
    "benchmarks.__main__",
    "cloud.local.aws_process",
    "cloud.local.folder_watch",
    "benchmarks.cost",
    "jobs.guards",
    "jobs.__main__",
    "jobs.export.page",
    "jobs.reference.__main__",
}
# app.py and the template start these.
HANDLERS = re.compile(r"chalicelib\.steps import (\w+)")


def is_constant(item):
    return item.typ == "variable" and item.name.isupper()


class TestTheProgram:
    def test_has_no_definition_that_nothing_uses(self, monkeypatch):
        monkeypatch.chdir(PROJECT)
        vulture = Vulture(ignore_decorators=REGISTERED)
        vulture.scavenge([str(PROJECT / name) for name in PROGRAM])

        unused = [
            f"{item.filename.relative_to(PROJECT)}:{item.first_lineno} {item.name}"
            for item in vulture.get_unused_code(min_confidence=60)
            if (item.typ in DEFINITIONS or is_constant(item))
            and item.name not in CALLED_FROM_ELSEWHERE
        ]

        assert unused == []

    def test_has_no_module_that_nothing_imports(self):
        graph = grimp.build_graph("benchmarks", "chalicelib", "cloud", "jobs", cache_dir=None)
        entry = (PROJECT / "app.py").read_text()
        handlers = {f"chalicelib.steps.{name}" for name in HANDLERS.findall(entry)}
        routes = {f"chalicelib.api.{name}" for name in ("health", "invoices", "openapi", "runs")}

        unreached = {
            module
            for module in graph.modules
            if not graph.find_children(module)
            and not graph.find_modules_that_directly_import(module)
        }

        assert unreached - handlers - routes - STARTED == set()


class TestTheFiles:
    def test_of_policies_are_each_a_function_s(self):
        folder = PROJECT / ".chalice"
        configured = json.loads((folder / "config.json").read_text())["lambda_functions"]

        assert {file.name for file in folder.glob("policy-*.json")} == {
            function["iam_policy_file"] for function in configured.values()
        }

    def test_of_the_page_are_each_reached_from_its_first(self):
        web = PROJECT / "web"
        reached, waiting = set(), {web / "index.html"}
        while waiting:
            file = waiting.pop()
            reached.add(file)
            named = re.findall(r"[\"'(]([\w./-]+\.(?:js|css|svg))[\"')]", file.read_text())
            found = {(file.parent / name.removeprefix("/")).resolve() for name in named}
            waiting |= {file for file in found if file.exists()} - reached

        files = {file for file in web.rglob("*.*") if file.suffix in {".js", ".css", ".svg"}}
        assert files - reached == set()
