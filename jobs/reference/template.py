"""What the deployed template says of its parameters and of the functions' environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from cloud.project import PROJECT

TEMPLATE = PROJECT / ".chalice" / "resources.yaml"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's tags, such as ``!Ref``, as the plain values behind them."""


def _plain(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Loader.add_multi_constructor("!", _plain)


def read() -> dict[str, Any]:
    """The template, every ``!Ref`` as the name it refers to."""
    content: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _Loader)  # noqa: S506 -- a SafeLoader
    return content


def given(template: dict[str, Any]) -> dict[str, list[str]]:
    """For each environment variable of the functions, the parameters that it is set from."""
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    parameters = template["Parameters"]
    return {
        name: [word for word in _words(value) if word in parameters]
        for name, value in variables.items()
    }


def _words(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _words(part)
    else:
        yield str(value)
