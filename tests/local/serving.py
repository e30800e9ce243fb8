"""Servers of data at work, as the daemon has them on its loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from hivemind.local.servers import Servers

Kind = TypeVar("Kind", bound=Servers)


def work(kind: Callable[[Path], Kind], directory: Path, does: Callable[[Kind], Awaitable[Any]]) -> Any:
    """What `does` comes to with the servers of a folder, which end with it."""

    async def run() -> Any:
        servers = kind(directory)
        try:
            return await does(servers)
        finally:
            await servers.close()

    return asyncio.run(run())
