"""What moto 5.2.5 leaves out of what HiveMind needs, filled with what AWS documents, and nothing else.

Each gap is a few lines and names the document that it rests on; `fill` closes all of them in this process. Documents:
[CFN] CloudFormation user guide and template reference, [EC2] EC2 API reference and user guide, [ELB] Elastic Load
Balancing API reference, [RDS] RDS API reference, [S3] Amazon S3
user guide, [SSM] Systems Manager user guide.
"""

from __future__ import annotations

from typing import Any, Protocol


class Room(Protocol):
    """What the gaps ask of the rehearsal: machines for instances, names for addresses."""

    def boot(self, instance: Any, key: str) -> None: ...

    def end(self, instance_id: str) -> None: ...

    def console(self, instance_id: str) -> str: ...

    def balancer(self, load_balancer: Any) -> None: ...

    def endpoint(self, endpoint: Any) -> None: ...

    def database(self, instance: Any, password: str) -> None: ...

    def end_database(self, address: str) -> None: ...

    def answers(self, instance_id: str, port: int, path: str) -> int | None: ...


def fill(room: Room) -> None:
    """Closes all gaps, for the rest of this process."""
    from gaps import balancing, buckets, changes, computing, deletions, quotas, stacks, templates

    for module in (templates, stacks, changes, deletions, computing, balancing, buckets, quotas):
        module.fill(room)


def answered(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an answer. Flask calls what moto's S3 does not label a web page, which S3 never sends (S3 API
    reference, PutObject: the answer has no body, and no Content-Type)."""
    return [one for one in headers if not (one[0].lower() == "content-type" and one[1].startswith("text/html"))]
