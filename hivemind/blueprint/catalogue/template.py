"""H4xx: the template and the rules on it. H6xx: plugins. H8xx: saved plans."""

# ruff: noqa: E501 - one entry a line, so that the list can be read as a list

from __future__ import annotations

from hivemind.blueprint.catalogue.entry import Entry

ENTRIES = (
    Entry("H401", "logical id with two owners", "Two fragments add something to the template under the same logical id. HiveMind does not choose between them.", "Disable one of the named plugins (`-p no:NAME`), and tell its author."),
    Entry("H402", "resource bound twice", "Two plugins define how services reach the same resource.", "Disable one of the named plugins: `-p no:NAME`."),
    Entry("H403", "invalid logical id", "A logical id has letters and digits only, at most 255. This is a mistake in the named plugin.", "Update the plugin. Plugin authors use `hivemind.template.names.logical_id`."),
    Entry("H404", "resource without Type", "A plugin added a resource without a Type to the template.", "Update the plugin, or disable it: `-p no:NAME`."),
    Entry("H405", "unresolved reference", "A part of the template refers to a logical id that the template does not contain.", "Correct the override or the plugin that the message names."),
    Entry("H406", "parameter without a value", "The template has a parameter without a default, and HiveMind has no value for it. CloudFormation would refuse the template.", "Give the parameter a `Default`, or write the value where the template uses the parameter."),
    Entry("H407", "incomplete binding", "Services find a resource through a variable. This variable has a placeholder that neither an output of the stack nor a secret fills. This is a mistake in the named plugin.", "Update the plugin, or set the variable under `env` of the service."),
    Entry("H408", "variable of two resources", "A service needs two resources that set the same variable, such as two databases that both set `DATABASE_URL`. The first one under `needs` gives the value.", "Set the variables that the application reads for the other one under `env`, such as `REPORTS_URL: $REPORTS_DATABASE_URL`, or take one of the two out of `needs`."),
    Entry("H410", "too many entries", "CloudFormation accepts 500 resources, 200 parameters and 200 outputs in one template.", "Split the blueprint into two deployments."),
    Entry("H411", "template too large", "CloudFormation accepts templates of at most 1 MB.", "Split the blueprint into two deployments."),
    Entry("H412", "template goes through S3", "CloudFormation receives templates larger than 51,200 bytes through S3. This is for your information.", "You don't need to do anything."),
    Entry("H420", "override not applicable", "The path of an override leads nowhere in the template.", "Print the template with `hivemind template`, and correct the path."),
    Entry("H421", "override's test failed", "A `test` operation found another value than it expects.", "Print the template with `hivemind template`. Then change the test, or remove the override."),
    Entry("H422", "override breaks the template", "After the override, the template has no `Resources` any more.", "Override parts of the template, not the whole."),
    Entry("H431", "open to the world", "A security group admits everyone on a port that is not a listener of the load balancer.", "Name the addresses that need access, each as narrow as possible."),
    Entry("H432", "data without protection", "A resource that holds data has no `DeletionPolicy` or `UpdateReplacePolicy`. A mistake could delete the data.", "Add both policies: `Retain` or `Snapshot`."),
    Entry("H434", "several instances, one port", "If instances share the ports of one machine (the local cloud without namespaces), each instance gets its own port in PORT. The service does not read PORT, so its instances would use the same port.", "Let the start command use `$PORT`, or set `instances: 1` for this machine."),
    Entry("H435", "data without a snapshot", "A resource that holds data has `Delete` as its `DeletionPolicy` or `UpdateReplacePolicy`. A plan that deletes or replaces the resource still stops until you name it, but its data is then lost. This includes `hivemind destroy`.", "Use `Retain` or `Snapshot`, unless you can create the data again."),
    Entry("H436", "secret in the template", "A property such as `MasterUserPassword` contains its value as plain text. Templates are stored and shown.", "Store the value in Secrets Manager, and write a dynamic reference to it."),
    Entry("H437", "data stored unencrypted", "A volume, database or file system of the template is not encrypted at rest. HiveMind encrypts its own; usually an override turns encryption off.", "Remove the override, or set the property that the hint names."),
    Entry("H438", "reachable by the public", "A database has `PubliclyAccessible: true`, or a bucket turns off blocks of public access. HiveMind keeps its own private.", "Remove the override. People and programs reach the data through a service."),
    Entry("H439", "instance metadata without a token", "The instance answers metadata requests without a token (IMDSv1). An attacker who tricks the application into a request gets the credentials of its role.", "Set `HttpTokens: required`, as HiveMind does for its own instances."),
    Entry("H442", "role with too many permissions", "A role or policy allows every action of a service, or an action on everything in the account.", "Name the actions, and name the resources by their ARNs."),
    Entry("H443", "missing HiveMind tags", "A resource lacks the tags that name its deployment, environment, revision and plugin. HiveMind can then neither attribute costs nor find leftover resources.", "Add your tags beside the existing ones. An override that replaces the whole list removes them."),
    Entry("H433", "two services take every request", "This is H115, found after Recon detected which services listen.", "Give routes to all services but one, or write `kind: worker`."),
    Entry("H440", "cfn-lint took too long", "HiveMind stopped cfn-lint at its deadline and continues without its results.", "Simplify the conditions in overrides and plugins."),
    Entry("H444", "one more endpoint than AWS allows", "AWS allows 5 EC2 Instance Connect Endpoints in a region, unless you asked for more. Each deployment with private instances makes one. Beyond the quota, AWS refuses it and the stack rolls back.", "Ask for a higher quota (Service Quotas, EC2), delete an endpoint that nothing uses, or name an existing one in `network.ssh_endpoint`."),
    Entry("H445", "no machine image in the region", "The operating system has no public image parameter in this region. Debian and Ubuntu publish theirs in most regions; Amazon Linux is in all.", "Use another `os`, or another region."),
    Entry("H446", "certificate without a host", "Browsers accept a certificate for the names in it only, and ACM issues none for the address of a load balancer. No route of the blueprint names a host, so nobody can open the application over HTTPS.", "Name the host that the certificate is for in the routes of a service, and point its DNS at the load balancer.", "services:\n  web:\n    routes: [{host: www.example.com}]"),
    Entry("H451", "database version downgrade", "The deployed database or cache runs a newer version than the blueprint asks for. RDS and ElastiCache refuse a downgrade, and only after the stack has begun to change.", "Write the version that it runs. For an older version, create a second resource and fill it from a dump."),
    Entry("H452", "major upgrade of a database", "The change is a major version upgrade. It needs `AllowMajorVersionUpgrade`, the database is down while it runs, and only restoring a snapshot undoes it.", "Try the upgrade on a copy, then write `major_upgrade: true` for the resource. Or keep the version.", "resources:\n  db: {type: postgres, version: \"17\", major_upgrade: true}"),
    Entry("H453", "database storage shrinks", "RDS can increase the storage of a database, but never decrease it.", "Write at least the current size."),
    Entry("H454", "network cannot change", "Another address range makes another network. A load balancer, and the subnet groups of databases and caches, cannot move to it: AWS refuses that after the stack has begun to change.", "Keep `network.cidr`. For another network, deploy another environment and move the data there."),
    Entry("H455", "named resource would be replaced", "CloudFormation creates a new resource before it deletes the one that it replaces, so a resource with a fixed name cannot be replaced while its name stays the same.", "Undo the change, or change the resource's name as well."),
    Entry("H601", "plugin not installed", "The blueprint names a plugin that is not installed.", "Install the plugin into the environment that runs hivemind, or correct the name."),
    Entry("H602", "plugin not loaded", "The blueprint names a plugin that HiveMind could not load, or that the command line disables.", "Update the plugin, or remove `-p no:NAME` or `--no-plugins`."),
    Entry("H603", "plugin failed", "A plugin raised an error, returned something other than its hook expects, or did not return in time. The message names the plugin, its distribution and version, the hook, and the line of its code.", "Update the plugin, or disable it (`-p no:NAME`), and tell its author. `HIVEMIND_DEBUG=1` shows its traceback."),
    Entry("H604", "invalid name of a type or check", "A plugin adds a resource type or a kind of check under an invalid name: it contains spaces, or is longer than 64 characters.", "Update the plugin, or disable it: `-p no:NAME`."),
    Entry("H801", "not a plan", "HiveMind cannot read the file, or `hivemind plan --out` did not write it.", "Name the right file, or create it again: `hivemind plan --out FILE`."),
    Entry("H802", "plan in another format", "Another version of HiveMind wrote the plan.", "Create the plan again."),
    Entry("H803", "damaged plan", "Parts of the plan are missing or malformed.", "Create the plan again."),
    Entry("H804", "changed plan", "The plan's digest does not match its content: someone edited the file, or it is damaged. HiveMind runs only the plan that was reviewed.", "Create the plan again."),
)  # fmt: skip
