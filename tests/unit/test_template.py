"""What would be deployed, on AWS as on the local cloud: chalice's template with ours merged in."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import boto3
import pytest
import yaml
from cfnlint.api import lint
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from chalicelib.api.openapi import OPERATIONS
from chalicelib.settings import OPTIONAL, REQUIRED
from jobs.cloud.deploy import OUTPUTS, PARAMETERS, package
from jobs.cloud.processes import PROJECT

FUNCTIONS = ("APIHandler", "BillMonth", "RenderInvoice", "EmailInvoice", "RecordMailEvent", "Sweep")
# IAM has no narrower resource for the network interfaces of a Lambda.
UNNAMEABLE = "ec2:"
VALIDATE = """
from chalice.cli.factory import CLIFactory
from chalice.deploy.validate import validate_configuration

validate_configuration(CLIFactory(".").create_config_obj("dev"))
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    built = package(PROJECT, tmp_path_factory.mktemp("build"))
    return yaml.safe_load((built / "sam.yaml").read_text())


@pytest.fixture(scope="module")
def resources(template):
    return template["Resources"]


@pytest.fixture(scope="module")
def translated(template):
    """The resources that CloudFormation would make of the template."""
    whole = json.loads(json.dumps(template))
    for name in FUNCTIONS:
        whole["Resources"][name]["Properties"]["CodeUri"] = "s3://bucket/key"
    policies = ManagedPolicyLoader(boto3.client("iam", region_name="eu-central-1"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        patch.setattr(policies, "load", dict)
        return transform(whole, {}, policies)["Resources"]


def of_type(resources, kind):
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def statements(resources):
    for role in of_type(resources, "AWS::IAM::Role").values():
        for policy in role.get("Policies", ()):
            yield from policy["PolicyDocument"]["Statement"]


class TestConfiguration:
    def test_is_valid_for_chalice(self, tmp_path):
        (tmp_path / "requirements.txt").touch()
        for name in ("app.py", "chalicelib", ".chalice"):
            (tmp_path / name).symlink_to(PROJECT / name)

        # In a process of its own: it imports a second app, which takes our routes from the first.
        finished = subprocess.run(
            [sys.executable, "-c", VALIDATE],
            cwd=tmp_path,
            env=os.environ | {"AWS_DEFAULT_REGION": "eu-central-1"},
            capture_output=True,
            text=True,
            check=False,
        )

        assert (finished.returncode, finished.stderr) == (0, "")

    def test_is_valid_for_cloudformation(self, template):
        found = lint(json.dumps(template), regions=["eu-central-1"])

        assert [str(one) for one in found if one.rule.severity != "informational"] == []

    @pytest.mark.parametrize(
        ("function", "memory", "seconds"),
        [
            ("APIHandler", 256, 30),
            ("BillMonth", 3008, 900),
            ("RenderInvoice", 512, 60),
            ("EmailInvoice", 256, 30),
            ("RecordMailEvent", 256, 10),
            ("Sweep", 256, 300),
        ],
    )
    def test_sizes_each_function(self, resources, function, memory, seconds):
        properties = resources[function]["Properties"]

        assert (properties["MemorySize"], properties["Timeout"]) == (memory, seconds)

    def test_gives_the_functions_every_setting_and_no_other(self, template):
        given = template["Globals"]["Function"]["Environment"]["Variables"]

        # The API alone reads where the page is, without the other settings.
        assert sorted(given) == sorted((*REQUIRED, *OPTIONAL, "WEB_ORIGIN"))

    def test_asks_for_the_parameters_and_gives_the_outputs_that_a_deployment_uses(self, template):
        asked = {n for n, parameter in template["Parameters"].items() if "Default" not in parameter}

        assert asked <= set(PARAMETERS) <= set(template["Parameters"])
        assert set(template["Outputs"]) >= {*OUTPUTS.values(), "RestAPIId", "EndpointURL"}

    def test_hides_the_databases_password(self, template):
        assert template["Parameters"]["DatabaseUrl"]["NoEcho"] is True


class TestQueues:
    @pytest.mark.parametrize(
        ("function", "queue", "dead_letters"),
        [
            ("RenderInvoice", "RenderQueue", "RenderDeadLetters"),
            ("EmailInvoice", "EmailQueue", "EmailDeadLetters"),
            ("RecordMailEvent", "MailEventQueue", "MailEventDeadLetters"),
        ],
    )
    def test_feed_their_function_and_set_aside_what_fails(
        self, resources, function, queue, dead_letters
    ):
        [source] = resources[function]["Properties"]["Events"].values()
        properties = resources[queue]["Properties"]
        timeout = resources[function]["Properties"]["Timeout"]

        assert source["Properties"]["Queue"] == {"Fn::Sub": f"${{{queue}.Arn}}"}
        assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 2}
        assert properties["RedrivePolicy"] == {
            "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
            "maxReceiveCount": 5,
        }
        assert properties["VisibilityTimeout"] >= 6 * timeout
        assert resources[dead_letters]["Type"] == "AWS::SQS::Queue"


class TestMailEvents:
    def test_are_all_that_end_a_delivery(self, resources):
        destination = resources["MailEventDestination"]["Properties"]

        assert destination["ConfigurationSetName"] == {"Ref": "MailConfiguration"}
        assert destination["EventDestination"] == {
            "Enabled": True,
            "MatchingEventTypes": ["delivery", "bounce", "complaint", "reject"],
            "SnsDestination": {"TopicARN": {"Ref": "MailEvents"}},
        }

    def test_are_published_by_ses_for_this_account_alone(self, resources):
        [allowed] = resources["MailEventsPolicy"]["Properties"]["PolicyDocument"]["Statement"]

        assert allowed["Principal"] == {"Service": "ses.amazonaws.com"}
        assert allowed["Action"] == "sns:Publish"
        assert allowed["Condition"]["StringEquals"] == {
            "AWS:SourceAccount": {"Ref": "AWS::AccountId"}
        }
        assert resources["MailEventDestination"]["DependsOn"] == "MailEventsPolicy"

    def test_go_from_their_topic_alone_to_their_queue(self, resources):
        [allowed] = resources["MailEventQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
        subscription = resources["MailEventsSubscription"]["Properties"]

        assert allowed["Principal"] == {"Service": "sns.amazonaws.com"}
        assert allowed["Action"] == "sqs:SendMessage"
        assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "MailEvents"}}}
        assert subscription["TopicArn"] == {"Ref": "MailEvents"}
        assert subscription["Endpoint"] == {"Fn::GetAtt": ["MailEventQueue", "Arn"]}

    def test_come_after_the_commit_of_their_mail_as_a_rule(self, resources):
        assert resources["MailEventQueue"]["Properties"]["DelaySeconds"] == 1


class TestBuckets:
    @pytest.mark.parametrize("bucket", ["DocumentBucket", "ExportBucket"])
    def test_are_private_and_kept(self, resources, bucket):
        properties = resources[bucket]["Properties"]
        [denied] = resources[f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"]

        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        assert properties["BucketEncryption"]
        assert resources[bucket]["DeletionPolicy"] == "Retain"
        assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


class TestPage:
    def test_lies_in_a_private_bucket_that_the_distribution_alone_reads(self, resources):
        properties = resources["WebBucket"]["Properties"]
        denied, allowed = resources["WebBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert properties["BucketEncryption"]
        assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert allowed["Action"] == "s3:GetObject"
        assert "distribution/${WebDistribution}" in str(allowed["Condition"]["StringEquals"])

    def test_is_served_over_tls_and_signed_for(self, resources):
        config = resources["WebDistribution"]["Properties"]["DistributionConfig"]
        access = resources["WebAccess"]["Properties"]["OriginAccessControlConfig"]
        [origin] = config["Origins"]

        assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
        assert origin["OriginAccessControlId"] == {"Fn::GetAtt": ["WebAccess", "Id"]}
        assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")

    def test_may_run_its_own_files_alone(self, resources):
        headers = resources["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
        policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]
        rules = policy["ContentSecurityPolicy"]["Fn::Sub"].split("; ")

        assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(rules)
        assert "unsafe" not in str(rules)

    def test_alone_reads_documents_in_a_browser(self, resources):
        [rule] = resources["DocumentBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]

        assert rule["AllowedOrigins"] == [{"Ref": "WebOrigin"}]
        assert rule["AllowedMethods"] == ["GET"]


def schedule_of(translated, function):
    """The one schedule that starts *function*."""
    [schedule] = [
        properties
        for properties in of_type(translated, "AWS::Scheduler::Schedule").values()
        if properties["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    ]
    return schedule


class TestSchedule:
    def test_bills_on_the_first_at_three_in_the_billing_time_zone(self, translated):
        schedule = schedule_of(translated, "BillMonth")

        assert schedule["ScheduleExpression"] == "cron(0 3 1 * ? *)"
        assert schedule["ScheduleExpressionTimezone"] == {"Ref": "BillingTimezone"}
        assert json.loads(schedule["Target"]["Input"]) == {}
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] <= 3

    def test_sweeps_every_quarter_of_an_hour(self, translated):
        schedule = schedule_of(translated, "Sweep")

        assert schedule["ScheduleExpression"] == "rate(15 minutes)"
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0

    def test_retries_a_failed_month_once(self, resources):
        retries = resources["BillMonth"]["Properties"]["EventInvokeConfig"]

        assert retries == {"MaximumRetryAttempts": 1}


class TestApi:
    def test_asks_the_templates_own_pool_about_tokens(self, resources):
        body = resources["RestAPI"]["Properties"]["DefinitionBody"]
        [authorizer] = body["securityDefinitions"].values()

        assert authorizer["x-amazon-apigateway-authorizer"] == {
            "type": "cognito_user_pools",
            "providerARNs": [{"Fn::GetAtt": ["UserPool", "Arn"]}],
        }

    def test_leaves_only_health_and_the_description_open(self, resources):
        paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
        open_paths = {
            path
            for path, methods in paths.items()
            for name, method in methods.items()
            if name != "options" and "security" not in method
        }

        assert open_paths <= {"/health", "/openapi.json"}

    def test_lets_no_page_but_its_own_read_it(self, resources):
        body = resources["RestAPI"]["Properties"]["DefinitionBody"]
        origin = {"Fn::Sub": "'${WebOrigin}'"}
        preflights = [
            methods["options"]["x-amazon-apigateway-integration"]["responses"]["default"]
            for methods in body["paths"].values()
        ]
        errors = body["x-amazon-apigateway-gateway-responses"]

        assert len(preflights) == len(OPERATIONS)
        for answer in preflights:
            headers = answer["responseParameters"]
            assert headers["method.response.header.Access-Control-Allow-Origin"] == origin
            assert headers["method.response.header.Access-Control-Allow-Methods"] == "'GET,OPTIONS'"
        assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED"} <= set(errors)
        for answer in errors.values():
            headers = answer["responseParameters"]
            assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == origin

    def test_limits_and_logs_who_asks(self, resources):
        api = resources["RestAPI"]["Properties"]
        [limits] = api["MethodSettings"]

        assert (limits["ResourcePath"], limits["HttpMethod"]) == ("/*", "*")
        assert limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"]
        assert json.loads(api["AccessLogSetting"]["Format"])["status"] == "$context.status"
        assert "authorization" not in api["AccessLogSetting"]["Format"].lower()
        assert resources["ApiAccessLog"]["Properties"]["RetentionInDays"]

    def test_lets_nobody_open_an_account_for_themselves(self, resources):
        pool = resources["UserPool"]["Properties"]

        assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


class TestPolicies:
    def test_are_one_for_each_function(self, resources):
        roles = {resources[name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS}

        assert len(roles) == len(FUNCTIONS)
        assert roles == set(of_type(resources, "AWS::IAM::Role")) - {"ApiLogRole"}

    def test_name_their_resources_wherever_one_can_be_named(self, resources):
        wild = [
            action
            for statement in statements(resources)
            if statement["Resource"] == "*"
            for action in statement["Action"]
        ]

        assert [action for action in wild if not action.startswith(UNNAMEABLE)] == []

    def test_never_allow_every_action(self, resources):
        actions = {action for one in statements(resources) for action in one["Action"]}

        assert not [action for action in actions if "*" in action]
