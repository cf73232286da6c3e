"""What is deployed already, and what was left half-way by somebody who was killed."""

import itertools

import pytest

from cloud.local import deploy


def stack(status, release="new"):
    return {"StackStatus": status, "Tags": [{"Key": "release", "Value": release}]}


class Stacks:
    """CloudFormation, with a stack that is in another state each time one looks."""

    def __init__(self, *statuses):
        self.statuses = iter(statuses)

    def describe_stacks(self, StackName):  # noqa: N803 -- boto3's name
        return {"Stacks": [stack(next(self.statuses))]}


class TestRelease:
    @pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE"])
    def test_is_rolled_out_with_a_stack_that_is_whole(self, status):
        assert deploy.is_rolled_out(stack(status), "new")

    @pytest.mark.parametrize(
        "status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED"]
    )
    def test_is_not_with_one_that_only_bears_its_name(self, status):
        assert not deploy.is_rolled_out(stack(status), "new")

    def test_is_not_with_another_one(self):
        assert not deploy.is_rolled_out(stack("CREATE_COMPLETE", "old"), "new")


class TestStackThatIsOnItsWay:
    @pytest.mark.parametrize("way", ["CREATE", "UPDATE"])
    def test_is_waited_for(self, way):
        cloudformation = Stacks(f"{way}_IN_PROGRESS", f"{way}_IN_PROGRESS", f"{way}_COMPLETE")

        assert deploy._settled(cloudformation)["StackStatus"] == f"{way}_COMPLETE"

    def test_is_not_waited_for_for_ever(self, monkeypatch):
        monkeypatch.setattr(deploy, "SETTLE_SECONDS", 0.1)
        cloudformation = Stacks(*itertools.repeat("CREATE_IN_PROGRESS", 20))

        assert deploy._settled(cloudformation)["StackStatus"] == "CREATE_IN_PROGRESS"
