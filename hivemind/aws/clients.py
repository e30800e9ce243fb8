"""botocore clients: one way to make them, for AWS and for the local cloud."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from hivemind.aws.calling import Client, Meaning
from hivemind.aws.errors import translated
from hivemind.aws.mutations import guard
from hivemind.values.version import __version__

_lock = threading.Lock()


class CallCounter:
    """Counts API requests by `service:Operation`, retries included. Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(sorted(self._counts.items()))


def make_client(
    service: str,
    *,
    region: str,
    counter: CallCounter,
    endpoint: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    profile: str | None = None,
    meaning: Meaning = lambda error: error,
) -> Client:
    """A client for `service`: guarded by `mutations`, counted, and with HiveMindErrors alone.

    endpoint: of the API, None for AWS's own. access_key, secret_key: instead of the usual chain of
    credentials. meaning: what an error means in that cloud.

    It is used as boto3's, without `upload_file` and its kin, and without waiters. Raises
    CloudUnreachable for a profile that does not exist.
    """
    # botocore's session is not safe to make clients from in several threads.
    with translated(), _lock:
        # Who brings an endpoint and credentials needs nothing of what the user has configured for AWS.
        chosen = session(profile) if endpoint is None or access_key is None else plain_session()
        client = chosen.create_client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=_config(service, endpoint),
        )
    guard(client)
    name = client.meta.service_model.signing_name

    def count(operation_name: str, **_: Any) -> None:
        counter.count(f"{name}:{operation_name}")

    client.meta.events.register("request-created.*.*", count)
    return Client(client, meaning)


@cache
def session(profile: str | None) -> Any:
    """botocore's session of a profile, None for the environment's; one a process."""
    import botocore.session

    from hivemind.aws.models import quick_loader

    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", quick_loader(session.get_config_variable("data_path")))
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    return session


def credentials_end(profile: str | None) -> datetime | None:
    """When the credentials of a profile, None for the environment's, end for good (`aws.credentials`). Raises
    CloudUnreachable for a profile that can't be used."""
    from hivemind.aws.credentials import end_of

    with translated(), _lock:
        return end_of(session(profile))


@cache
def plain_session() -> Any:
    """botocore's session as on a machine without any AWS configuration: no profile, no file and no variable, none of
    which concerns the local cloud, and each of which may be broken; one a process."""
    import os

    import botocore.session
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as VARIABLES

    from hivemind.aws.models import quick_loader

    plain = {name: (None, None, default, convert) for name, (_, _, default, convert) in VARIABLES.items()}
    for name in ("config_file", "credentials_file"):
        plain[name] = (None, None, os.devnull, None)
    session = botocore.session.Session(session_vars=plain)
    session.register_component("data_loader", quick_loader(None))
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    return session


def moment(value: Any) -> datetime:
    """A time in a response. botocore tries every way in which people write times, and takes more time for that than
    for all else in a page of stack events; nearly all have the form of ISO 8601, which Python reads at once."""
    if isinstance(value, str) and value[10:11] == "T":
        with suppress(ValueError):
            found = datetime.fromisoformat(value)
            if found.tzinfo is not None:
                return found
    from botocore.utils import parse_timestamp

    found = parse_timestamp(value)
    assert isinstance(found, datetime)
    return found


def _config(service: str, endpoint: str | None) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "adaptive", "max_attempts": 6},
        max_pool_connections=16,
        user_agent_extra=f"hivemind/{__version__}",
    )
    if endpoint is None:
        # Presigned addresses would lead to the global endpoint, with a signature that new regions don't take.
        regional = Config(
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}, signature_version="s3v4"
        )
        return config.merge(regional) if service == "s3" else config
    local = Config(s3={"addressing_style": "path", "us_east_1_regional_endpoint": "regional"})
    if urlsplit(endpoint).hostname in {"127.0.0.1", "localhost", "::1"}:
        # A proxy of the environment is not for this machine.
        local = local.merge(Config(proxies={}))
    return config.merge(local)
