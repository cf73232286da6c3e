"""One document of every kind that looks or counts differently."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from chalicelib.documents.printed import PrintedInvoice
from tests import builders_documents as build
from tests.builders_documents import RATES, billed, credit_of, days_of, work

MONTH = work("160.00", "33.5000")
PROJECTS = tuple(
    work(
        "4.00", f"{20 + number}.5000", project_code=f"P{number:02d}", project_name=f"Task {number}"
    )
    for number in range(1, 41)
)
RAISED = (work("80.00", "33.5000"), work("80.00", "37.7350"))
OVERTIME = (work("160.00", "33.5000"), work("6.50", "50.2500", kind="overtime"))
LONG = "Interdepartmental harmonisation of archival metadata, phase two, second extension " * 3
UKRAINIAN = build.party(
    name="Марія Ґудзь-Їжакевич",
    address="вул. Ґонти, 12, кв. 5, м. Львів, 79000",
    country="UA",
    tax_id="3184710691",
    iban="UA213223130000026007233566001",
)
PEOPLE = ("Ελένη Παπαδοπούλου", "Nguyễn Thị Ánh Tuyết", "Łukasz Żółć", "Şeyma İğdır")

SAMPLES: dict[str, PrintedInvoice] = {
    "one line": billed(MONTH),
    "forty lines": billed(*PROJECTS),
    "two rates": billed(*RAISED),
    "overtime": billed(*OVERTIME),
    "credit note": credit_of(billed(*OVERTIME)),
    "late days": billed(MONTH, days=days_of((MONTH,), date(2026, 9, 24))),
    "nothing due": billed(work("8.00", "0.0000")),
    "no account": billed(MONTH, supplier=build.party(iban=None)),
    "Ukrainian": billed(
        work("152.25", "825.5000", project_code="DNIPRO", project_name="Дніпро, портал громади"),
        supplier=UKRAINIAN,
        currency="UAH",
        tax_category="O",
        locale="uk-UA",
    ),
    "złoty": billed(MONTH, currency="PLN", locale="pl-PL"),
    "long names": billed(
        replace(MONTH, project_name=LONG),
        supplier=build.party(name=LONG.title(), address=LONG.replace(",", "\n")),
    ),
    **{f"category {category}": billed(MONTH, tax_category=category) for category in RATES},
    **{person: billed(MONTH, supplier=build.party(name=person)) for person in PEOPLE},
}
