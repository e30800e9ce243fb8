"""Logical ids: pure, stable under any edit of other services, and never the same for two inputs.

For plugin authors. `logical_id("web", "Instance", 1)` is `WebInstance1`, `logical_id("my-api", "TargetGroup")` is
`MyDashApiTargetGroup`. The rule is reversible, which is what keeps two inputs apart:

* A name, as blueprints allow it, is one or more parts of lower-case letters and digits, the first starting with a
  letter, joined by single dashes. Each part is capitalised, each dash becomes `Dash`.
* A kind is a camel-case word of letters, each capital followed by a lower-case letter (`DatabaseSubnetGroup`), that
  does not start with `Dash`.
* A number is 1 or more.

What belongs to the whole deployment starts with two or more capitals (`VPC`, `ALBHttpListener`), which no logical id
made here does.
"""

from __future__ import annotations

import re

from hivemind.blueprint.strategy import Colour

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
KIND = re.compile(r"(?!Dash)(?:[A-Z][a-z]+)+")
LONGEST = 255

VPC = "VPC"
PUBLIC_SUBNETS = ("VPCPublicSubnet1", "VPCPublicSubnet2")
PRIVATE_SUBNETS = ("VPCPrivateSubnet1", "VPCPrivateSubnet2")
LOAD_BALANCER = "ALB"
LOAD_BALANCER_SECURITY_GROUP = "ALBSecurityGroup"
KEY_PAIR = "SSHKeyPair"
CERTIFICATE = "TLSCertificate"
SSH_ENDPOINT = "SSHEndpoint"
ENDPOINT_TAG = "hivemind:ssh-endpoint"
"""Tag of an instance that an endpoint of another network leads to: the endpoint's id."""
ARTIFACT_BUCKET = "S3ArtifactBucket"
ARCHIVES, LAYERS, TEMPLATES = "archives/", "layers/", "templates/"
"""Prefixes of that bucket that are emptied by age: what is in them can be made again."""
RUNNING = "running/"
"""Prefix of what instances of Auto Scaling groups install when they boot, a folder each service. Nothing in it goes by
age: an instance may boot at any time."""
ESTABLISHED = "STACKEstablished"
"""A condition: whether the stack was created before. What stands in the way of a rollback of its creation, such as
deletion protection, is on from the second revision on: `{"Fn::If": [ESTABLISHED, true, false]}`."""
BUILDS_TAG = "hivemind:builds"
"""Tag of a build stack, by which it is told from a deployment that happens to have such a name: it holds the id of the
deployment that it builds for."""


def logical_id(name: str, kind: str, number: int | None = None) -> str:
    """The logical id of a part of a service or resource, as described above.

    name: of the service or resource, as in the blueprint. kind: what the part is, in camel case. number: 1-based, if
    there are several. Raises ValueError for a name or kind that the rule does not cover.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"no logical id for the name {name!r}: use lowercase letters, digits and single dashes only")
    if not KIND.fullmatch(kind):
        raise ValueError(f"no logical id for the kind {kind!r}: use camel case and letters only, such as TargetGroup")
    if number is not None and number < 1:
        raise ValueError(f"no logical id for the number {number}: they start at 1")
    result = _camel(name) + kind + ("" if number is None else str(number))
    if len(result) > LONGEST:
        raise ValueError(f"the logical id {result[:40]}... is longer than {LONGEST} characters")
    return result


def instance(service: str, number: int, colour: Colour = Colour.BLUE) -> str:
    """The `AWS::EC2::Instance` with this number (1-based) of a service, among those of a colour."""
    return logical_id(service, _instance_kind(colour), number)


def colour_of(service: str, name: str) -> Colour | None:
    """The colour of the service's instance that a logical id names; None where it names none."""
    for colour in Colour:
        prefix = _camel(service) + _instance_kind(colour)
        if name.startswith(prefix) and name.removeprefix(prefix).isdigit():
            return colour
    return None


def _instance_kind(colour: Colour) -> str:
    return "Instance" if colour is Colour.BLUE else f"{colour.capitalize()}Instance"


def instances_output(service: str) -> str:
    """The output with the EC2 ids of a service's instances, in their order, separated by commas."""
    return logical_id(service, "InstanceIds")


def scaling_group(service: str) -> str:
    """The Auto Scaling group of a service's instances."""
    return logical_id(service, "ScalingGroup")


def launch_template(service: str) -> str:
    """What the instances of that group are made from."""
    return logical_id(service, "LaunchTemplate")


def scaling_access(service: str) -> str:
    """The policy by which new instances of that group read their release and its secrets."""
    return logical_id(service, "ScalingAccess")


def scaling_group_output(service: str) -> str:
    """The output with that group's name."""
    return f"{scaling_group(service)}Name"


def instance_security_group(service: str) -> str:
    """The security group of a service's instances. Allow it (`Fn::GetAtt: [..., GroupId]`) to let them connect."""
    return logical_id(service, "InstanceSecurityGroup")


def instance_role(service: str) -> str:
    """The IAM role of a service's instances. Attach an `AWS::IAM::Policy` to it to give them more permissions."""
    return logical_id(service, "InstanceRole")


def target_group(service: str) -> str:
    """The target group of a web service."""
    return logical_id(service, "TargetGroup")


def build_stack(stack: str) -> str:
    """The name of the stack of a deployment's build instances. stack: name of the deployment's own."""
    return f"{stack}-build"


def build_instance(service: str) -> str:
    """The `AWS::EC2::Instance` that builds a service, in the stack of the build instances."""
    return logical_id(service, "BuildInstance")


def generated_secret(variable: str) -> str:
    """The secret whose generated value services find in a variable, of capitals, digits and single `_` between them."""
    return logical_id(variable.lower().replace("_", "-"), "GeneratedSecret")


def generated_secret_output(variable: str) -> str:
    """The output with that secret's ARN."""
    return f"{generated_secret(variable)}Arn"


def security_group_id(group: str) -> dict[str, list[str]]:
    """The intrinsic function that gives a security group's id. group: its logical id."""
    return {"Fn::GetAtt": [group, "GroupId"]}


def _camel(name: str) -> str:
    return "Dash".join(part[:1].upper() + part[1:] for part in name.split("-"))
