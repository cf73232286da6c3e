"""
Metrics: a line in the function's log that CloudWatch turns into figures, with no call of any API.

The format is CloudWatch's embedded metric format; the alarms of the template read the figures.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.settings import Setting

FUNCTION_NAME = Setting("AWS_LAMBDA_FUNCTION_NAME", "Name of the running Lambda function")
NAMESPACE = "Selfbill"
DIMENSION = "Function"


def emit(values: Mapping[str, int], now: datetime) -> None:
    """Write *values* by name, as of *now*, for the Lambda function that runs."""
    function = os.environ.get(FUNCTION_NAME.name, "none")
    sys.stdout.write(json.dumps(embedded(values, function, now)) + "\n")
    sys.stdout.flush()


def embedded(values: Mapping[str, int], function: str, now: datetime) -> dict[str, Any]:
    """The document of one line: a timestamp in milliseconds, one dimension, plain counts."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": name} for name in values],
    }
    described = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": described, DIMENSION: function, **values}
