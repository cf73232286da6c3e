"""
docs/export.md, from the models of the export.

    python -m jobs.export.page > docs/export.md
"""

from __future__ import annotations

from typing import Any

from chalicelib.export.contract import contract

HEAD = """# The export

Written by `python -m jobs.export.page` from `chalicelib/export/contract.py`; the same contract
is stored beside the data as `s3://{export bucket}/exports/_schema.json`. To query it, see
[analysts](analysts.md).

There is one Parquet file per dataset and period. Every run and correction rewrites it, and so does
`python -m jobs export PERIOD`:

    s3://{export bucket}/exports/{dataset}/period=YYYY-MM/part-0.parquet

Amounts, hours and rates are `DECIMAL`, days are `DATE`, and moments are `TIMESTAMP WITH TIME ZONE`
in UTC; nothing is floating point. The folder name adds the column `period` (`2026-10`) to every
dataset: the month that an invoice is booked in. Equal ledgers give equal files, byte for byte.

**Atomic files.** A file is replaced in one step: a reader sees the old file or the new one. All
files that one export wrote for one period have the same stamp in their metadata
(`selfbill.export`), so a query over several datasets can tell whether it read one state.
`python -m jobs query` checks this and tries again if needed.

New columns are added at the end. No column is renamed or changes its meaning.
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
