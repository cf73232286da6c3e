import json
from datetime import UTC, datetime

import pytest

from chalicelib.aws.ses_events import settlement
from tests.builders_mail import OUTCOMES, event, through_sns


def read(said):
    return settlement(json.dumps(said))


class TestSettlement:
    @pytest.mark.parametrize("identity", [False, True])
    @pytest.mark.parametrize("kind", OUTCOMES)
    def test_is_read_from_events_and_notifications(self, kind, identity):
        found = read(event(kind, "id-of-ses", identity=identity))

        assert (found.status, found.reason) == OUTCOMES[kind]
        assert found.message_id == "id-of-ses"

    @pytest.mark.parametrize("kind", OUTCOMES)
    def test_is_the_same_through_sns(self, kind):
        body = json.dumps(event(kind, "id-of-ses", delivery_id=7))

        assert settlement(through_sns(body)) == settlement(body)

    def test_keeps_the_events_own_id_and_time(self):
        found = read(event("Complaint", "id-of-ses"))

        assert found.event_id == "0100-complaint"
        assert found.event_at == datetime(2026, 11, 1, 3, 16, 7, 451000, tzinfo=UTC)
        assert found.sent_at == datetime(2026, 11, 1, 3, 16, 0, 120000, tzinfo=UTC)

    def test_of_a_rejection_happened_when_the_mail_was_taken(self):
        found = read(event("Reject", "id-of-ses"))

        assert (found.event_id, found.event_at) == (None, found.sent_at)

    def test_names_the_delivery_that_the_mail_was_tagged_with(self):
        assert read(event("Delivery", "id-of-ses", delivery_id=7)).delivery_id == 7

    @pytest.mark.parametrize("tag", ["", "seven", "-7", "٧"])
    def test_names_no_delivery_by_somebody_elses_tag(self, tag):
        said = event("Delivery", "id-of-ses", delivery_id=7)
        said["mail"]["tags"]["delivery"] = [tag]

        assert read(said).delivery_id is None

    @pytest.mark.parametrize("kind", ["Undetermined", "Permanent"])
    def test_of_every_bounce_but_a_passing_one_is_bounced(self, kind):
        said = event("Bounce", "id-of-ses")
        said["bounce"]["bounceType"] = kind

        assert read(said).status == "bounced"

    def test_of_a_complaint_without_a_type_is_a_complaint(self):
        said = event("Complaint", "id-of-ses")
        del said["complaint"]["complaintFeedbackType"]

        assert read(said).reason == "marked as spam: no reason given"

    @pytest.mark.parametrize("kind", ["Send", "Open", "DeliveryDelay", "AmazonSnsNews"])
    def test_is_none_of_what_ends_no_delivery(self, kind):
        assert read({"eventType": kind, "mail": {"messageId": "id-of-ses"}}) is None

    def test_is_none_of_the_greeting_of_a_new_destination(self):
        greeting = "Successfully validated SNS topic for Amazon SES event publishing."

        assert settlement(greeting) is None
        assert settlement(through_sns(greeting)) is None

    @pytest.mark.parametrize("body", ["not JSON", "{}", '{"eventType": "Bounce"}'])
    def test_is_refused_of_what_ses_did_not_say(self, body):
        with pytest.raises((ValueError, KeyError)):
            settlement(body)
