"""
What API Gateway answers itself: its errors and CORS preflight requests.

AWS reads both from the API's definition in the template. The local cloud ignores them there, so
this module sets them through its API, as the template words them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ERRORS = "x-amazon-apigateway-gateway-responses"
INTEGRATION = "x-amazon-apigateway-integration"
STAGE = "api"


def apply(
    built: Path,
    api_id: str,
    parameters: Mapping[str, str],
    apigateway: Any,  # noqa: ANN401 -- a boto3 client
    release: str,
) -> None:
    """
    Set the responses of the API *api_id* as the packaged template in *built* says, once.

    Args:
        release: What *built* and *parameters* make together.  The API's deployment bears its
            name; a stack that was rolled out just before a kill is without it.
    """
    if _deployed(api_id, apigateway) == release:
        return
    template = yaml.safe_load((built / "sam.yaml").read_text())
    definition = _resolved(
        template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"], parameters
    )
    _put_errors(definition[ERRORS], api_id, apigateway)
    _put_preflights(definition["paths"], api_id, apigateway)
    apigateway.create_deployment(restApiId=api_id, stageName=STAGE, description=release)


def _deployed(api_id: str, apigateway: Any) -> str | None:  # noqa: ANN401 -- a boto3 client
    deployment = apigateway.get_stage(restApiId=api_id, stageName=STAGE)["deploymentId"]
    found = apigateway.get_deployment(restApiId=api_id, deploymentId=deployment)
    description: str | None = found.get("description")
    return description


def _put_errors(errors: dict[str, Any], api_id: str, apigateway: Any) -> None:  # noqa: ANN401
    for kind, answer in errors.items():
        status = {"statusCode": str(answer["statusCode"])} if "statusCode" in answer else {}
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            responseParameters=answer["responseParameters"],
            responseTemplates=answer["responseTemplates"],
            **status,
        )


def _put_preflights(paths: dict[str, Any], api_id: str, apigateway: Any) -> None:  # noqa: ANN401
    resources = apigateway.get_resources(restApiId=api_id, limit=500)["items"]
    ids = {resource["path"]: resource["id"] for resource in resources}
    for path, methods in paths.items():
        answer = methods["options"][INTEGRATION]["responses"]["default"]
        apigateway.put_integration_response(
            restApiId=api_id,
            resourceId=ids[path],
            httpMethod="OPTIONS",
            statusCode=answer["statusCode"],
            responseParameters=answer["responseParameters"],
        )


def _resolved(part: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """*part* with every ``Fn::Sub`` of a parameter replaced by its value."""

    def value(node: dict[str, Any]) -> Any:  # noqa: ANN401 -- a node of JSON
        if set(node) != {"Fn::Sub"}:
            return node
        text: str = node["Fn::Sub"]
        for name, given in parameters.items():
            text = text.replace(f"${{{name}}}", given)
        return text

    resolved: dict[str, Any] = json.loads(json.dumps(part), object_hook=value)
    return resolved
