"""The AWS API emulator (ministack, exact pin) and every private name of it that we use.

No other module imports ministack; `closing.py` has those names that shut its doors. `tests/local/test_emulator.py`
fails when a new version moves one of these names or changes what we rely on.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from hivemind.local import closing, copying, protocols
from hivemind.local.files import write_text
from hivemind.local.handlers import as_handler, as_kind
from hivemind.local.model import Datum
from hivemind.local.resource_kind import Kind

log = logging.getLogger("hivemind.local")

VERSION = "1.5.33"
Response = tuple[int, dict[str, str], bytes]
Operation = Callable[[Mapping[str, Any]], Response]
Guard = Callable[[str, str, Mapping[str, str]], Response | None]
SERVICES = (
    "acm",
    "alb",
    "cloudformation",
    "cloudwatch",
    "cloudwatch_logs",
    "ec2",
    "elasticache",
    "iam",
    "kms",
    "rds",
    "s3",
    "secretsmanager",
    "ssm",
    "sts",
    "tagging",
)
KEPT = (*SERVICES, "dynamodb", "sns", "sqs")
"""Services whose state is kept. The last are loaded when they are first used."""


def prepare_environment(state: Path, port: int, region: str) -> None:
    """Sets what ministack reads when it is imported; call it before the first `Emulator`.

    state: folder for its saved state. port: where it will be served. region: for unsigned requests.
    """
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_", "LOCALSTACK_"))]:
        del os.environ[name]
    os.environ.update(
        PERSIST_STATE="1",
        STATE_DIR=str(state / "services"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(state / "objects"),
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL="WARNING",
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        MINISTACK_REGION=region,
        MINISTACK_HOST="localhost",
        # A container engine that happens to run here is none of our business.
        DOCKER_HOST="unix:///nonexistent/docker.sock",
    )
    # The client of one takes a third of what the daemon needs to start. ministack does without it where it is absent.
    sys.modules["docker"] = None  # type: ignore[assignment]


class Emulator:
    """ministack's stores, by their AWS names, and the places where our own behaviour goes in.

    Stores are mappings within the account and region of the current context (`scope`).
    """

    def __init__(self) -> None:
        from ministack import app
        from ministack.core import responses
        from ministack.services.cloudformation import (
            _stack_events,
            _stacks,
            changesets,
            engine,
            handlers,
            provisioners,
            stacks,
        )

        modules = {name: app._get_module(name) for name in SERVICES}
        copying.quicken((*modules.values(), engine, handlers, changesets, provisioners, stacks))
        ec2, alb, rds, iam, cache = (modules[name] for name in ("ec2", "alb", "rds", "iam", "elasticache"))
        self._app, self._responses = app, responses
        responses._service_model = protocols.known_first(responses._service_model)
        self._provisioners, self._stacks_module, self._handlers = provisioners, stacks, handlers
        self._template_modules = (engine, handlers, changesets)
        self._modules = modules
        self._installed: frozenset[str] = frozenset()
        self.stacks, self.stack_events = _stacks, _stack_events
        self.instances, self.key_pairs, self.addresses = ec2._instances, ec2._key_pairs, ec2._addresses
        self.vpcs, self.subnets, self.security_groups = ec2._vpcs, ec2._subnets, ec2._security_groups
        self.nat_gateways, self.gateways, self.route_tables = (
            ec2._nat_gateways,
            ec2._internet_gateways,
            ec2._route_tables,
        )
        self.ec2_tags = ec2._tags
        self.load_balancers, self.listeners, self.rules = alb._lbs, alb._listeners, alb._rules
        self.target_groups, self.targets, self.target_group_attributes = alb._tgs, alb._targets, alb._tg_attrs
        self.databases, self.subnet_groups, self.db_snapshots = rds._instances, rds._subnet_groups, rds._snapshots
        self.cache_groups, self.cache_clusters = cache._replication_groups, cache._clusters
        self.cache_subnet_groups, self.cache_snapshots = cache._subnet_groups, cache._snapshots
        self.cache_tags = cache._tags
        # Its servers are ours (`valkey.py`); it would look for a container engine, and point records elsewhere.
        cache._get_docker = cache._ensure_live_containers = lambda: None
        self.instance_profiles, self.roles = iam._instance_profiles, iam._roles
        self.buckets = modules["s3"]._buckets
        self._secrets = modules["secretsmanager"]
        self._saved: dict[str, int] = {}

    # -- context ---------------------------------------------------------------------------------------

    def scope(self, account: str, region: str) -> AbstractContextManager[None]:
        """Pins account and region for the stores within a `with` block."""
        scope: AbstractContextManager[None] = self._responses.request_scope(account, region)
        return scope

    @property
    def account(self) -> str:
        return str(self._responses.get_account_id())

    @property
    def region(self) -> str:
        return str(self._responses.get_region())

    @staticmethod
    def everywhere(store: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Every record of a store, over all accounts and regions: (account, region, record)."""
        for key, record in store.all_items():
            yield key[0], key[1], record

    # -- serving ---------------------------------------------------------------------------------------

    @property
    def asgi(self) -> Callable[..., Awaitable[None]]:
        """The ASGI application; it loads its saved state at lifespan startup and saves at shutdown."""
        application: Callable[..., Awaitable[None]] = self._app.app
        return application

    def save(self) -> None:
        """Writes the state of those services that changed since the last time to disk, each file atomically; the rest
        is written at shutdown. What can't be written now is left for the next time."""
        from ministack.core import persistence

        every = self._app._build_persistence_save_dict()
        for key, name in self._app._state_map.items():
            if name not in KEPT or key not in every:
                continue
            try:
                # As ministack's own `save_state`, which takes ten times as long: it encodes piece by piece.
                content = {"__ministack_format__": persistence._state_format_version(key), "payload": every[key]()}
                text = json.dumps(content, default=persistence._json_default)
                if content["payload"] is not None and self._saved.get(key) != hash(text):
                    write_text(Path(persistence.STATE_DIR, f"{key}.json"), text)
                    self._saved[key] = hash(text)
            except (OSError, RuntimeError, TypeError, ValueError):
                log.exception("the state of %s is not saved", name)

    def intercept(self, before: Guard, after: Callable[[str, str], None]) -> None:
        """Has `before(service, operation, headers)` answer instead of the service when it returns a
        response, and `after(service, operation)` called once a request was served."""
        serve = self._app._dispatch_service_request

        async def dispatch(  # noqa: PLR0917 - the signature is ministack's
            method: str,
            path: str,
            headers: dict[str, str],
            body: bytes,
            query: dict[str, Any],
            request_id: str,
        ) -> Response:
            service, operation = self._named(method, path, headers, body, query)
            refused = before(service, operation, headers)
            if refused is not None:
                return refused
            answer: Response = await serve(method, path, headers, body, query, request_id)
            after(service, operation)
            return answer

        self._app._dispatch_service_request = dispatch

    def _named(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> tuple[str, str]:
        """(service, operation); for REST services the operation is the HTTP method."""
        parameters = self._app._routing_params(method, path, headers, body, query)
        service = str(self._app.detect_service(method, path, headers, parameters))
        target = headers.get("x-amz-target", "")
        if target:
            return service, target.rpartition(".")[2]
        action = parameters.get("Action") or query.get("Action")
        if not action and b"Action=" in body[:4096]:
            from urllib.parse import parse_qs

            action = parse_qs(body.decode("utf-8", "replace")).get("Action")
        name = action[0] if isinstance(action, list) else action
        return service, str(name or method)

    def replace_operation(self, service: str, operation: str, make: Callable[[Operation | None], Operation]) -> None:
        """Puts `make(current)` in the place of a Query API operation of a service, such as `ec2` or `cloudformation`.
        current: None where the emulator has no such operation."""
        if service == "elasticache":
            # It has no table: each request looks for a function of this name.
            name = re.sub(r"(?=[A-Z])", "_", operation).lower()
            setattr(self._modules[service], name, make(getattr(self._modules[service], name)))
            return
        if service == "cloudformation":
            operations = self._handlers._ACTION_HANDLERS
        else:
            operations = self._modules[service]._ACTION_MAP
        operations[operation] = make(operations.get(operation))

    def xml(self, service: str, operation: str, inner: str) -> Response:
        """A successful Query API answer of `ec2` or `alb`."""
        module = self._modules[service]
        answer: Response = (
            module._xml(200, f"{operation}Response", inner) if service == "ec2" else module._xml(200, operation, inner)
        )
        return answer

    def error(self, service: str, code: str, message: str) -> Response:
        """A Query API error of a service, HTTP status 400."""
        if service == "cloudformation":
            from ministack.services.cloudformation.helpers import _error

            answer: Response = _error(code, message)
            return answer
        refusal: Response = self._modules[service]._error(code, message, 400)
        return refusal

    # -- CloudFormation --------------------------------------------------------------------------------

    def kinds(self) -> dict[str, Kind]:
        """The emulator's own resource types."""
        return {
            name: as_kind(handler)
            for name, handler in self._provisioners._RESOURCE_HANDLERS.items()
            if "create" in handler and "delete" in handler and not handler.get("delete_with_logical_id")
        }

    def install(self, kinds: Mapping[str, Kind], tagged: tuple[str, ...]) -> None:
        """Makes `kinds` the resource types of CloudFormation, run in worker threads.

        tagged: types of ours whose `Tags` get the stack's tags, as the emulator does with its own.
        """
        handlers, replacing = self._provisioners._RESOURCE_HANDLERS, self._provisioners._REPLACING_PROPERTIES
        conditional = self._provisioners._CONDITIONALLY_REPLACING_PROPERTIES
        for name, kind in kinds.items():
            handlers[name] = as_handler(kind, handlers.get(name, {}))
            if kind.replacing is not None:
                replacing[name] = tuple(sorted(kind.replacing))
            if kind.conditional:
                conditional[name] = tuple(sorted(kind.conditional))
        for name in tagged:
            self._provisioners._STACK_TAG_PROPERTY[name] = ("Tags", "list")
        self._installed = frozenset(kinds)
        self._stacks_module._runs_on_worker_thread = lambda _type: True
        self._handlers._capabilities_enforced = lambda: True

    def close(self, templates: Callable[[Mapping[str, Any]], str | None], kinds: Callable[[str], str]) -> None:
        """Shuts the ways past `intercept` and `install` (`closing.py`). templates: why a template is not taken, a
        sentence, or None. kinds: the same of a resource type, always said."""
        closing.close_entries(self._app, KEPT)
        closing.close_types(self._provisioners, self._installed, kinds)
        closing.check_templates(self._template_modules, templates)

    def end_interrupted(self, reason: str) -> dict[str, frozenset[str]]:
        """Settles stacks whose operation ended with an earlier daemon: CREATE_IN_PROGRESS becomes
        CREATE_FAILED, UPDATE_* UPDATE_ROLLBACK_FAILED, DELETE_IN_PROGRESS DELETE_FAILED.

        Returns the physical ids that each of these stacks knows of, by stack id.
        """
        settled_stacks = {}
        for account, region, stack in list(self.everywhere(self.stacks)):
            status = str(stack.get("StackStatus", ""))
            if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                continue
            settled = {"CREATE": "CREATE_FAILED", "DELETE": "DELETE_FAILED", "ROLLBACK": "ROLLBACK_FAILED"}.get(
                status.split("_", maxsplit=1)[0], "UPDATE_ROLLBACK_FAILED"
            )
            stack["StackStatus"], stack["StackStatusReason"] = settled, reason
            known = (str(resource.get("PhysicalResourceId")) for resource in stack.get("_resources", {}).values())
            settled_stacks[str(stack["StackId"])] = frozenset(known)
            with self.scope(account, region):
                self._stacks_module._add_event(
                    stack["StackId"],
                    stack["StackName"],
                    stack["StackName"],
                    "AWS::CloudFormation::Stack",
                    settled,
                    reason,
                    stack["StackId"],
                )
        return settled_stacks

    def live_stacks(self) -> list[tuple[str, str, str]]:
        """(account, region, name) of every stack that is not deleted."""
        return [
            (account, region, str(stack["StackName"]))
            for account, region, stack in self.everywhere(self.stacks)
            if stack.get("StackStatus") != "DELETE_COMPLETE"
        ]

    def made_by_stacks(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Properties, all references resolved, of every resource of a type in any stack: for types that the
        emulator's own services keep nothing of."""
        for _, _, stack in self.everywhere(self.stacks):
            if stack.get("StackStatus") == "DELETE_COMPLETE":
                continue
            for resource in list(stack.get("_resources", {}).values()):
                if resource.get("ResourceType") == kind and resource.get("PhysicalResourceId"):
                    yield resource.get("Properties", {})

    # -- services --------------------------------------------------------------------------------------

    def launch(self, image: str, size: str, subnet: str, address: str, **options: Any) -> dict[str, Any]:
        """A new EC2 instance record. options: key_name, user_data, sg_ids, iam_profile."""
        record: dict[str, Any] = self._modules["ec2"]._launch_instances_internal(
            image, size, subnet, 1, requested_private_ip=address, **options
        )[0]
        return record

    def instance_profile(self, name: str) -> dict[str, Any] | None:
        """The `IamInstanceProfile` value of an instance for a profile's name; None: no such profile."""
        found, error = self._modules["ec2"]._resolve_iam_instance_profile(iam_name=name)
        return None if error else found

    def discard_instance(self, record: dict[str, Any]) -> None:
        """Forgets an instance and its root volume as if it never was."""
        self._modules["ec2"]._discard_instance_records(record)

    def secret(self, reference: str) -> tuple[str, dict[str, Any]] | None:
        """(key in the store, record) of a secret by name or ARN."""
        key, record = self._secrets._resolve(reference)
        return (key, record) if record else None

    def compare_secrets_by_arn(self) -> None:
        """Has drift detection find secrets: it looks for a physical id, the ARN, among their names."""
        readers = self._handlers._drift._DRIFT_READERS
        read, properties = readers["AWS::SecretsManager::Secret"]

        def by_arn(physical_id: str, wanted: Mapping[str, Any]) -> Any:
            found = self.secret(physical_id)
            return read(found[0], wanted) if found else None

        readers["AWS::SecretsManager::Secret"] = (by_arn, properties)

    def publish_images(self, images: tuple[tuple[str, str, str, str, str], ...], aliases: Mapping[str, str]) -> None:
        """Adds public images (id, name, description, owner, owner alias) and SSM parameters that name them."""
        stubs = self._modules["ec2"]._STUB_AMIS
        stubs[:] = [
            (ami, name, description, "", "/dev/xvda", owner, alias) for ami, name, description, owner, alias in images
        ]
        parameters = self._modules["ssm"]._PUBLIC_AMI_PARAMETERS
        parameters.clear()
        parameters.update(aliases)

    def image_exists(self, image: str) -> bool:
        return any(stub[0] == image for stub in self._modules["ec2"]._STUB_AMIS)

    def add_db_snapshot(self, name: str, database: dict[str, Any]) -> dict[str, Any]:
        """A DB snapshot record of a DB instance record."""
        snapshot: dict[str, Any] = self._modules["rds"]._create_snapshot_internal(name, database)
        return snapshot

    def add_cache_snapshot(self, name: str, group: str) -> dict[str, Any]:
        """A snapshot record of a replication group. group: its id."""
        self._modules["elasticache"]._create_snapshot({"SnapshotName": name, "ReplicationGroupId": group})
        snapshot: dict[str, Any] = self.cache_snapshots[name]
        return snapshot

    def put_metric(self, datum: Datum) -> None:
        """Keeps a value of a CloudWatch metric, now; alarms see it."""
        cloudwatch = self._modules["cloudwatch"]
        sent = {
            "MetricName": datum.name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in datum.dimensions.items()],
            "Value": datum.value,
            "Unit": datum.unit,
        }
        request = {"Namespace": datum.namespace, "MetricData": [sent]}
        with self.scope(datum.account, datum.region):
            cloudwatch._put_metric_data({}, request, is_cbor=False, is_json=True)
