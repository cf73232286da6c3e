"""Deploy the packaged template on the local cloud, as on AWS."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError, WaiterError

from chalicelib.billing.errors import BillingError
from cloud.package.template import CODE, TEMPLATE, digest, generate

from . import aws_services, gateway_responses
from .home import Home

STACK = "selfbill"
CODE_BUCKET = "selfbill-code"
STAGE = "dev"
WHOLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
SETTLE_SECONDS = 120.0

# Template parameter: the environment variable it is set from.
PARAMETERS = {
    "DatabaseSecretArn": "DATABASE_SECRET_ARN",
    "DatabaseReaderSecretArn": "DATABASE_READER_SECRET_ARN",
    "MailSender": "MAIL_SENDER",
    "MailReplyTo": "MAIL_REPLY_TO",
    "BillingTimezone": "BILLING_TIMEZONE",
    "LinkSeconds": "LINK_SECONDS",
    "Shards": "BILLING_SHARDS",
    "WebOrigin": "WEB_ORIGIN",
    "PayerName": "PAYER_NAME",
    "PayerAddress": "PAYER_ADDRESS",
    "PayerTaxId": "PAYER_TAX_ID",
    "PayerCountry": "PAYER_COUNTRY",
    "PaymentTermsDays": "PAYMENT_TERMS_DAYS",
    "WebConnections": "AWS_ENDPOINT_URL",
}

# Environment variable: the stack output it is read from.
OUTPUTS = {
    "RENDER_QUEUE_URL": "RenderQueueUrl",
    "EMAIL_QUEUE_URL": "EmailQueueUrl",
    "RENDER_DEAD_LETTERS_URL": "RenderDeadLettersUrl",
    "EMAIL_DEAD_LETTERS_URL": "EmailDeadLettersUrl",
    "MAIL_EVENT_QUEUE_URL": "MailEventQueueUrl",
    "MAIL_EVENT_DEAD_LETTERS_URL": "MailEventDeadLettersUrl",
    "MAIL_EVENTS_TOPIC": "MailEventsTopic",
    "MAIL_CONFIGURATION_SET": "MailConfigurationName",
    "DOCUMENT_BUCKET": "DocumentBucketName",
    "EXPORT_BUCKET": "ExportBucketName",
    "USER_POOL_ID": "UserPoolId",
    "USER_POOL_CLIENT_ID": "UserPoolClientId",
    "BILL_MONTH_FUNCTION": "BillMonthFunction",
    "WEB_BUCKET": "WebBucketName",
    "WEB_DOMAIN": "WebDomain",
}


class DeploymentFailed(BillingError):
    """The stack could not be created or updated."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the template could not be deployed on the local cloud: {reason}")


def deploy(
    home: Home,
    source: Path,
    environment: Mapping[str, str],
    build: Callable[[Path, Path], Path],
) -> dict[str, str]:
    """
    Bring the stack up to date with *source*.

    Args:
        source: The project's folder.
        environment: How to reach the local cloud, and a value for each of `PARAMETERS`.
        build: As `package`: *source* and where to build; the folder with template and zips.

    Returns:
        The variables of `OUTPUTS`, and ``API_URL``.

    Raises:
        PackagingFailed: If chalice cannot package the project.
        DeploymentFailed: Quoting the event that failed.
    """
    built = build(source, home.build)
    parameters = {name: environment[variable] for name, variable in PARAMETERS.items()}
    release = hashlib.sha256(
        json.dumps([built.name, parameters], sort_keys=True).encode()
    ).hexdigest()
    cloudformation = aws_services.client("cloudformation", environment)
    stack = _settled(cloudformation)
    if stack is None or not is_rolled_out(stack, release):
        _put_code(built, aws_services.client("s3", environment))
        template = f"{environment['AWS_ENDPOINT_URL']}/{CODE_BUCKET}/{built.name}/{TEMPLATE}"
        stack = _roll_out(cloudformation, stack, template, parameters, release)
    outputs = _outputs(stack)
    gateway_responses.apply(
        built,
        outputs["RestAPIId"],
        parameters,
        aws_services.client("apigateway", environment),
        release,
    )
    api = f"{environment['AWS_ENDPOINT_URL']}/restapis/{outputs['RestAPIId']}/api/_user_request_"
    return {variable: outputs[name] for variable, name in OUTPUTS.items()} | {"API_URL": api}


def is_rolled_out(stack: Mapping[str, Any], release: str) -> bool:
    """Whether *stack* is *release*, whole: the tag alone is on one that was rolled back as well."""
    return _release(stack) == release and stack["StackStatus"] in WHOLE


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def package(source: Path, build: Path) -> Path:
    """
    Package *source* without its dependencies: local functions use those installed here.

    Returns:
        A folder in *build*, named after what was packaged, with ``deployment.zip`` for all
        functions and ``sam.yaml``.  The same source is packaged once.

    Raises:
        PackagingFailed: Quoting chalice.
    """
    target = build / f"package-{digest(source)}"
    if target.exists():
        return target
    for earlier in build.glob("package-*"):
        shutil.rmtree(earlier)
    generate(source, STAGE, build, target)
    return target


def _put_code(built: Path, s3: Any) -> None:  # noqa: ANN401 -- a boto3 client
    """Put the zips, and the template that names them, where CloudFormation finds them."""
    # A bucket made shortly before a power cut is found again by its objects, but without its
    # region, and then refused like one that exists in any region but this.
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=CODE_BUCKET)
    template = yaml.safe_load((built / TEMPLATE).read_text())
    functions = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    for file in {_code(built, function) for function in functions}:
        s3.upload_file(str(file), CODE_BUCKET, f"{built.name}/{file.name}")
    for function in functions:
        key = f"{built.name}/{_code(built, function).name}"
        function["CodeUri"] = f"s3://{CODE_BUCKET}/{key}"
    # CloudFormation takes a template of more than 51,200 bytes only from S3.
    s3.put_object(Bucket=CODE_BUCKET, Key=f"{built.name}/{TEMPLATE}", Body=json.dumps(template))


def _code(built: Path, function: Mapping[str, Any]) -> Path:
    """One zip for all, if there is one; otherwise the zip that the function names."""
    every = built / CODE
    return every if every.exists() else built / function["CodeUri"]


def _roll_out(
    cloudformation: Any,  # noqa: ANN401 -- a boto3 client
    stack: dict[str, Any] | None,
    template: str,
    parameters: Mapping[str, str],
    release: str,
) -> dict[str, Any]:
    if stack is not None and stack["StackStatus"].startswith(("ROLLBACK", "DELETE", "CREATE_")):
        stack = _clear_away(cloudformation, stack)
    request = {
        "StackName": STACK,
        "TemplateURL": template,
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Tags": [{"Key": "release", "Value": release}],
    }
    change = "update" if stack else "create"
    act = cloudformation.update_stack if stack else cloudformation.create_stack
    try:
        act(**request)
        cloudformation.get_waiter(f"stack_{change}_complete").wait(
            StackName=STACK, WaiterConfig={"Delay": 0.2, "MaxAttempts": 600}
        )
    except WaiterError as error:
        raise DeploymentFailed(_failed_event(cloudformation) or str(error)) from error
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeploymentFailed(error.response["Error"]["Message"]) from error
    deployed = _stack(cloudformation)
    if deployed is None:
        raise DeploymentFailed("the stack no longer exists; try again")
    return deployed


def _clear_away(
    cloudformation: Any,  # noqa: ANN401 -- a boto3 client
    stack: dict[str, Any],
) -> dict[str, Any] | None:
    """Delete a stack whose creation failed: it cannot be updated and contains nothing."""
    if stack["StackStatus"] == "CREATE_COMPLETE":
        return stack
    cloudformation.delete_stack(StackName=STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300}
    )
    return None


def _settled(cloudformation: Any) -> dict[str, Any] | None:  # noqa: ANN401 -- a boto3 client
    """The stack, once it is not on its way: whoever was killed waiting for it left it there."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (stack := _stack(cloudformation)) and stack["StackStatus"].endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return stack


def _stack(cloudformation: Any) -> dict[str, Any] | None:  # noqa: ANN401 -- a boto3 client
    try:
        stacks: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:
        return None
    return stacks[0]


def _release(stack: Mapping[str, Any]) -> str | None:
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}.get("release")


def _failed_event(cloudformation: Any) -> str | None:  # noqa: ANN401 -- a boto3 client
    """The first event that failed: those after it were only cancelled."""
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    if not failed:
        return None
    first = min(failed, key=lambda event: event["Timestamp"])
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"
