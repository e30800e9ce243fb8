from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def test_a_web_service(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "gleam.toml": 'name = "shop"\n[dependencies]\nmist = "1"\nwisp = "1"\npog = "1"\n',
            ".tool-versions": "gleam 1.4.1\nerlang 27\n",
            "src/shop.gleam": "pub fn main() {\n  mist.port(8001)\n}\n",
        },
    )
    expected = {
        "language": "gleam",
        "runtime_version": "1.4.1",
        "framework": "wisp",
        "build": "gleam export erlang-shipment",
        "start": "./build/erlang-shipment/entrypoint.sh run",
        "port": 8001,
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert [each.value for each in found.several["needs"]] == ["postgres"]


def test_a_library(tmp_path: Path) -> None:
    found = seen(tmp_path, {"gleam.toml": 'name = "shapes"\n', "src/shapes.gleam": "pub fn area() { 1 }\n"})
    assert (found.value("kind"), found.value("start")) == ("library", None)


@pytest.mark.parametrize("text", ["name = [", 'name = 3\ndependencies = "x"\n'])
def test_odd_manifests_raise_nothing(tmp_path: Path, text: str) -> None:
    seen(tmp_path, {"gleam.toml": text})
