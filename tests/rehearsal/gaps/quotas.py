"""Service Quotas: the quotas that an apply is held against, as JSON."""

from __future__ import annotations

import json
from typing import Any

from moto.servicequotas.responses import ServiceQuotasResponse

from gaps import Room

QUOTAS = {
    "L-F678F1CE": 5.0, "L-0263D0A3": 5.0, "L-FE5A380F": 5.0, "L-7B6409FD": 40.0, "L-53DA6B97": 50.0, "L-1216C47A": 32.0,
}  # fmt: skip
"""Code -> value. Source: AWS General Reference, "Service quotas" of Amazon VPC, EC2, RDS and Elastic Load Balancing;
the vCPUs of a new account are fewer."""


def fill(_: Room) -> None:
    def get_service_quota(self: Any) -> tuple[int, dict[str, str], str]:
        # [Service Quotas API reference] GetServiceQuota. moto knows those of VPCs, and answers with a web page's type.
        asked = json.loads(self.body)
        quota = {**asked, "Value": QUOTAS[asked["QuotaCode"]], "Adjustable": True}
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"Quota": quota})

    ServiceQuotasResponse.get_service_quota = get_service_quota
