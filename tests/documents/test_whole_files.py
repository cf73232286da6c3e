"""Every sample PDF is sound, archival, and carries its e-invoice; what is not is seen."""

import re
from decimal import Decimal
from functools import cache
from io import BytesIO
from xml.etree.ElementTree import fromstring

import pikepdf
import pytest

from chalicelib.documents.einvoice import factur_x
from chalicelib.documents.invoice_pdf import render

from .samples import SAMPLES
from .validators import (
    archival_findings,
    described_properties,
    embedded,
    embedded_xml,
    metadata,
    rule_findings,
    schema_findings,
    syntax_findings,
)

EXTENSION_SCHEMA = re.compile(
    r"ISO_19005_3:6\.6\.2\.3\.1-1: XMP (namespace (pdfaExtension|pdfaSchema|pdfaProperty|fx)=\S+"
    r"|property (pdfaExtension:schemas"
    r"|fx:(DocumentFileName|DocumentType|Version|ConformanceLevel))) is not permitted "
)
"""
The findings that every sample has, and no others: PDF/A-3 permits properties that the file itself
describes (6.6.2.3), as Factur-X demands; the checker knows only those that PDF/A describes.
"""
SAID_OF_THE_E_INVOICE = {
    "DocumentType": "INVOICE",
    "DocumentFileName": "factur-x.xml",
    "Version": "1.0",
    "ConformanceLevel": "EN 16931",
}
FIGURES = {
    "TaxBasisTotalAmount": "subtotal",
    "TaxTotalAmount": "tax",
    "GrandTotalAmount": "total",
    "DuePayableAmount": "total",
}


@cache
def pdf(sample):
    return render(SAMPLES[sample])


@pytest.mark.parametrize("sample", SAMPLES)
class TestEverySample:
    def test_is_a_sound_file(self, sample):
        assert syntax_findings(pdf(sample)) == []

    def test_is_archival(self, sample):
        assert violations(pdf(sample)) == []

    def test_carries_its_e_invoice(self, sample):
        file = embedded(pdf(sample))

        assert (file.name, file.relationship) == ("factur-x.xml", "/Alternative")
        assert (file.mime_type, file.associated) == ("text/xml", True)
        assert file.content == factur_x(SAMPLES[sample])

    def test_carries_a_valid_e_invoice(self, sample):
        xml = embedded_xml(pdf(sample))

        assert schema_findings(xml) + rule_findings(xml) == []

    def test_carries_the_totals_of_the_invoice(self, sample):
        said = {
            element.tag.partition("}")[2]: Decimal(element.text)
            for element in fromstring(embedded_xml(pdf(sample))).iter()
            if element.text and element.tag.partition("}")[2] in FIGURES
        }

        invoice = SAMPLES[sample]
        assert said == {name: abs(getattr(invoice, field)) for name, field in FIGURES.items()}

    def test_says_what_it_is(self, sample):
        said = metadata(pdf(sample))

        assert SAMPLES[sample].number in said.pop("title")
        assert said == {"part": "3", "conformance": "B", **SAID_OF_THE_E_INVOICE}
        assert described_properties(pdf(sample)) == dict.fromkeys(SAID_OF_THE_E_INVOICE, "Text")


class TestValidators:
    """What says that every sample is sound must see one that is not."""

    def test_see_a_file_cut_short(self):
        whole = pdf("one line")

        assert syntax_findings(whole[: len(whole) * 3 // 4])

    def test_see_a_stream_that_cannot_be_read(self):
        assert syntax_findings(changed(spoil_contents))

    @pytest.mark.parametrize("missing", ["/Metadata", "/OutputIntents", "/AF"])
    def test_see_what_an_archival_file_lacks(self, missing):
        assert violations(changed(lambda document: document.Root.__delitem__(missing)))

    def test_see_a_font_that_is_not_embedded(self):
        assert violations(changed(use_a_standard_font))

    def test_see_a_file_without_an_e_invoice(self):
        with pytest.raises(ValueError, match="unpack"):
            embedded(changed(lambda document: document.attachments.clear()))


def violations(file):
    return [one for one in archival_findings(file) if not EXTENSION_SCHEMA.match(one)]


def changed(change):
    """Give the first sample with *change* made to it."""
    with pikepdf.open(BytesIO(pdf("one line"))) as document:
        change(document)
        file = BytesIO()
        document.save(file, preserve_pdfa=False)
    return file.getvalue()


def spoil_contents(document):
    document.pages[0].Contents = document.make_stream(b"no", Filter=pikepdf.Name.FlateDecode)


def use_a_standard_font(document):
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Courier
    )
    fonts = document.pages[0].Resources.Font
    fonts[next(iter(fonts.keys()))] = font
