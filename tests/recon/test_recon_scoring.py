"""What the benchmark of Recon counts as a repository's port."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.fast
_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("start", "start_kind", "static", "port", "fields"),
    [
        ("caddy run --config /Caddyfile", "platform", True, 80, ["port, all"]),
        ("caddy run --config /Caddyfile", "app", True, 80, ["port", "port, all"]),
        ("node server.js", "app", False, 80, ["port", "port, all"]),
        ("caddy run", "platform", True, 3000, ["port", "port, all"]),
        (None, None, True, 80, ["port", "port, all"]),
    ],
)
def test_port_80_of_the_other_platforms_file_server_is_no_property_of_a_repository(
    monkeypatch: pytest.MonkeyPatch,
    start: str | None,
    start_kind: str | None,
    static: bool,
    port: int,
    fields: list[str],
) -> None:
    monkeypatch.syspath_prepend(str(_ROOT))
    from benchmarks.recon.cases import Case
    from benchmarks.recon.scoring import scores

    case = Case("a", (), {}, {"start": start, "port": port}, "a", start_kind, static, False, "", None)
    found = [each for each in scores(case, {"port": port}) if each.field.startswith("port")]
    assert [each.field for each in found] == fields
    assert all(each.share == 1 for each in found)
