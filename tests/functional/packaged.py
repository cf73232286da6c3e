"""A month by hand: each function out of its unpacked zip, alone, fed what the last one queued."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from cloud.local import aws_services
from cloud.package import isolation
from cloud.package.build import Package

# Not the deployed sender: verifying that one anew would forget who is told of its mails.
SENDER = "alone@prykladna.example"
HANDLERS = {
    "APIHandler": "app.app",
    "BillMonth": "app.bill_month",
    "RenderInvoice": "app.render_invoice",
    "EmailInvoice": "app.email_invoice",
    "RecordMailEvent": "app.record_mail_event",
    "Sweep": "app.sweep",
}


@dataclass(frozen=True)
class Alone:
    """The zips of a package, unpacked, and the services their functions call."""

    package: Package
    folder: Path
    environment: Mapping[str, str]
    reader_url: str

    def unpack(self):
        (self.folder / "runtime").mkdir()
        isolation.lay_out_runtime(self.folder / "runtime")
        for kind, archive in self.package.archives.items():
            with ZipFile(archive.path) as zipped:
                zipped.extractall(self.folder / kind)

    def call(self, function, event):
        [kind] = (kind for kind, names in self.package.functions.items() if function in names)
        return isolation.call(
            self.folder / kind,
            self.folder / "runtime",
            HANDLERS[function],
            event,
            self.environment_of(function),
        )

    def environment_of(self, function):
        """As the template has it: the API logs in to the database as another role."""
        if function != "APIHandler":
            return self.environment
        return {**self.environment, "DATABASE_URL": self.reader_url}

    def queued(self, name):
        """What is on a queue, as the event of its function."""
        sqs = aws_services.client("sqs", self.environment)
        records = []
        while messages := sqs.receive_message(
            QueueUrl=self.environment[name], MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                records.append(record(message["Body"], message["MessageId"]))
                sqs.delete_message(
                    QueueUrl=self.environment[name], ReceiptHandle=message["ReceiptHandle"]
                )
        return {"Records": records}


def record(body, message_id="1"):
    return {"messageId": message_id, "body": body, "eventSource": "aws:sqs", "attributes": {}}


def delivered(message_id, address):
    """What SES says through SNS of a mail that has arrived."""
    return json.dumps(
        {
            "notificationType": "Delivery",
            "mail": {"messageId": message_id, "timestamp": "2026-11-01T03:00:00.000Z"},
            "delivery": {"timestamp": "2026-11-01T03:00:01.000Z", "recipients": [address]},
        }
    )


def request(path, resource=None, email=None, **parameters):
    """What API Gateway makes of a GET, its authorizer passed by *email*."""
    claims = {"email": email, "email_verified": "true", "token_use": "id"}
    return {
        "resource": resource or path,
        "path": path,
        "httpMethod": "GET",
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": resource or path,
            "authorizer": {"claims": claims} if email else {},
        },
    }


def services(environment, database_url):
    """Queues and buckets that no deployed function listens to, in a running local cloud."""
    sqs, s3 = aws_services.client("sqs", environment), aws_services.client("s3", environment)
    aws_services.client("ses", environment).verify_email_identity(EmailAddress=SENDER)
    for bucket in ("alone-documents", "alone-exports"):
        s3.create_bucket(Bucket=bucket)
    queues = {
        name: sqs.create_queue(QueueName=f"alone-{name}")["QueueUrl"]
        for name in ("render", "email")
    }
    kept = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    return {
        **{name: environment[name] for name in (*kept, *PRINTED)},
        "DATABASE_URL": database_url,
        "DOCUMENT_BUCKET": "alone-documents",
        "EXPORT_BUCKET": "alone-exports",
        "RENDER_QUEUE_URL": queues["render"],
        "EMAIL_QUEUE_URL": queues["email"],
        "MAIL_SENDER": SENDER,
        "WEB_ORIGIN": "https://invoices.example",
    }


PRINTED = (
    "BILLING_TIMEZONE",
    "LINK_SECONDS",
    "PAYER_NAME",
    "PAYER_ADDRESS",
    "PAYER_TAX_ID",
    "PAYER_COUNTRY",
    "PAYMENT_TERMS_DAYS",
)
