"""What operates the stack, on the local cloud: the secret, the figures, alarms and dashboard."""

import base64
import json

import psycopg
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


def secret(cloud, name):
    secrets = aws_services.client("secretsmanager", cloud)
    return secrets.get_secret_value(SecretId=cloud[name])["SecretString"]


class TestTheDatabasesUrl:
    @pytest.mark.parametrize(
        ("name", "known_as"),
        [
            ("APIHandler", "DATABASE_READER_SECRET_ARN"),
            ("BillMonth", "DATABASE_SECRET_ARN"),
            ("RenderInvoice", "DATABASE_SECRET_ARN"),
            ("EmailInvoice", "DATABASE_SECRET_ARN"),
            ("RecordMailEvent", "DATABASE_SECRET_ARN"),
            ("Sweep", "DATABASE_SECRET_ARN"),
        ],
    )
    def test_reaches_a_function_as_the_arn_of_a_secret_alone(self, cloud, name, known_as):
        variables = function(cloud, name)["Environment"]["Variables"]

        assert variables["DATABASE_URL"] == cloud[known_as]
        assert not [value for value in variables.values() if value.startswith("postgresql://")]

    def test_is_of_the_role_of_whoever_uses_it(self, cloud):
        everybodys = {
            "operator": cloud["DATABASE_URL"],
            "owner": cloud["DATABASE_OWNER_URL"],
            "writer": secret(cloud, "DATABASE_SECRET_ARN"),
            "reader": secret(cloud, "DATABASE_READER_SECRET_ARN"),
        }

        for role, url in everybodys.items():
            with psycopg.connect(url) as connection:
                logged_in = connection.execute("SELECT current_user").fetchone()
                assert logged_in == (f"selfbill_{role}",)


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
