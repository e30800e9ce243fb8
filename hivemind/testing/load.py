"""Requests to a deployment, one after another, while something else happens to it."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Load:
    """Asks for a page as fast as answers come, from when it is entered. answers: status -> how many; 0 for none."""

    def __init__(self, url: str) -> None:
        self.answers: Counter[int] = Counter()
        self._address = urlsplit(url)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(60)

    @property
    def lost(self) -> int:
        """Requests without a good answer."""
        return sum(count for status, count in self.answers.items() if status != 200)

    def _run(self) -> None:
        while not self._ended.wait(0.02):
            connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=30)
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                response.read()
                self.answers[response.status] += 1
            except OSError:
                self.answers[0] += 1
            finally:
                connection.close()
