"""docs/reference/settings.md, from the settings and the template."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.api.security import WEB_ORIGIN
from chalicelib.aws.metrics import FUNCTION_NAME
from chalicelib.settings import SETTINGS, Setting
from cloud.local import settings as local
from cloud.local.cloud import EXAMPLE
from jobs import environment

from . import template
from .markdown import code, table

HEAD = """# Settings

Written by `python -m jobs.reference` from the code.

Selfbill reads its settings from environment variables.

- **On AWS** the template sets them for every Lambda function. You set the template's parameters.
- **On the command line** your shell sets them. What it leaves open comes from the running local
  cloud.
- **On the local cloud** `python -m jobs up` reads them from your shell and deploys the template
  with them. Every `up` reads them again: what is not set then goes back to the example company.
  [Your own company](../your-company.md) keeps them in a file. If `DATABASE_URL` is set, `up` uses
  that database instead of its own ([your own PostgreSQL](../own-postgres.md)).
"""

MAIN = """## Settings of the program

The Lambda functions and the commands that do the same work (`preview`, `bill`, `correct` and so on)
read these. Without one that says *refused* they end with a sentence that names it. *AWS* names the
parameter of the template; *local cloud* says what `up` takes if you set nothing. Where it says "by
the template" or "by `up`", there is nothing for you to set.
"""

COMMANDS = """## Command line only

Where a command has an option for the same thing, the option wins. Credentials for AWS are those of
any AWS tool (`AWS_PROFILE`, `AWS_ACCESS_KEY_ID` and so on); the local cloud needs none.
"""

PAGE = """## The page

Set by the template's `WebOrigin` on AWS, and by `up` on the local cloud.
"""

CHOSEN = """## Local cloud only

Set it before `up`.
"""

FOUND = """## What else `env` prints

`python -m jobs env` prints the settings of the running local cloud as `export NAME=value`. It
prints these as well, which `up` finds out.
"""

HANDED_DOWN = """## Set by the program itself

Don't set these. AWS and the local cloud set them for the processes they start.
"""

PARAMETERS = """## Parameters of the template

Given to `aws cloudformation deploy --parameter-overrides` as `NAME=value`
([Deploy and operate](../deploy.md)).
"""


def page() -> str:
    """The whole page, in Markdown."""
    deployed = template.read()
    sections = [
        (MAIN, _main(template.given(deployed))),
        (COMMANDS, _settings(environment.SETTINGS)),
        (PAGE, _settings([WEB_ORIGIN])),
        (CHOSEN, _settings(local.CHOSEN)),
        (FOUND, _named(local.FOUND)),
        (HANDED_DOWN, _named([FUNCTION_NAME, *local.HANDED_DOWN])),
        (PARAMETERS, _parameters(deployed["Parameters"])),
    ]
    return "\n".join([HEAD, *(f"{text}\n{rows}\n" for text, rows in sections)])


def _main(given: dict[str, list[str]]) -> str:
    heading = ("variable", "meaning", "if it is not set", "AWS", "local cloud")
    return table(
        heading,
        [
            (
                code(setting.name),
                setting.meaning,
                _unset(setting),
                " or ".join(map(code, given[setting.name])) or "by the template",
                code(EXAMPLE.get(setting.name, "")) or "by `up`",
            )
            for setting in SETTINGS
        ],
    )


def _settings(settings: Iterable[Setting]) -> str:
    rows = [
        (code(setting.name), setting.meaning, EXAMPLE.get(setting.name) or setting.default)
        for setting in settings
    ]
    return table(("variable", "meaning", "default"), rows)


def _named(settings: Iterable[Setting]) -> str:
    rows = [(code(setting.name), setting.meaning) for setting in settings]
    return table(("variable", "meaning"), rows)


def _unset(setting: Setting) -> str:
    return "refused" if setting.required else setting.default


def _parameters(parameters: dict[str, dict[str, Any]]) -> str:
    rows = [
        (code(name), parameter["Description"], _values(parameter), _default(parameter))
        for name, parameter in parameters.items()
    ]
    return table(("parameter", "meaning", "values", "default"), rows)


def _values(parameter: dict[str, Any]) -> str:
    if allowed := parameter.get("AllowedValues"):
        return ", ".join(map(code, allowed))
    if pattern := parameter.get("AllowedPattern"):
        return code(pattern)
    least, most = parameter.get("MinValue"), parameter.get("MaxValue")
    if most is not None:
        return f"{least} to {most}"
    return "text" if least is None else f"{least} or more"


def _default(parameter: dict[str, Any]) -> str:
    if "Default" not in parameter:
        return "required"
    return code(str(parameter["Default"])) or "empty"
