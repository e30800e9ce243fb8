"""What the benchmark of Recon lays out and counts."""

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


def test_a_case_is_laid_out_as_the_contents_that_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(_ROOT))
    from benchmarks.recon.cases import Case, lay_out

    tree = ("go.mod", "cmd/shop/main.go", "web/index.html")
    case = Case("a", tree, {"go.mod": "module shop\n"}, {}, "a", None, False, False, "", None)
    lay_out(case, tmp_path)
    assert {file.name: file.read_text() for file in tmp_path.rglob("*") if file.is_file()} == {
        "go.mod": "module shop\n"
    }


@pytest.mark.parametrize(
    ("start", "measured"),
    [
        ("node shop/web.js", False),
        ("gunicorn shop.site:app", False),
        ("python -m shop", False),
        ("node ./shop/web", False),
        ("npm start", True),
        ("./target/release/shop-server", True),
    ],
)
def test_a_start_that_names_a_file_without_contents_is_not_measurable(
    monkeypatch: pytest.MonkeyPatch, start: str, measured: bool
) -> None:
    monkeypatch.syspath_prepend(str(_ROOT))
    from benchmarks.recon.cases import Case
    from benchmarks.recon.scoring import scores

    tree = ("package.json", "shop/web.js", "shop/site.py", "shop/__main__.py")
    case = Case("a", tree, {"package.json": "{}"}, {"start": start}, "a", "app", False, False, "", None)
    assert [each.field for each in scores(case, {}, manifests_alone=True)] == (["start"] if measured else [])
    assert [each.field for each in scores(case, {})] == ["start"]


def test_what_a_python_server_serves_is_its_application_and_not_its_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(_ROOT))
    from benchmarks.recon.commands import same

    ours = "gunicorn shop.site:app --worker-class uvicorn.workers.UvicornWorker"
    assert same(ours, "gunicorn shop.site:app", {})
    assert not same(ours, "gunicorn shop.other:app --worker-class uvicorn.workers.UvicornWorker", {})
