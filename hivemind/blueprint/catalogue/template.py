"""H4xx: the template and the rules on it. H6xx: plugins. H8xx: saved plans."""

# ruff: noqa: E501 - one entry a line, so that the list can be read as a list

from __future__ import annotations

from hivemind.blueprint.catalogue.entry import Entry

ENTRIES = (
    Entry("H401", "logical id with two owners", "Two fragments add something to the template under one logical id. Neither silently wins.", "Leave one of the named plugins out with -p no:NAME, and tell its author."),
    Entry("H402", "resource bound twice", "Two plugins say how services reach one resource.", "Leave one of the named plugins out with -p no:NAME."),
    Entry("H403", "not a logical id", "Logical ids have letters and digits only, 255 at most. A mistake of the named plugin.", "Update the plugin; authors use hivemind.template.names.logical_id."),
    Entry("H404", "resource without Type", "A plugin added a resource without a Type to the template.", "Update the plugin, or leave it out with -p no:NAME."),
    Entry("H405", "reference to nothing", "A part of the template refers to a logical id that is not in it.", "Correct the override or plugin that is named."),
    Entry("H406", "parameter without a value", "The template has a parameter without a default that HiveMind has no value for. CloudFormation would refuse the template.", "Give the parameter a Default, or write the value where it is used."),
    Entry("H407", "binding can't be filled", "A variable by which services find a resource has a placeholder that neither an output of the stack nor a secret gives a value. A mistake of the named plugin.", "Update the plugin, or set the variable yourself under env of the service."),
    Entry("H410", "too many entries", "CloudFormation takes 500 resources, 200 parameters and 200 outputs in one template.", "Split the blueprint into two deployments."),
    Entry("H411", "template too large", "CloudFormation takes templates of at most 1 MB.", "Split the blueprint into two deployments."),
    Entry("H412", "template goes through S3", "Templates over 51,200 bytes are handed to CloudFormation through S3. Only a remark.", "Nothing is to be done."),
    Entry("H420", "override can't be applied", "The path of an override leads nowhere in the template.", "Look at the template with hivemind template, and correct the path."),
    Entry("H421", "override's test failed", "An operation of kind test found another value than it expects.", "Look at the template with hivemind template; change the test or drop the override."),
    Entry("H422", "override breaks the template", "After the override there is no template with Resources any more.", "Override parts of the template, not the whole."),
    Entry("H431", "open to the world", "A security group admits everyone on a port that is not one of the load balancer's listeners.", "Name the addresses that need it, as narrow as they can be."),
    Entry("H432", "data without protection", "A resource that holds data has no DeletionPolicy or UpdateReplacePolicy, so that a mistake could delete the data.", "Add the policies: Retain or Snapshot."),
    Entry("H434", "several instances, one port", "Where instances share the ports of one machine (the local cloud without namespaces), each is handed its own port as PORT. The service does not read PORT, so that its instances would collide.", "Start it on $PORT, or set instances: 1 for this machine."),
    Entry("H435", "data without a snapshot", "A resource that holds data has DeletionPolicy or UpdateReplacePolicy Delete. A plan that deletes or replaces it still stops until it is named, but the data go with it, in hivemind destroy as well.", "Say Retain or Snapshot, unless the data can be made again."),
    Entry("H436", "secret in the template", "A property such as MasterUserPassword has its value written out. Templates are stored and shown.", "Keep the value in Secrets Manager, and write a dynamic reference to it."),
    Entry("H437", "data stored unencrypted", "A volume, database or file system of the template is not encrypted at rest. HiveMind's own are; most often an override has turned it off.", "Take the override back, or set the property that the hint names."),
    Entry("H438", "reachable by the public", "A database has PubliclyAccessible: true, or a bucket's public access blocks are off. HiveMind's own are private.", "Take the override back; people and programs reach it through a service."),
    Entry("H439", "instance metadata without a token", "The instance answers requests of the old form (IMDSv1), so that an application that can be tricked into a request hands out its role's credentials.", "Set HttpTokens: required, as HiveMind's own instances have."),
    Entry("H442", "a role may do too much", "A role or policy allows every action of a service, or an action on everything in the account.", "Name the actions, and the resources by their ARNs."),
    Entry("H443", "HiveMind's tags are gone", "A resource lacks the tags that say which deployment, environment, revision and plugin it belongs to. Costs can't be told apart, and what is left over can't be found.", "Add tags beside them: an override that replaces the whole list takes them away."),
    Entry("H433", "two services take every request", "As H115, seen once Recon has filled in which services listen.", "Give all but one routes, or say  kind: worker ."),
    Entry("H440", "cfn-lint took too long", "cfn-lint was stopped at its deadline; the template goes on without its word.", "Simplify overrides and plugins' conditions."),
    Entry("H451", "database version goes back", "The database or cache that stands runs a newer version than the blueprint asks for. RDS and ElastiCache refuse a downgrade, after the stack has begun to change.", "Write the version that it runs. For an older one, make a second resource and fill it from a dump."),
    Entry("H452", "major upgrade of a database", "The version change is a major one. It needs AllowMajorVersionUpgrade, the database is down while it runs, and it can't be taken back but by restoring a snapshot.", "Say major_upgrade: true for the resource, after trying it on a copy; or keep the version.", "resources:\n  db: {type: postgres, version: \"17\", major_upgrade: true}"),
    Entry("H453", "database storage shrinks", "RDS makes the storage of a database larger, never smaller.", "Write at least what it has now."),
    Entry("H601", "plugin is not installed", "The blueprint names a plugin that is not there.", "Install it into the environment that runs hivemind, or correct the name."),
    Entry("H602", "plugin could not be loaded", "The blueprint names a plugin that was set aside because it is broken, or that was switched off.", "Update it, or leave out -p no:NAME or --no-plugins."),
    Entry("H603", "plugin failed", "A plugin raised an error, answered with something else than its hook asks for, or did not answer in time. The message names it, its distribution and version, the hook, and the line of its code.", "Update it, or leave it out with -p no:NAME, and tell its author. HIVEMIND_DEBUG=1 shows its traceback."),
    Entry("H604", "plugin's name for a type or check", "A plugin adds a resource type or a kind of check under a name that is no word: with blanks, or longer than 64 characters.", "Update the plugin, or leave it out with -p no:NAME."),
    Entry("H801", "not a plan", "The file can't be read, or is no plan that hivemind plan --out wrote.", "Name the right file, or write it again with  hivemind plan --out FILE ."),
    Entry("H802", "plan of another format", "The plan was written by another version of HiveMind.", "Make the plan again."),
    Entry("H803", "plan is damaged", "Parts of the plan are missing or malformed.", "Make the plan again."),
    Entry("H804", "plan was changed", "The plan's digest does not match its content: it was edited or damaged after it was made. What was reviewed is what runs.", "Make the plan again."),
)  # fmt: skip
