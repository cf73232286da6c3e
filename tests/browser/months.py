"""
The two months the browser tests look at.

    python -m tests.browser.months HOME

bills them in the cloud of the folder HOME, as somebody at the command line would.  A process of
its own, because the command line changes its environment; and one for all the commands, because
starting takes longer than most of them.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from typer.testing import CliRunner

from jobs.cli.main import app

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
# Such an address bounces on AWS and on the local cloud.
BOUNCES = "bounce@simulator.amazonses.com"
SECOND = "HUDZ,2026-10-02,DNIPRO,regular"


def bill(home: Path) -> None:
    """One email bounces; one invoice is corrected after its workdays changed."""
    months = home / "months"
    shutil.copytree(FIXTURES, months)
    change(months / "employees.csv", "chloe@lefevre.example", BOUNCES)
    jobs("load", str(months))
    jobs("bill", "2026-09")
    jobs("bill", "2026-10")
    change(months / "workdays.csv", f"{SECOND},7.25", f"{SECOND},7.00")
    jobs("load", str(months))
    jobs("correct", "HUDZ-0001")


def jobs(*arguments: str) -> None:
    finished = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert finished.exit_code in (0, 1), finished.output


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


if __name__ == "__main__":
    os.environ["SELFBILL_HOME"] = sys.argv[1]
    bill(Path(sys.argv[1]))
