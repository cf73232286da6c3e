import base64
from dataclasses import replace
from email import message_from_bytes, policy
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.aws import ses
from chalicelib.aws.ses import Letter, compose, is_throttle

LETTER = Letter(
    sender="invoices@company.example",
    recipient="yizhak@contractors.example",
    subject="Рахунок Ї-0001",
    text="Вітаю, Їжаку!\n",
    html="<p>Вітаю, Їжаку!</p>\n",
    attachment_name="Ї-0001.pdf",
    attachment=bytes(range(256)),
)


class TestCompose:
    def test_carries_the_document_unchanged(self):
        message = message_from_bytes(compose(LETTER), policy=policy.default)

        [attachment] = message.iter_attachments()
        assert attachment.get_content() == LETTER.attachment
        assert attachment.get_content_type() == "application/pdf"
        assert attachment.get_filename() == "Ї-0001.pdf"

    def test_says_what_the_letter_says(self):
        message = message_from_bytes(compose(LETTER), policy=policy.default)

        assert message["Subject"] == LETTER.subject
        for kind, said in (("plain", LETTER.text), ("html", LETTER.html)):
            body = message.get_body((kind,))
            assert body.get_content().replace("\r\n", "\n") == said

    def test_says_where_answers_go_if_not_to_the_sender(self):
        answered = replace(LETTER, reply_to="accounts@company.example")

        assert message_from_bytes(compose(answered))["Reply-To"] == "accounts@company.example"
        assert message_from_bytes(compose(LETTER))["Reply-To"] is None

    def test_needs_no_eight_bit_mail_server(self):
        assert compose(LETTER).isascii()

    @pytest.mark.parametrize(
        "field", ["sender", "recipient", "subject", "reply_to", "attachment_name"]
    )
    @pytest.mark.parametrize("broken", ["\r\n", "\n", "\r"])
    def test_takes_no_second_header_from_a_field(self, field, broken):
        forged = replace(LETTER, **{field: f"a@b.example{broken}Bcc: thief@evil.example"})

        with pytest.raises(ValueError, match="linefeed or carriage return"):
            compose(forged)

    def test_writes_what_would_steer_a_reader_as_encoded_words(self):
        head, _, _ = compose(replace(LETTER, subject="Bo\x1b[2J\u202e")).partition(b"\r\n\r\n")

        assert b"\x1b" not in head
        assert head.isascii()


class TestIsThrottle:
    @pytest.mark.parametrize(
        ("code", "message", "expected"),
        [
            ("Throttling", "Maximum sending rate exceeded.", True),
            ("Throttling", "Rate exceeded", True),
            ("ThrottlingException", "", True),
            ("TooManyRequestsException", "Too many requests", True),
            ("Throttling", "Daily message quota exceeded.", False),
            ("MessageRejected", "Maximum sending rate exceeded.", False),
            ("AccountSendingPausedException", "", False),
        ],
    )
    def test_is_what_passes_in_seconds(self, code, message, expected):
        error = ClientError({"Error": {"Code": code, "Message": message}}, "SendRawEmail")

        assert is_throttle(error) is expected


class TestTheRequest:
    def test_is_written_as_urllib_writes_it(self):
        form = {
            "Action": "SendRawEmail",
            "Source": "Їжак <a+b@company.example>",
            "RawMessage.Data": base64.b64encode(bytes(range(256)) * 3 + b"=").decode(),
        }
        request = {"body": form}

        ses.write_body(request)

        assert request["body"].decode() == urlencode(form)

    def test_is_sent_so(self, monkeypatch):
        for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "eu-central-1")
        ses.client.cache_clear()
        sent = []

        def refuse(request, **_event):
            sent.append(request.body)
            raise EndpointConnectionError(endpoint_url=request.url)

        ses.client().meta.events.register("before-send.ses", refuse)
        with pytest.raises(EndpointConnectionError):
            ses.send("a@b.example", "c@d.example", b"\xff\xff\xbe\xfb\xe0", 7)

        ses.client.cache_clear()
        [body] = sent
        assert isinstance(body, bytes)
        assert b"RawMessage.Data=%2F%2F%2B%2B" in body
