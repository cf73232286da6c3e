"""
What a month costs on AWS, from measured work and published prices.

    python -m benchmarks.cost

prints the table of docs/cost.md.  Free tiers are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

HOURS = Decimal(730)
GIB = Decimal(1024**3)
MILLION = Decimal(1_000_000)

# Lambda gives one processor at this size, and a share of one below it.
ONE_PROCESSOR_MIB = Decimal(1769)


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars in us-east-1, as published between October 2025 and June 2026."""

    lambda_gb_second: Decimal = Decimal("0.0000166667")
    lambda_million: Decimal = Decimal("0.20")
    sqs_million: Decimal = Decimal("0.40")
    sns_million: Decimal = Decimal("0.50")
    s3_thousand_puts: Decimal = Decimal("0.005")
    s3_thousand_gets: Decimal = Decimal("0.0004")
    s3_gb_month: Decimal = Decimal("0.023")
    ses_thousand: Decimal = Decimal("0.10")
    ses_attachment_gb: Decimal = Decimal("0.12")
    logs_gb: Decimal = Decimal("0.50")
    traces_million: Decimal = Decimal("5.00")
    alarm: Decimal = Decimal("0.10")
    dashboard: Decimal = Decimal("3.00")
    metric: Decimal = Decimal("0.30")
    secret: Decimal = Decimal("0.40")
    database_gb_month: Decimal = Decimal("0.115")
    nat_hour: Decimal = Decimal("0.045")


@dataclass(frozen=True, slots=True)
class Work:
    """
    What one invoice takes.

    Measured: `bill_seconds` (25.1 s for 50,000 contractors of 22 days), `delivery_cpu_seconds`
    (38.0 s of processor for 1,000 invoices, rendered and emailed), the sizes of PDF and email.
    Estimated: `email_seconds` and `event_seconds`, mostly waiting for SES, S3 and the database;
    `sweep_seconds`; `log_bytes`.
    """

    bill_seconds: Decimal = Decimal("25.1") / 50_000
    delivery_cpu_seconds: Decimal = Decimal("38.0") / 1_000
    email_seconds: Decimal = Decimal("0.150")
    event_seconds: Decimal = Decimal("0.050")
    sweep_seconds: Decimal = Decimal(1)
    pdf_bytes: Decimal = Decimal(24_888)
    email_bytes: Decimal = Decimal(32_821)
    log_bytes: Decimal = Decimal(1_024)


@dataclass(frozen=True, slots=True)
class Size:
    """
    A company.

    Attributes:
        database_hour: Of one instance that is large enough, without a standby.
        server_hour: Of an always-on EC2 instance that could do the work of the functions.
    """

    invoices: Decimal
    database: str
    database_hour: Decimal
    database_gb: Decimal
    server: str
    server_hour: Decimal


SIZES = (
    Size(
        Decimal(100), "db.t4g.micro", Decimal("0.016"), Decimal(20), "t4g.small", Decimal("0.0168")
    ),
    Size(
        Decimal(10_000),
        "db.t4g.medium",
        Decimal("0.065"),
        Decimal(50),
        "t4g.medium",
        Decimal("0.0336"),
    ),
    Size(MILLION, "db.r6g.large", Decimal("0.24"), Decimal(500), "t4g.xlarge", Decimal("0.1344")),
)

# From the template: memory in MiB, alarms of an unsharded stack, metrics the functions write.
BILL_MIB, RENDER_MIB, SMALL_MIB = Decimal(3008), Decimal(512), Decimal(256)
ALARMS, METRICS, SWEEPS = 25, 8, 4 * 24 * 30
# The API reads one, the other functions the other.
SECRETS = 2
QUEUES, POLLERS, POLL_SECONDS = 3, 5, 20
TRACED = Decimal("0.05")
YEAR = 12

Line = Callable[[Size, Prices, Work], Decimal]


def functions(size: Size, prices: Prices, work: Work) -> Decimal:
    """Time and starts of all Lambdas, as if every message came alone."""
    rendering = work.delivery_cpu_seconds * ONE_PROCESSOR_MIB / RENDER_MIB
    seconds_at = (
        (size.invoices * work.bill_seconds, BILL_MIB),
        (size.invoices * rendering, RENDER_MIB),
        (size.invoices * (work.email_seconds + work.event_seconds), SMALL_MIB),
        (SWEEPS * work.sweep_seconds, SMALL_MIB),
    )
    starts = 3 * size.invoices + SWEEPS
    time = sum((seconds * mib / 1024 for seconds, mib in seconds_at), Decimal(0))
    return time * prices.lambda_gb_second + starts / MILLION * prices.lambda_million


def messages(size: Size, prices: Prices, _work: Work) -> Decimal:
    """Sent ten at a time, received, deleted; an idle queue is polled all month."""
    sent = QUEUES * size.invoices * (Decimal("0.1") + 2)
    polled = QUEUES * POLLERS * HOURS * 3600 / POLL_SECONDS
    events = size.invoices / MILLION * prices.sns_million
    return (sent + polled) / MILLION * prices.sqs_million + events


def emails(size: Size, prices: Prices, work: Work) -> Decimal:
    attached = size.invoices * work.email_bytes / GIB
    return size.invoices / 1000 * prices.ses_thousand + attached * prices.ses_attachment_gb


def documents(size: Size, prices: Prices, work: Work) -> Decimal:
    """This month's requests, and the storage of twelve months."""
    kept = size.invoices * YEAR * work.pdf_bytes / GIB
    requests = prices.s3_thousand_puts + 2 * prices.s3_thousand_gets
    return size.invoices / 1000 * requests + kept * prices.s3_gb_month


def monitoring(size: Size, prices: Prices, work: Work) -> Decimal:
    """Alarms, metrics, the dashboard, logs, traces and the secrets."""
    fixed = ALARMS * prices.alarm + METRICS * prices.metric + prices.dashboard
    fixed += SECRETS * prices.secret
    logs = 3 * size.invoices * work.log_bytes / GIB * prices.logs_gb
    return fixed + logs + 3 * size.invoices * TRACED / MILLION * prices.traces_million


def database(size: Size, prices: Prices, _work: Work) -> Decimal:
    return size.database_hour * HOURS + size.database_gb * prices.database_gb_month


LINES: dict[str, Line] = {
    "functions (Lambda)": functions,
    "messages (SQS, SNS)": messages,
    "emails (SES)": emails,
    "a year of documents (S3)": documents,
    "monitoring (CloudWatch, X-Ray) and the secrets": monitoring,
    "database (RDS)": database,
}


def as_markdown(prices: Prices | None = None, work: Work | None = None) -> str:
    """A table with a row for each part and a column for each of `SIZES`."""
    prices, work = prices or Prices(), work or Work()
    table = [
        ["US dollars a month", *(f"{size.invoices:,} invoices" for size in SIZES)],
        ["---", *("---:" for _ in SIZES)],
    ]
    for name, line in LINES.items():
        table.append([name, *(_dollars(line(size, prices, work)) for size in SIZES)])
    totals = [
        sum((line(size, prices, work) for line in LINES.values()), Decimal(0)) for size in SIZES
    ]
    servers = [
        total - functions(size, prices, work) - messages(size, prices, work)
        + size.server_hour * HOURS
        for total, size in zip(totals, SIZES, strict=True)
    ]  # fmt: skip
    pairs = list(zip(totals, SIZES, strict=True))
    nat = _dollars(prices.nat_hour * HOURS)
    table += [
        ["**total**", *(f"**{_dollars(total)}**" for total in totals)],
        ["per invoice", *(f"{total / size.invoices:.4f}" for total, size in pairs)],
        ["database instance", *(size.database for size in SIZES)],
        ["total with an always-on server instead", *(_dollars(server) for server in servers)],
        ["server instance", *(size.server for size in SIZES)],
        ["extra for a NAT gateway, if the database is in a VPC", *(nat for _ in SIZES)],
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in table)


def _dollars(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


if __name__ == "__main__":
    print(as_markdown())
