"""What the emulator keeps: one store for each kind of record, and the modules of ministack behind them.

Knows private names of ministack; `emulator.py` says who does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from hivemind.local import copying, protocols

SERVICES = (
    "acm",
    "alb",
    "autoscaling",
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


class Stores:
    """ministack's stores, by their AWS names: mappings within the account and region of the current context
    (`scope`)."""

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
        self.ec2_tags, self.launch_templates = ec2._tags, ec2._launch_templates
        self.scaling_groups = modules["autoscaling"]._asgs
        self.load_balancers, self.listeners, self.rules = alb._lbs, alb._listeners, alb._rules
        self.target_groups, self.targets, self.target_group_attributes = alb._tgs, alb._targets, alb._tg_attrs
        self.databases, self.subnet_groups, self.db_snapshots = rds._instances, rds._subnet_groups, rds._snapshots
        self.cache_groups, self.cache_clusters = cache._replication_groups, cache._clusters
        self.cache_subnet_groups, self.cache_snapshots = cache._subnet_groups, cache._snapshots
        self.cache_tags = cache._tags
        # Its servers are ours (`valkey.py`); it would look for a container engine, and point records elsewhere.
        cache._get_docker = cache._ensure_live_containers = lambda: None
        self.instance_profiles, self.roles = iam._instance_profiles, iam._roles
        self.certificates = modules["acm"]._certificates
        self.buckets = modules["s3"]._buckets
        self._secrets = modules["secretsmanager"]

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
