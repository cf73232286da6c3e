"""The list of benchmarks: whatever measures is on it, so that `make bench` and the tests run it."""

from __future__ import annotations

from importlib import import_module
from inspect import isfunction
from pkgutil import iter_modules
from typing import get_type_hints

import pytest
from grimp import build_graph

import benchmarks
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.claims import Measured

# It reckons from what was measured, and measures nothing.
RECKONS = "benchmarks.cost"
MODULES = [f"benchmarks.{module.name}" for module in iter_modules(benchmarks.__path__)]


def measuring(name):
    """The functions of a module that return what they measured."""
    return [
        value
        for value in vars(import_module(name)).values()
        if isfunction(value)
        and value.__module__ == name
        and get_type_hints(value).get("return") is Measured
    ]


class TestTheListOfBenchmarks:
    @pytest.mark.parametrize("module", MODULES)
    def test_names_every_function_that_measures(self, module):
        listed = list(BENCHMARKS.values())

        assert [function for function in measuring(module) if function not in listed] == []

    def test_leaves_no_module_unused(self):
        """One that nothing imports is a benchmark that somebody forgot to list, or is dead."""
        graph = build_graph("benchmarks", cache_dir=None)
        used = graph.find_upstream_modules("benchmarks.__main__")

        assert set(MODULES) - used == {"benchmarks.__main__", RECKONS}

    def test_is_all_that_can_be_asked_for(self, capsys):
        with pytest.raises(SystemExit):
            main(["speed"])

        refusal = capsys.readouterr().err
        assert [name for name in BENCHMARKS if name not in refusal] == []
