"""
Write docs/reference from the code.

    python -m jobs.reference
"""

from __future__ import annotations

from cloud.project import PROJECT

from . import csv_page, roles_page, settings_page

FOLDER = PROJECT / "docs" / "reference"
PAGES = {
    "settings.md": settings_page.page,
    "csv.md": csv_page.page,
    "roles.md": roles_page.page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())
