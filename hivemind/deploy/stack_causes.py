"""How the reasons read that AWS gives for what it refuses. Data."""

from __future__ import annotations

from hivemind.values.signatures import Signature, Speaker, in_order


def _signature(cause: str, pattern: str, remedy: str) -> Signature:
    return Signature(f"cloud.{cause}", f"(?i){pattern}", Speaker.CLOUD, cause, remedy)


SIGNATURES = in_order(
    _signature(
        "free_plan",
        r"FreeTierRestriction|available to free tier customers|available with free plan accounts",
        "The account has AWS's Free plan, which limits databases: write `backup: 1`, `multi_az: false` and a size that "
        "ends in `micro` for the resource, or upgrade the plan of the account.",
    ),
    _signature(
        "service_linked_role",
        r"service[- ]linked role|UsingWithRDS\.IAM\.ServiceLinkedRoles|CreateServiceLinkedRole",
        "AWS makes a role of its own the first time an account uses this service. Give the deploying role "
        "`iam:CreateServiceLinkedRole`, or let an administrator run `aws iam create-service-linked-role "
        "--aws-service-name rds.amazonaws.com` once (or elasticloadbalancing, elasticache).",
    ),
    _signature(
        "permission_error",
        r"AccessDenied|not authorized to perform|UnauthorizedOperation",
        "Give the deploying role the permission named in the message.",
    ),
    _signature(
        "resource_limit",
        r"LimitExceeded|limit has been reached|maximum number of|quota",
        "Request a higher quota from AWS, or use fewer or smaller resources.",
    ),
    _signature(
        "no_capacity",
        r"InsufficientInstanceCapacity|sufficient capacity|InsufficientDBInstanceCapacity",
        "Use another size, or try again later.",
    ),
    _signature(
        "name_taken",
        r"already exists|AlreadyExists",
        "Another resource has this name. Choose another name, or undo the change.",
    ),
    _signature(
        "named_resource",
        r"custom-named resource requires replacing",
        "A resource with a fixed name cannot be replaced. Undo the change, or change the resource's name as well.",
    ),
    _signature("throttled", r"Rate exceeded|Throttling", "Apply again: AWS limits the number of calls."),
    _signature(
        "network_timeout",
        r"timed out|Exceeded attempts to wait",
        "Apply again. If it fails again, read the log of the resource.",
    ),
    _signature(
        "configuration_error",
        r"Cannot find version|Invalid|ValidationError|is not valid|not supported|does not exist",
        "Correct the value in the blueprint, then apply again.",
    ),
    below=50,
)
