"""H1xx: the blueprint's content. H3xx: what Recon finds for it."""

# ruff: noqa: E501 - one entry a line, so that the list can be read as a list

from __future__ import annotations

from hivemind.blueprint.catalogue.entry import Entry

ENTRIES = (
    Entry("H100", "unknown format", "The key hivemind names the format of the file. This version knows format 1.", "Write  hivemind: 1 , or update HiveMind if the file is of a newer format.", "hivemind: 2"),
    Entry("H101", "unknown key", "There is no such key here. It would be without effect, so it is an error.", "Correct it as the hint says, or remove it. hivemind schema prints all keys.", "services:\n  web: {prot: 8000}"),
    Entry("H102", "wrong kind of value", "A list, mapping, text or number stands where another is expected.", "Write it in the form that the message names.", "services:\n  web: {instances: two}"),
    Entry("H103", "missing key", "A key that must be there is not.", "Add it.", "hivemind: 1\nservices: {web: {}}"),
    Entry("H104", "unknown size", "No EC2 instance type, or RDS instance class, has this name. Where only the family is unknown it is a warning: AWS may be newer than this version of HiveMind.", "Take the one that the hint names, or another that AWS has.", "services:\n  web: {size: t3.smal}"),
    Entry("H105", "not one of the possible values", "The key takes one of a few values, and this is none of them.", "Take one of those listed.", "services:\n  web: {kind: website}"),
    Entry("H106", "out of range", "A number is too small or too large, or a text, list or mapping is too short or too long.", "Stay within the bounds that the message names.", "services:\n  web: {port: 70000}"),
    Entry("H107", "text does not fit", "The text has not the form that is needed, such as that of a path of a URL or of a host name.", "Write it like the example in the hint.", "services:\n  web: {health: up}"),
    Entry("H108", "number where text is expected", "YAML reads the value as a number, or as true or false. Versions suffer from it: 3.10 is the number 3.1.", "Quote it.", "resources:\n  db: {type: postgres, version: 16}"),
    Entry("H109", "not possible as a name", "Names become part of stack names, host names or environment variables, and are bounded by them. Name and environment together have at most 39 characters.", "Use small letters, digits and -, starting with a letter; make it shorter.", "name: My Shop"),
    Entry("H110", "unknown resource type", "No loaded plugin knows this type of resource.", "Correct it, or install and name the plugin that brings it. hivemind plugins lists those loaded.", "resources:\n  db: {type: postgers}"),
    Entry("H111", "unknown kind of check", "An entry of checks has no key that names a known kind: http, database, tls, or one of a plugin.", "Write the kind as a key.", "checks:\n  - {path: /up}"),
    Entry("H112", "needs what is not there", "A service needs a resource that is not under resources (in this environment).", "Correct the name, or add the resource.", "services:\n  web: {needs: [cache]}\nresources: {}"),
    Entry("H113", "unknown environment", "The environment is not under environments. production is always there.", "Take one of those listed, or add it.", "environments:\n  staging: {}"),
    Entry("H114", "two services take the same requests", "Two services have a route with the same host and path: only one of them would ever be asked.", "Give each a host or path of its own.", "services:\n  web: {routes: [/api/*]}\n  api: {routes: [/api/*]}"),
    Entry("H115", "two services without routes", "A service without routes takes all requests that no other takes. Two of them can't.", "Give all but one routes, or say  kind: worker  where a service does not listen.", "services:\n  web: {port: 8000}\n  api: {port: 8001}"),
    Entry("H116", "not a network", "The text is no IPv4 network in CIDR form, or has bits set beyond its prefix, or is no /16 where the VPC needs one.", "Write it like 203.0.113.0/24; one address ends in /32.", "network: {ssh_from: [203.0.113.7]}"),
    Entry("H117", "SSH open to the world", "SSH would be reachable from everywhere, or from a large part of the internet.", "Name the networks of your office or VPN. Without ssh_from access goes through the EC2 Instance Connect Endpoint.", "network: {ssh_from: [0.0.0.0/0]}"),
    Entry("H118", "looks like a secret", "An environment variable with the name of a secret, or a URL with a password, has its value in the file. Whoever can read the repository has it. The value is not shown in messages.", "Put the value into Parameter Store or Secrets Manager and refer to it under secrets.", "services:\n  web:\n    env: {API_TOKEN: abc123xyz}"),
    Entry("H119", "credentials in the file", "An AWS access key or a private key stands in the file. It must be taken as known to others.", "Revoke it, then remove it. Instances have a role and need no key."),
    Entry("H120", "override is not an operation", "Overrides are JSON Patch operations (RFC 6902). One lacks what its operation needs, or its path is no JSON Pointer.", "add, replace and test need a value; move and copy need from; paths start with / .", "overrides:\n  - {op: add, path: Resources/Vpc}"),
    Entry("H121", "path leads outside", "Paths are relative to the blueprint, go down only, and are written with / .", "Name a folder below the blueprint, or move the blueprint up.", "services:\n  web: {path: ../app}"),
    Entry("H122", "two plugins add the same", "Two plugins add a resource type or a check of the same name, and HiveMind does not choose.", "Leave one out with -p no:NAME, or uninstall it."),
    Entry("H123", "check names what is not there", "A check is for a service or resource that the blueprint does not have.", "Correct the name.", "checks:\n  - {database: dbb}"),
    Entry("H124", "not a reference to a secret", "Values under secrets say where the secret is kept, never what it is. The text is not shown.", "Write  ssm:/NAME , secretsmanager:NAME  or  secretsmanager:NAME#FIELD .", "services:\n  web:\n    secrets: {KEY: ssm:/shop/key}"),
    Entry("H125", "a plugin's schema is not valid", "What a plugin adds to the schema of hivemind.yaml is no valid JSON Schema: a mistake of the plugin.", "Update the plugin, or leave it out with -p no:NAME."),
    Entry("H126", "listed twice", "A list has the same entry twice.", "Keep one of the two.", "services:\n  web: {needs: [db, db]}"),
    Entry("H127", "health check's timeout", "The load balancer wants the timeout of a probe to be less than the interval between two.", "Make the interval longer or the timeout shorter.", "services:\n  web: {health: {path: /up, interval: 5, timeout: 5}}"),
    Entry("H128", "variable given twice", "A variable is under env and under secrets.", "Keep one of the two."),
    Entry("H129", "unknown region", "No AWS region has this name. Where only its number is unknown it is a warning.", "Take the one that the hint names.", "region: eu-wst-1"),
    Entry("H130", "does not fit", "The value fits none of the forms that are possible here.", "Write it like the example in the hint."),
    Entry("H131", "PORT under env", "HiveMind sets PORT to the port that the load balancer asks.", "Write  port:  in the service.", "services:\n  web:\n    env: {PORT: 8000}"),
    Entry("H132", "nothing to remove", "In an environment null removes what the rest of the file has; here it has nothing of this name.", "Correct the name. An empty service is written {} .", "environments:\n  staging: {services: {wokrer: null}}"),
    Entry("H133", "certificate of another region", "A load balancer takes ACM certificates of its own region only.", "Request a certificate in the deployment's region, and name that one."),
    Entry("H134", "no such version of a database", "RDS does not offer this version of the engine for new databases.", "Take the one that the hint names: a major version, or an exact one. In quotes, so that it is text.", "resources:\n  db: {type: postgres, version: \"99\"}"),
    Entry("H301", "no start command", "Nothing in the repository says how the application is started.", "Write it:  start: COMMAND ."),
    Entry("H302", "nothing to serve", "The folder looks like a library or a command-line program: nothing in it serves requests.", "Write start (and port) where it does serve, or kind: worker."),
    Entry("H303", "a resource seems to be needed", "The code uses something, such as a database, that no resource of the blueprint provides.", "Add a resource of that type, or hand its address over with env or secrets."),
    Entry("H304", "a variable is not set", "The code reads an environment variable that nothing sets.", "Add it under env or secrets, if the application needs it."),
    Entry("H305", "the repository contradicts itself", "A start command whose file is not there, a version that does not exist, lock files of two package managers or one that lacks what its manifest asks for, a database's address that stands in the code, migrations that nothing runs, or nothing but a Dockerfile.", "Repair the file that is named, or write in hivemind.yaml what the hint says."),
    Entry("H306", "no runtime", "The service says how it is started, and nothing says in what: no runtime is written, and none was recognised in its folder. Nothing would be installed on its instances.", "Write it:  runtime: python  (or node, go, java, ruby, php, shell, ...); or correct path. Where a plugin builds services, this is a warning.", "services:\n  web: {start: ./server}"),
    Entry("H320", "a wish can't be met", "The description given to `hivemind deploy` asks for something that no plugin provides, that fits no service, or that is contradicted further on.", "Write what is meant into hivemind.yaml; the hint says where."),
)  # fmt: skip
