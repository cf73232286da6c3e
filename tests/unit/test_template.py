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
from cloud.local.deploy import OUTPUTS, PARAMETERS, package
from cloud.project import PROJECT

FUNCTIONS = ("APIHandler", "BillMonth", "RenderInvoice", "EmailInvoice", "RecordMailEvent", "Sweep")
# IAM has no narrower resource for the network interfaces of a Lambda, nor for traces.
UNNAMEABLE = ("ec2:", "xray:")
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
    """Of every role, those that SAM makes included; actions and resources as lists."""
    documents = [
        policy["PolicyDocument"]
        for role in of_type(resources, "AWS::IAM::Role").values()
        for policy in role.get("Policies", ())
    ]
    documents += [p["PolicyDocument"] for p in of_type(resources, "AWS::IAM::Policy").values()]
    for document in documents:
        for statement in document["Statement"]:
            yield {name: as_list(statement[name]) for name in ("Action", "Resource")}


def as_list(value):
    return value if isinstance(value, list) else [value]


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

    def test_takes_the_way_to_the_database_from_a_secret_or_hidden(self, template):
        given = template["Globals"]["Function"]["Environment"]["Variables"]

        assert template["Parameters"]["DatabaseUrl"]["NoEcho"] is True
        assert template["Parameters"]["DatabaseReaderUrl"]["NoEcho"] is True
        assert given["DATABASE_URL"] == {
            "Fn::If": ["HasSecret", {"Ref": "DatabaseSecretArn"}, {"Ref": "DatabaseUrl"}]
        }
        assert template["Rules"]["DatabaseIsNamed"]["Assertions"]
        assert template["Rules"]["DatabaseIsNamedToTheApi"]["Assertions"]

    def test_lets_the_api_into_the_database_as_its_reader_and_the_others_as_its_writer(
        self, translated
    ):
        given = {
            name: translated[name]["Properties"]["Environment"]["Variables"]["DATABASE_URL"]
            for name in FUNCTIONS
        }

        api = given.pop("APIHandler")
        assert api["Fn::If"] == [
            "HasReaderSecret",
            {"Ref": "DatabaseReaderSecretArn"},
            {"Ref": "DatabaseReaderUrl"},
        ]
        assert [value["Fn::If"][0] for value in given.values()] == ["HasSecret"] * len(given)

    def test_runs_where_the_database_is_if_that_is_a_network_of_its_own(self, translated):
        for name in FUNCTIONS:
            assert translated[name]["Properties"]["VpcConfig"]["Fn::If"] == [
                "InNetwork",
                {
                    "SubnetIds": {"Ref": "SubnetIds"},
                    "SecurityGroupIds": {"Ref": "SecurityGroupIds"},
                },
                {"Ref": "AWS::NoValue"},
            ]

    def test_never_opens_more_connections_than_a_small_database_has(self, translated):
        shares = [
            translated[name]["Properties"]["ReservedConcurrentExecutions"]["Fn::If"][1]
            for name in FUNCTIONS
        ]

        # Two kept in each container; the smallest RDS instance takes 112.
        assert sum(shares) * 2 <= 100

    def test_gives_every_consumer_of_a_queue_the_share_it_polls_with(self, resources):
        for name in ("RenderInvoice", "EmailInvoice", "RecordMailEvent"):
            properties = resources[name]["Properties"]
            [source] = properties["Events"].values()
            polls = source["Properties"]["ScalingConfig"]["MaximumConcurrency"]

            assert properties["ReservedConcurrentExecutions"]["Fn::If"][1] >= polls

    def test_traces_every_function(self, translated):
        modes = {translated[name]["Properties"]["TracingConfig"]["Mode"] for name in FUNCTIONS}

        assert modes == {"Active"}

    def test_keeps_every_log_for_a_while(self, translated):
        groups = of_type(translated, "AWS::Logs::LogGroup").values()
        names = [group["LogGroupName"]["Fn::Sub"] for group in groups]

        assert sorted(names) == sorted(
            [
                *(f"/aws/lambda/${{{name}}}" for name in FUNCTIONS),
                "/aws/apigateway/${AWS::StackName}",
            ]
        )
        for group in groups:
            assert group["RetentionInDays"] == {"Fn::If": ["IsProduction", 400, 30]}


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

    @pytest.mark.parametrize("bucket", ["DocumentBucket", "ExportBucket", "WebBucket"])
    def test_keep_what_is_written_over_and_drop_unfinished_uploads(self, resources, bucket):
        properties = resources[bucket]["Properties"]
        rules = properties["LifecycleConfiguration"]["Rules"]

        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
        assert all(rule["Status"] == "Enabled" for rule in rules)

    def test_never_let_a_document_expire_in_any_version(self, resources):
        rules = resources["DocumentBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]

        assert not [name for rule in rules for name in rule if "Expiration" in name]

    def test_move_old_documents_to_where_they_cost_less_and_can_still_be_linked(self, resources):
        rules = resources["DocumentBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        [moved] = [rule for rule in rules if "Transitions" in rule]

        # Those classes charge for 128 KiB at least.
        assert int(moved["ObjectSizeGreaterThan"]) == 128 * 1024
        assert [one["StorageClass"] for one in moved["Transitions"]] == [
            "STANDARD_IA",
            "GLACIER_IR",
        ]

    def test_never_let_the_current_export_or_page_expire(self, resources):
        for bucket in ("ExportBucket", "WebBucket"):
            rules = resources[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]

            assert not [rule for rule in rules if "ExpirationInDays" in rule]


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
        assert json.loads(schedule["Target"]["Input"]) == {"by": "schedule"}
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] <= 3

    def test_sweeps_every_quarter_of_an_hour(self, translated):
        schedule = schedule_of(translated, "Sweep")

        assert schedule["ScheduleExpression"] == "rate(15 minutes)"
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0

    def test_retries_a_failed_month_once(self, resources):
        retries = resources["BillMonth"]["Properties"]["EventInvokeConfig"]

        assert retries == {"MaximumRetryAttempts": 1}


class TestAMonthInShards:
    SHARDED = ("ShardedMonth", "ShardedMonthRole", "ShardedSchedule", "ShardedScheduleRole")

    def test_is_there_only_if_it_is_wanted(self, translated, template):
        assert {translated[name]["Condition"] for name in self.SHARDED} == {"Sharded"}
        assert template["Parameters"]["Shards"]["Default"] == 1
        assert schedule_of(translated, "BillMonth")["State"] == {
            "Fn::If": ["Sharded", "DISABLED", "ENABLED"]
        }

    def test_begins_when_the_month_in_one_would(self, translated):
        ours = translated["ShardedSchedule"]["Properties"]
        other = schedule_of(translated, "BillMonth")

        for name in ("ScheduleExpression", "ScheduleExpressionTimezone"):
            assert ours[name] == other[name]
        assert json.loads(ours["Target"]["Input"]) == {"period": None}

    def test_bills_every_shard_and_then_the_whole(self, translated):
        machine = translated["ShardedMonth"]["Properties"]
        definition = machine["DefinitionString"]
        states = json.loads(definition.replace("${Shards}", "8"))["States"]

        assert machine["DefinitionSubstitutions"] == {
            "Shards": {"Ref": "Shards"},
            "Bill": {"Fn::GetAtt": ["BillMonth", "Arn"]},
        }
        assert states["Split"]["Parameters"]["indexes.$"] == "States.ArrayRange(1, 8, 1)"
        assert states["Shards"]["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
        assert states["Shards"]["Next"] == "Whole"
        assert states["Whole"]["Parameters"]["Payload"]["shards.$"] == "$.shards"

    def test_leaves_runs_of_the_function_to_others(self, translated):
        definition = translated["ShardedMonth"]["Properties"]["DefinitionString"]
        states = json.loads(definition.replace("${Shards}", "8"))["States"]
        share = translated["BillMonth"]["Properties"]["ReservedConcurrentExecutions"]["Fn::If"][1]

        assert states["Shards"]["MaxConcurrency"] < share


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


# Alarm: its metric, whose it is, and from which value on it goes off.
ALARMS = {
    "RunFailedAlarm": ("Selfbill", "RunFailed", "BillMonth", 1),
    "ShardedMonthAlarm": ("AWS/States", "ExecutionsFailed", "ShardedMonth", 1),
    "RunLateAlarm": ("Selfbill", "HoursLate", "Sweep", 2),
    "UndeliveredAlarm": ("Selfbill", "Undelivered", "Sweep", 1),
    "MailWaitsAlarm": ("Selfbill", "OldestWaitingHours", "Sweep", 24),
    "BounceRateAlarm": ("AWS/SES", "Reputation.BounceRate", None, 0.05),
    "ComplaintRateAlarm": ("AWS/SES", "Reputation.ComplaintRate", None, 0.001),
    "ApiErrorsAlarm": ("AWS/ApiGateway", "5XXError", "AWS::StackName", 1),
    **{
        f"{name}{metric}Alarm": ("AWS/Lambda", metric, name, 1)
        for name in FUNCTIONS
        for metric in ("Errors", "Throttles")
    },
    **{
        f"{queue}DeadLettersAlarm": (
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", f"{queue}DeadLetters", 1,
        )
        for queue in ("Render", "Email", "MailEvent")
    },
    **{
        f"{queue}QueueAgeAlarm": ("AWS/SQS", "ApproximateAgeOfOldestMessage", f"{queue}Queue", age)
        for queue, age in (("Render", 3600), ("Email", 7200), ("MailEvent", 3600))
    },
}  # fmt: skip


def watched(alarm):
    """What *alarm* goes off about, as in `ALARMS`."""
    first = next(iter(alarm.get("Dimensions", ())), {"Value": {}})["Value"]
    whose = first.get("Ref") or next(iter(first.get("Fn::GetAtt", [])), None)
    return alarm["Namespace"], alarm["MetricName"], whose, alarm["Threshold"]


class TestAlarms:
    def test_go_off_about_all_that_a_person_must_look_at(self, translated):
        alarms = of_type(translated, "AWS::CloudWatch::Alarm")

        assert {name: watched(alarm) for name, alarm in alarms.items()} == ALARMS

    def test_tell_the_one_topic_when_they_go_off_and_when_all_is_well_again(self, translated):
        for alarm in of_type(translated, "AWS::CloudWatch::Alarm").values():
            assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Alarms"}]
            assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
            assert alarm["AlarmDescription"]

    def test_take_silence_for_a_late_run_alone(self, translated):
        silent = {
            name
            for name, alarm in of_type(translated, "AWS::CloudWatch::Alarm").items()
            if alarm["TreatMissingData"] == "breaching"
        }

        assert silent == {"RunLateAlarm"}

    def test_are_mailed_to_whoever_is_named(self, translated):
        subscription = translated["AlarmsByMail"]
        [allowed] = translated["AlarmsPolicy"]["Properties"]["PolicyDocument"]["Statement"]

        assert subscription["Condition"] == "HasAlarmEmail"
        assert subscription["Properties"] == {
            "TopicArn": {"Ref": "Alarms"},
            "Protocol": "email",
            "Endpoint": {"Ref": "AlarmEmail"},
        }
        assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}

    def test_have_a_paragraph_each_in_the_runbook(self):
        runbook = (PROJECT / "docs" / "deploy.md").read_text()

        assert [name for name in ALARMS if f"`{name}`" not in runbook] == []

    def test_go_by_the_apis_own_name(self, resources):
        body = resources["RestAPI"]["Properties"]["DefinitionBody"]

        assert body["info"]["title"] == {"Ref": "AWS::StackName"}


class TestDashboard:
    def test_is_read_by_cloudwatch_and_shows_every_function_and_queue(self, translated):
        body = translated["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        shown = json.dumps([one["properties"]["metrics"] for one in json.loads(body)["widgets"]])

        assert all(f"${{{name}}}" in shown for name in FUNCTIONS)
        for queue in of_type(translated, "AWS::SQS::Queue"):
            assert f"${{{queue}.QueueName}}" in shown


class TestPolicies:
    def test_are_one_for_each_function(self, resources):
        roles = {resources[name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS}

        assert len(roles) == len(FUNCTIONS)
        others = {"ApiLogRole", "ShardedMonthRole", "ShardedScheduleRole"}
        assert roles == set(of_type(resources, "AWS::IAM::Role")) - others

    def test_name_their_resources_wherever_one_can_be_named(self, translated):
        wild = [
            action
            for statement in statements(translated)
            if "*" in statement["Resource"]
            for action in statement["Action"]
        ]

        assert [action for action in wild if not action.startswith(UNNAMEABLE)] == []

    def test_never_allow_every_action(self, translated):
        actions = {action for one in statements(translated) for action in one["Action"]}

        assert len(actions) > 10
        assert not [action for action in actions if "*" in action]

    @pytest.mark.parametrize(
        ("policy", "condition", "secret", "readers"),
        [
            ("ReadReaderSecret", "HasReaderSecret", "DatabaseReaderSecretArn", ["APIHandler"]),
            (
                "ReadDatabaseSecret",
                "HasSecret",
                "DatabaseSecretArn",
                [name for name in FUNCTIONS if name != "APIHandler"],
            ),
        ],
    )
    def test_let_each_secret_be_read_by_those_alone_that_use_it(
        self, translated, resources, policy, condition, secret, readers
    ):
        roles = [resources[name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in readers]
        given = translated[policy]["Properties"]
        [allowed] = given["PolicyDocument"]["Statement"]

        assert translated[policy]["Condition"] == condition
        assert sorted(role["Ref"] for role in given["Roles"]) == sorted(roles)
        assert allowed["Action"] == ["secretsmanager:GetSecretValue"]
        assert allowed["Resource"] == {"Ref": secret}

    def test_let_no_other_secret_be_read(self, translated):
        reading = [
            resource["Ref"]
            for statement in statements(translated)
            for resource in statement["Resource"]
            if any(action.startswith("secretsmanager:") for action in statement["Action"])
        ]

        assert sorted(reading) == ["DatabaseReaderSecretArn", "DatabaseSecretArn"]

    def test_let_no_function_make_a_log_that_is_kept_for_ever(self, translated):
        actions = {action for one in statements(translated) for action in one["Action"]}

        assert "logs:CreateLogGroup" not in actions
