"""H161, H413, H414 and H480 to H494: what an apply would come to grief over, found before it begins."""

# ruff: noqa: E501 - one entry a line, so that the list can be read as a list

from __future__ import annotations

from hivemind.blueprint.catalogue.entry import Entry

ENTRIES = (
    Entry("H413", "near a limit of CloudFormation", "A template has at most 500 resources, 200 parameters, 200 outputs and 1 MB. Over 90 % of that, the next few services do not fit.", "Split the blueprint into two deployments: move services that share no database and no host."),
    Entry("H414", "name that a load balancer refuses", "Names of load balancers and target groups have at most 32 letters, digits and dashes. HiveMind gives them none; an override or a plugin does.", "Shorten the name, or leave it out: CloudFormation then makes one."),
    Entry("H161", "snapshot does not fit", "The snapshot that a database is to be restored from is not there, is not complete, or is one of another engine, a later version, more storage or another master user than the blueprint says.", "Write what the hint names. `aws rds describe-db-snapshots` lists all snapshots.", "resources:\n  db: {type: postgres, snapshot: shop-production-dbdatabase-snapshot-1a2b3c}"),
    Entry("H480", "not checked before the apply", "AWS did not answer some of the questions that HiveMind asks before an apply, in most cases because the credentials may not read this. The apply goes on without.", "`hivemind iam-policy` prints what the credentials need. You don't need to do anything."),
    Entry("H481", "credentials end too soon", "The credentials end before the apply is likely to. CloudFormation continues without them, but HiveMind cannot release and verify; the next apply continues.", "Log in again first."),
    Entry("H482", "machine image is gone", "An instance is to be made from a machine image that does not exist any more, or that this account may not use. A deployment keeps the image that it was first applied with.", "Use another `os`, or write an image with an override of `ImageId`."),
    Entry("H483", "instance type not offered", "The region, or the zone of the subnet, does not offer the instance type.", "Use another `size` or another region. `aws ec2 describe-instance-type-offerings` lists what is offered."),
    Entry("H484", "database version not offered", "RDS or ElastiCache does not offer the version in this region.", "Write a version that is offered; the hint names the nearest."),
    Entry("H485", "database class not offered", "RDS does not offer the class for this version in this region.", "Write a class that is offered; the hint names the nearest."),
    Entry("H486", "certificate cannot be used", "The certificate does not exist, is not issued yet, or has ended. The load balancer refuses it after the rest of the stack is made.", "Wait until ACM says ISSUED, or name another certificate."),
    Entry("H487", "certificate is not for a host", "A route names a host that the certificate is not for. Browsers refuse it.", "Request a certificate for all hosts of the blueprint."),
    Entry("H488", "name is taken", "Something outside of the stack already has a name that the template gives: a key pair, a bucket, a load balancer, a database. An earlier deployment may have left it.", "Delete what has the name, or use another `name` or environment."),
    Entry("H489", "quota does not suffice", "The account's quota leaves no room for what the plan makes. CloudFormation would take the whole stack back.", "Ask for a higher quota with the command in the hint, or delete what is not needed."),
    Entry("H490", "network overlaps a connected one", "The address range of the new network overlaps that of a network which is peered or attached to a transit gateway. Networks that overlap cannot be connected, and the range cannot change later.", "Write another range, such as `network: {cidr: 10.42.0.0/16}`, unless the two never meet."),
    Entry("H491", "permission is missing", "IAM's simulator denies actions that the plan needs. It does not see conditions, and permissions for single resources, so this is a warning.", "Give the credentials the policy that `hivemind iam-policy` prints."),
    Entry("H492", "stack of another deployment", "A stack has the name NAME-ENVIRONMENT, and the one with this name belongs to another blueprint or was not made by HiveMind. `shop` in `eu-live` and `shop-eu` in `live` have one name.", "Choose another `name` or environment."),
    Entry("H493", "state bucket without versions", "The bucket that `state` or `HIVEMIND_STATE` names keeps no versions. A state that somebody overwrites or deletes there is gone; with versioning it can be had back.", "Run the command in the hint: it turns versioning on."),
    Entry("H494", "state bucket without encryption", "The bucket that `state` or `HIVEMIND_STATE` names does not encrypt its objects by itself. S3 does so for every bucket since January 2023; other stores may not.", "Run the command in the hint, or use a bucket of S3."),
)  # fmt: skip
