"""Service Quotas of Fargate and EC2's addresses, kept per account and region."""

import threading
from typing import Any

# The quotas of Fargate: code -> (name, default here).
FARGATE = {
    "L-3032A538": ("Fargate On-Demand vCPU resource count", 1000.0),
    "L-36FBB829": ("Fargate Spot vCPU resource count", 1000.0),
}


class Quotas:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: dict[tuple[str, str], float] = {}

    def set(self, region: str, code: str, value: float) -> None:
        if code not in FARGATE:
            raise ValueError(f"quota {code} is not known, allowed: {sorted(FARGATE)}")
        with self._lock:
            self._set[region, code] = value

    def get(self, region: str, code: str) -> float:
        with self._lock:
            return self._set.get((region, code), FARGATE[code][1])

    def describe(self, region: str, code: str) -> dict[str, Any]:
        spot = code == "L-36FBB829"
        return {
            "ServiceCode": "fargate",
            "ServiceName": "AWS Fargate",
            "QuotaArn": f"arn:aws:servicequotas:{region}::fargate/{code}",
            "QuotaCode": code,
            "QuotaName": FARGATE[code][0],
            "Value": self.get(region, code),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "UsageMetric": {
                "MetricNamespace": "AWS/Usage",
                "MetricName": "ResourceCount",
                "MetricDimensions": {
                    "Class": "Standard/Spot" if spot else "Standard/OnDemand",
                    "Resource": "vCPU",
                    "Service": "Fargate",
                    "Type": "Resource",
                },
                "MetricStatisticRecommendation": "Maximum",
            },
        }
