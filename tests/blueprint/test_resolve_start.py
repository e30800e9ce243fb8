"""What a start command runs first is not run a second time while building or releasing."""

from __future__ import annotations

import pytest

from hivemind.blueprint.model import Blueprint, Service, ServiceKind
from hivemind.blueprint.resolve import resolve
from hivemind.detections.detection import Detection, Precedence

pytestmark = pytest.mark.fast


def found(field: str, value: str) -> tuple[str, Detection]:
    return "recon", Detection(field, value, "file", 1, Precedence.DECLARED, language="python")


@pytest.mark.parametrize(
    ("start", "build", "release"),
    [
        ("python manage.py migrate && python manage.py collectstatic --no-input && gunicorn a", None, None),
        ("python manage.py migrate; gunicorn a", "python manage.py collectstatic --noinput", None),
        ("gunicorn a", "python manage.py collectstatic --noinput", "python manage.py migrate --noinput"),
    ],
)
def test_start_runs_it_anyway(start: str, build: str | None, release: str | None) -> None:
    detections = [
        found("language", "python"),
        found("start", start),
        found("build", "python manage.py collectstatic --noinput"),
        found("release", "python manage.py migrate --noinput"),
    ]
    blueprint, _ = resolve(Blueprint("a", services={"web": Service("web")}), {"web": detections})
    service = blueprint.services["web"]
    assert (service.start, service.build, service.release) == (start, build, release)


def test_a_static_site_listens_where_our_file_server_does() -> None:
    static = [("recon", Detection("language", "static", "index.html", None, Precedence.CODE))]
    port = ("recon", Detection("port", 80, "Dockerfile", 3, Precedence.CONTAINER))
    blueprint, _ = resolve(
        Blueprint("a", services={"web": Service("web", kind=ServiceKind.STATIC)}), {"web": [*static, port]}
    )
    assert blueprint.services["web"].port == 8080


def test_a_port_below_1024_is_not_taken_where_the_application_takes_any() -> None:
    port = ("recon", Detection("port", 80, "Dockerfile", 3, Precedence.CONTAINER))
    any_port, _ = resolve(
        Blueprint("a", services={"web": Service("web", runtime="python", start="gunicorn a -b :$PORT")}),
        {"web": [port]},
    )
    fixed, _ = resolve(
        Blueprint("a", services={"web": Service("web", runtime="python", start="python a")}), {"web": [port]}
    )
    assert any_port.services["web"].port == 8000
    assert fixed.services["web"].port == 80


def test_pages_of_another_language_are_static_and_a_containers_command_does_not_start_them() -> None:
    detections = [
        ("recon", Detection("language", "node", "package.json", 1, Precedence.DECLARED, language="node")),
        ("recon", Detection("kind", "static", "package.json", 2, Precedence.CODE, language="node")),
        ("recon", Detection("static_dir", "dist", "package.json", 2, Precedence.CODE, language="node")),
        ("recon", Detection("start", "npm run serve", "Dockerfile", 9, Precedence.CONTAINER, language="node")),
    ]
    blueprint, findings = resolve(Blueprint("a", services={"web": Service("web")}), {"web": detections})
    service = blueprint.services["web"]
    assert (service.kind, service.start, service.static_dir, findings) == (ServiceKind.STATIC, None, "dist", ())


def test_a_start_command_that_is_only_shown_gives_way_to_one_that_runs() -> None:
    detections = [
        ("recon", Detection("start", "uwsgi a.ini", "Dockerfile", 9, Precedence.CONTAINER, 0.45)),
        ("recon", Detection("start", "gunicorn a:b", "a.py", 1, Precedence.CONVENTION, 0.9)),
    ]
    blueprint, _ = resolve(Blueprint("a", services={"web": Service("web")}), {"web": detections})
    assert blueprint.services["web"].start == "gunicorn a:b"
