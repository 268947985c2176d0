"""The one metric that AWS itself would write: Fargate's use of its quotas."""

import datetime
import json
from collections.abc import Callable
from typing import Any

from .calls import Call


def usage_answer(call: Call, usage: Callable[[bool], float]) -> Any:
    """Answers a question about AWS/Usage in the query protocol; None for any other metric."""
    if call.json or "AWS/Usage" not in json.dumps(call.body):
        return None
    spot = "Standard/Spot" in json.dumps(call.body)
    value, moment = usage(spot), datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:00Z")
    if call.action == "GetMetricStatistics":
        point = f"<member><Timestamp>{moment}</Timestamp><Maximum>{value}</Maximum><Unit>None</Unit></member>"
        inner = f"<Label>ResourceCount</Label><Datapoints>{point}</Datapoints>"
    else:
        inner = (
            "<MetricDataResults><member><Id>used</Id><Label>ResourceCount</Label><StatusCode>Complete</StatusCode>"
            f"<Timestamps><member>{moment}</member></Timestamps><Values><member>{value}</member></Values></member></MetricDataResults>"
        )
    name = call.action
    return f'<{name}Response xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><{name}Result>{inner}</{name}Result></{name}Response>'
