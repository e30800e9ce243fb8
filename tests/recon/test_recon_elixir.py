from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


MIX = """defmodule Shop.MixProject do
  def project do
    [
      app: :shop,
      elixir: "~> 1.15",
      aliases: ["assets.deploy": []]
    ]
  end
  def application do
    [
      mod: {Shop.Application, []}
    ]
  end
  defp deps do
    [
      {:phoenix, "~> 1.7"},
      {:ecto_sql, "~> 3.10"},
      {:postgrex, ">= 0.0.0"},
      {:redix, "~> 1.0", only: :test}
    ]
  end
end
"""
RUNTIME = """if config_env() == :prod do
  secret =
    System.get_env("SECRET_KEY_BASE") ||
      raise "missing"
  port = String.to_integer(System.get_env("PORT") || "4444")
end
"""


def test_phoenix_with_a_release(tmp_path: Path) -> None:
    files = {"mix.exs": MIX, "config/runtime.exs": RUNTIME, "priv/repo/migrations/1_a.exs": "", "lib/shop.ex": ""}
    found = seen(tmp_path, files)
    expected = {
        "language": "elixir",
        "runtime_version": "1.15",
        "package_manager": "mix",
        "framework": "phoenix",
        "build": "mix compile && mix assets.deploy && mix release --overwrite",
        "start": "PHX_SERVER=true _build/prod/rel/shop/bin/shop start",
        "release": "mix ecto.migrate",
        "port": 4444,
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert [each.value for each in found.several["needs"]] == ["postgres"]
    assert [each.value for each in found.several["env_required"]] == ["SECRET_KEY_BASE"]


def test_programs_that_a_release_carries(tmp_path: Path) -> None:
    files = {
        "mix.exs": MIX,
        "config/runtime.exs": RUNTIME,
        "rel/overlays/bin/server": "",
        "rel/overlays/bin/migrate": "",
    }
    found = seen(tmp_path, files)
    assert found.value("start") == "_build/prod/rel/shop/bin/server"
    assert found.value("release") == "_build/prod/rel/shop/bin/migrate"


def test_without_release_settings_mix_starts_it(tmp_path: Path) -> None:
    assert seen(tmp_path, {"mix.exs": MIX}).value("start") == "mix phx.server"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("def project do\n[\napp: :shapes,\nversion: 1]\nend", "library"),
        ("def project do\n[\napp: :tool,\nescript: [main_module: T]]\nend", "cli"),
        ("def application do\n[\n  mod: {A, []}\n]\nend\n  {:broadway, 1},\n", "worker"),
    ],
)
def test_kinds(tmp_path: Path, text: str, kind: str) -> None:
    assert seen(tmp_path, {"mix.exs": text}).value("kind") == kind


def test_the_scripts_of_one_release(tmp_path: Path) -> None:
    made = {"rel/server/overlays/bin/server": "#!/bin/sh\n", "rel/server/overlays/bin/migrate": "#!/bin/sh\n"}
    found = seen(tmp_path, {"mix.exs": MIX, "config/runtime.exs": RUNTIME, **made})
    assert str(found.value("start")).endswith("/bin/server")
    assert str(found.value("release")).endswith("/bin/migrate")
