"""How the API writes an answer."""

import json

from chalice import Blueprint, Chalice
from chalice.test import Client

from chalicelib.api.operations import Operation, serve
from chalicelib.billing.escapes import escaped


def test_an_answer_means_the_same_and_obeys_no_terminal():
    answer = {"name": "Bo\x1b[2J\u202e\u3164", "total": "-1234.50"}
    api, routes = Chalice("selfbill"), Blueprint("names")

    @serve(routes, Operation("/names", "Names.", dict, open=True))
    def names(_query):
        return answer

    api.register_blueprint(routes)
    with Client(api) as client:
        body = client.http.get("/names").body.decode()

    assert json.loads(body) == answer
    assert escaped(body) == body
