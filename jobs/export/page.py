"""
docs/export.md, from the models of the export.

    python -m jobs.export.page > docs/export.md
"""

from __future__ import annotations

from typing import Any

from chalicelib.export.contract import contract

HEAD = """# The export

Written by `python -m jobs.export.page` from `chalicelib/export/contract.py`; the same contract
lies beside the data as `s3://{export bucket}/exports/_schema.json`. How to query it:
[analysts](analysts.md).

One Parquet file per dataset and period, rewritten whole after every run and correction, and by
`python -m jobs export PERIOD`:

    s3://{export bucket}/exports/{dataset}/period=YYYY-MM/part-0.parquet

Money, hours and rates are `DECIMAL`, days are `DATE`, moments `TIMESTAMP WITH TIME ZONE` in UTC;
nothing is floating point. The folder adds the column `period` (`2026-10`) to every dataset: the
month an invoice is booked in. Equal ledgers make equal bytes.

**Never half.** A file is replaced in one step: a reader sees the old one or the new one. What one
export wrote for one period carries the same stamp in each file's metadata (`selfbill.export`), so
that a query over several datasets can tell whether it saw one state; `python -m jobs query`
looks, and asks again if not.

New columns are added at the end; none is renamed, and none changes its meaning.
"""


def page() -> str:
    """The whole page, in Markdown."""
    datasets = contract()["datasets"]
    return "\n".join([HEAD, *(_section(name, described) for name, described in datasets.items())])


def _section(name: str, described: dict[str, Any]) -> str:
    order = ", ".join(f"`{column}`" for column in described["sorted_by"])
    rows = [_row(column) for column in described["columns"]]
    return "\n".join(
        [
            f"## `{name}`\n",
            f"{described['rows']} Sorted by {order}.\n",
            "| column | type | unit | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(column: dict[str, Any]) -> str:
    meaning = column["meaning"] + ("; may be null" if column["nullable"] else "")
    return f"| `{column['name']}` | {column['type']} | {column['unit']} | {meaning} |"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 -- what it is for
