"""The environment variables of a local cloud alone, described for docs/reference/settings.md."""

from __future__ import annotations

from chalicelib.settings import Setting

from . import databases, mailbox, page_server

# What can be set before `up`, beside the payer and the sender.
CHOSEN = (
    Setting(
        databases.WRITER_URL,
        "The database in `DATABASE_URL` as the Lambda functions use it: a URL of `selfbill_writer`",
        default="`DATABASE_URL`",
    ),
    Setting(
        databases.READER_URL,
        "The same as the API uses it: a URL of `selfbill_reader`",
        default="`DATABASE_URL`",
    ),
    Setting(
        "BILLING_SHARDS",
        "Parts that a month is billed in: a whole number from 1 to 500. On AWS this is the"
        " template's `Shards`",
    ),
)

# What `up` finds out and `env` prints.
FOUND = (
    Setting("API_URL", "Address of the API"),
    Setting("AWS_ENDPOINT_URL", "Address of the local AWS services"),
    Setting("AWS_ACCESS_KEY_ID", "Access key of the local AWS services"),
    Setting("AWS_SECRET_ACCESS_KEY", "Its secret, which protects nothing"),
    Setting("AWS_DEFAULT_REGION", "Region of the local AWS services"),
    Setting("BILL_MONTH_FUNCTION", "Name of the Lambda function that bills a month"),
    Setting("DATABASE_READER_SECRET_ARN", "The secret that the API reads its `DATABASE_URL` from"),
    Setting(
        "DATABASE_SECRET_ARN",
        "The secret that the other Lambda functions read their `DATABASE_URL` from",
    ),
    Setting("EMAIL_DEAD_LETTERS_URL", "Dead-letter queue behind `EMAIL_QUEUE_URL`"),
    Setting("MAIL_EVENTS_TOPIC", "SNS topic that SES sends its events to"),
    Setting("MAIL_EVENT_DEAD_LETTERS_URL", "Dead-letter queue behind `MAIL_EVENT_QUEUE_URL`"),
    Setting("MAIL_EVENT_QUEUE_URL", "SQS queue of SES's events"),
    Setting("MAIL_FOLDER", "Folder in which every email is kept as a file"),
    Setting("RENDER_DEAD_LETTERS_URL", "Dead-letter queue behind `RENDER_QUEUE_URL`"),
    Setting("USER_POOL_CLIENT_ID", "Client of the Cognito user pool that the page signs in with"),
    Setting("USER_POOL_ID", "Cognito user pool of the page and the API"),
    Setting("WEB_BUCKET", "S3 bucket of the page"),
    Setting("WEB_DOMAIN", "Host name of the page's CloudFront distribution"),
    Setting("WEB_ORIGIN", "Address of the page"),
)

# What `up` tells the processes it starts.
HANDED_DOWN = (
    Setting(mailbox.PORT_VARIABLE, "Port of the local mailbox"),
    Setting(page_server.PORT_VARIABLE, "Port of the page"),
)
