"""A build that fetches from a host that it does not reach says which, and what to do about it."""

from __future__ import annotations

import time

import pytest

from hivemind.builds.unreached import unreached

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("Error: getaddrinfo ENOTFOUND binaries.prisma.sh", "binaries.prisma.sh"),
        (
            "Error: request to https://cdn.bakery.example/flour.tgz failed, reason: read ECONNRESET",
            "cdn.bakery.example",
        ),
        ("Failed to fetch `Inter` from Google Fonts.", "fonts.googleapis.com"),
        ("curl: (6) Could not resolve host: get.bakery.example", "get.bakery.example"),
        ("wget: unable to resolve host address ‘get.bakery.example’", "get.bakery.example"),
        ("curl: (28) Failed to connect to get.bakery.example port 443 after 1 ms: Timeout", "get.bakery.example"),
        ("HTTPSConnectionPool(host='models.bakery.example', port=443): Max retries exceeded", "models.bakery.example"),
        ('Get "https://x/": dial tcp: lookup proxy.bakery.example on 1.1.1.1:53: no such host', "proxy.bakery.example"),
        ("java.net.UnknownHostException: repo.bakery.example: Name or service not known", "repo.bakery.example"),
    ],
)
def test_the_host_is_named(line: str, host: str) -> None:
    said = unreached(["Creating an optimized build ...", line, "npm error code 1"])
    assert said is not None
    assert said.startswith(f"The build needs the internet, and did not reach {host}.")


def test_what_to_set_is_said_where_it_is_known() -> None:
    said = unreached(["Error: getaddrinfo EAI_AGAIN binaries.prisma.sh"])
    assert said is not None
    assert said.endswith("To fetch from elsewhere, set PRISMA_ENGINES_MIRROR in the command that fetches.")


@pytest.mark.parametrize(
    "line",
    [
        "Error: connect ECONNREFUSED 127.0.0.1:1", "getaddrinfo ENOTFOUND db", "getaddrinfo ENOTFOUND nowhere.invalid",
        "see https://docs.bakery.example/errors for help", "sh: 1: vite: not found", "",
    ],
)  # fmt: skip
def test_what_is_no_host_of_the_internet_is_none(line: str) -> None:
    assert unreached([line]) is None


def test_long_output_takes_no_time() -> None:
    lines = ["getaddrinfo ENOTFOUND " + "a." * 5000, "https://" + "-" * 100_000, "host='" + "a-" * 50_000] * 50
    began = time.process_time()
    assert unreached(lines) is None
    assert time.process_time() - began < 2
