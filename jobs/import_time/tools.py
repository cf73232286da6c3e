"""
The tools' detailed CSV exports: which of their columns we read, and their names.

Headings are compared without case. Which columns a tool writes depends on its settings, so only
those that are needed must be there; the rest is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ToolName(StrEnum):
    """The tools we know."""

    TOGGL = "toggl"
    CLOCKIFY = "clockify"
    HARVEST = "harvest"
    KIMAI = "kimai"


@dataclass(frozen=True, slots=True)
class Tool:
    """
    One tool's export.

    Attributes:
        report: The tool's name for it.
        columns: What we read, and the names its column may have.
        required: The columns that must be there.
    """

    name: ToolName
    report: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]


TOGGL = Tool(
    ToolName.TOGGL,
    "Toggl Track's detailed report",
    {
        "name": ("User", "Member"),
        "email": ("Email",),
        "project": ("Project",),
        "start_date": ("Start date",),
        "start_time": ("Start time",),
        "end_date": ("End date", "Stop date"),
        "end_time": ("End time", "Stop time"),
        "duration": ("Duration",),
    },
    required=("project", "start_date", "start_time", "duration"),
)

CLOCKIFY = Tool(
    ToolName.CLOCKIFY,
    "Clockify's detailed report",
    {
        "name": ("User",),
        "email": ("Email",),
        "project": ("Project",),
        "type": ("Type",),
        "start_date": ("Start Date",),
        "start_time": ("Start Time",),
        "end_date": ("End Date",),
        "end_time": ("End Time",),
        # The other column, in decimals, is rounded.
        "duration": ("Duration (h)", "Duration (decimal)"),
    },
    required=("project", "start_date", "start_time", "duration"),
)

# A day and its hours, without times.
HARVEST = Tool(
    ToolName.HARVEST,
    "Harvest's detailed time report",
    {
        "first_name": ("First Name",),
        "last_name": ("Last Name",),
        "email": ("Email",),
        "code": ("Employee Id",),
        "project": ("Project",),
        "project_code": ("Project Code",),
        "start_date": ("Date",),
        "duration": ("Hours",),
    },
    required=("project", "start_date", "duration"),
)

# One date, for the beginning; the end is only a time.
KIMAI = Tool(
    ToolName.KIMAI,
    "Kimai's CSV export",
    {
        "name": ("Name", "User", "Username"),
        "email": ("E-mail", "Email"),
        "code": ("Staff number", "Account number"),
        "project": ("Project",),
        "project_code": ("Project number",),
        "start_date": ("Date",),
        "start_time": ("From", "Begin"),
        "end_time": ("To", "End"),
        "duration": ("Duration",),
    },
    required=("project", "start_date", "start_time", "duration"),
)

TOOLS = {tool.name: tool for tool in (TOGGL, CLOCKIFY, HARVEST, KIMAI)}
