"""What operates the stack, on the local cloud: the secret, the figures, alarms and dashboard."""

import base64
import json

import pytest

from cloud.local import aws_services


def function(cloud, name):
    """The configuration of the function with this logical name."""
    functions = aws_services.client("lambda", cloud).list_functions()["Functions"]
    [found] = [one for one in functions if f"-{name}-" in one["FunctionName"]]
    return found


def run(cloud, name):
    """The answer of a function, and the figures in its log."""
    ran = aws_services.client("lambda", cloud).invoke(
        FunctionName=function(cloud, name)["FunctionName"],
        Payload=b'{"period": "2026-01"}',
        LogType="Tail",
    )
    log = base64.b64decode(ran["LogResult"]).decode().splitlines()
    [figures] = [json.loads(line) for line in log if line.startswith('{"_aws"')]
    return json.loads(ran["Payload"].read()), figures


class TestTheDatabasesUrl:
    def test_reaches_the_functions_as_the_arn_of_a_secret_alone(self, cloud):
        for name in ("APIHandler", "BillMonth", "RenderInvoice", "Sweep"):
            variables = function(cloud, name)["Environment"]["Variables"]

            assert variables["DATABASE_URL"] == cloud["DATABASE_SECRET_ARN"]
            assert cloud["DATABASE_URL"] not in variables.values()

    def test_is_what_the_secret_holds(self, cloud):
        secret = aws_services.client("secretsmanager", cloud).get_secret_value(
            SecretId=cloud["DATABASE_SECRET_ARN"]
        )

        assert secret["SecretString"] == cloud["DATABASE_URL"]


class TestFigures:
    def test_of_a_run_are_in_its_functions_log(self, cloud):
        answer, figures = run(cloud, "BillMonth")

        assert answer["period"] == "2026-01"
        assert (figures["RunBalanced"], figures["RunFailed"]) == (1, 0)
        assert figures["Function"] == function(cloud, "BillMonth")["FunctionName"]

    def test_of_the_sweep_are_in_its_functions_log(self, cloud):
        answer, figures = run(cloud, "Sweep")

        assert figures["HoursLate"] == answer["hours_late"]
        assert {"Undelivered", "OldestWaitingHours"} < set(figures)


class TestAlarms:
    @pytest.fixture
    def alarms(self, cloud):
        return aws_services.client("cloudwatch", cloud).describe_alarms()["MetricAlarms"]

    def test_watch_the_functions_and_queues_that_are_there(self, cloud, alarms):
        watched = {one["Value"] for alarm in alarms for one in alarm.get("Dimensions", ())}
        queues = {cloud[name].rpartition("/")[2] for name in cloud if name.endswith("_URL")}
        functions = aws_services.client("lambda", cloud).list_functions()["Functions"]

        assert {one["FunctionName"] for one in functions} <= watched
        assert len(queues & watched) == 6

    def test_tell_one_topic(self, alarms):
        assert len({tuple(alarm["AlarmActions"]) for alarm in alarms}) == 1


class TestTheDashboard:
    def test_shows_the_functions_that_are_there(self, cloud):
        cloudwatch = aws_services.client("cloudwatch", cloud)
        [entry] = cloudwatch.list_dashboards()["DashboardEntries"]
        shown = cloudwatch.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"]

        assert json.loads(shown)["widgets"]
        assert function(cloud, "BillMonth")["FunctionName"] in shown
