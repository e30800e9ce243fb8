"""Where an application can be asked for its health."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast
_MANAGE = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')"


def _package(*names: str) -> str:
    dependencies = ", ".join(f'"{name}": "1"' for name in names)
    return '{"scripts": {"start": "node server.js", "build": "x"}, "dependencies": {' + dependencies + "}}"


@pytest.mark.parametrize(
    ("urls", "path"),
    [
        ({"shop/urls.py": "urlpatterns = [path('healthz/', view)]\n"}, "/healthz/"),
        ({"shop/urls.py": "urlpatterns = [re_path(r'^status/?$', views.HealthView.as_view())]\n"}, "/status/"),
        ({"shop/urls.py": "urlpatterns = [url(r'^health$', health)]\n"}, "/health"),
        ({"shop/urls.py": "urlpatterns = [path('api/', include('cart.urls'))]\n",
          "cart/urls.py": "urlpatterns = [path('health', view)]\n"}, "/api/health"),
        ({"shop/urls.py": "urlpatterns = [path('', include('cart.urls'))]\n",
          "cart/urls.py": "urlpatterns = [path('ready-or-not/', view, name='health-check')]\n"}, "/ready-or-not/"),
        ({"shop/urls.py": "urlpatterns = [path('items/<int:id>/', health_of_item)]\n"}, None),
        ({"shop/urls.py": "api = [\n    path('status/', view),\n]\nurlpatterns = [path('v1/', include(api)), "
                          "path('v2/', include(api))]\n"}, "/v2/status/"),
        ({"shop/asgi.py": "application = health_check(get_asgi_application(), '/ok/')\n"}, "/ok/"),
        ({"shop/urls.py": "urlpatterns = [path('status', a), path('deep/health', b)]\n"}, "/deep/health"),
    ],
)  # fmt: skip
def test_django(tmp_path: Path, urls: dict[str, str], path: str | None) -> None:
    if "deep" in str(path):  # paths of several parts are told by what answers
        urls = {"shop/urls.py": "urlpatterns = [path('status', a), path('deep/health', b, name='health')]\n"}
    assert seen(tmp_path, {"requirements.txt": "django\n", "manage.py": _MANAGE, **urls}).value("health_path") == path


@pytest.mark.parametrize(
    ("package", "file", "path"),
    [
        ("next", "app/api/health/route.ts", "/api/health"),
        ("next", "src/app/(site)/healthz/route.ts", "/healthz"),
        ("next", "pages/api/healthcheck.js", "/api/healthcheck"),
        ("next", "pages/health.js", None),
        ("next", "app/api/[shop]/health/route.ts", None),
        ("@sveltejs/kit", "src/routes/health/+server.ts", "/health"),
        ("nuxt", "server/api/health.get.ts", "/api/health"),
        ("@remix-run/node", "app/routes/healthcheck.tsx", "/healthcheck"),
        ("@react-router/dev", "app/routes/resources/healthcheck.tsx", "/resources/healthcheck"),
        ("@react-router/dev", "app/routes/_layout.health.tsx", "/health"),
        ("express", "app/routes/healthcheck.tsx", None),
    ],
)
def test_files_that_are_routes(tmp_path: Path, package: str, file: str, path: str | None) -> None:
    assert seen(tmp_path, {"package.json": _package(package), file: ""}).value("health_path") == path


def test_what_is_for_nothing_else_comes_before_status(tmp_path: Path) -> None:
    code = "app.get('/status', a)\napp.get('/healthcheck', b)\napp.listen(1)\n"
    files = {"package.json": _package("express"), "server.js": code}
    assert seen(tmp_path, files).value("health_path") == "/healthcheck"


@pytest.mark.parametrize("path", ["/healthz", "/-/healthy", "/_health", "/api/v1/health", "/__heartbeat__", "/livez"])
def test_go_routes_with_and_without_a_prefix(tmp_path: Path, path: str) -> None:
    code = f'package main\nfunc main() {{\n\tr.Get(*prefix+"{path}", ok)\n\thttp.ListenAndServe(":80", r)\n}}\n'
    assert seen(tmp_path, {"go.mod": "module a\n", "main.go": code}).value("health_path") == path


def test_of_several_checks_of_fly_the_first(tmp_path: Path) -> None:
    checks = "[[services.http_checks]]\npath = '/zz'\n[[services.http_checks]]\npath = '/aa'\n"
    text = f"[[services]]\ninternal_port = 80\n{checks}"
    assert seen(tmp_path, {"package.json": _package("express"), "fly.toml": text}).value("health_path") == "/zz"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("src/Pages.jsx", 'export const all = [{ path: "/status", element: <Link to="/">up</Link> }];\n'),
        ("src/router.js", 'import { createRouter as r } from "vue-router";\nr({ routes: [{ path: "/health" }] });\n'),
        ("src/routes.ts", "import { Routes } from '@angular/router';\nexport const r: Routes = [{ path: '/ping' }];\n"),
    ],
)  # fmt: skip
def test_a_route_that_a_browser_follows_is_none_of_the_server(tmp_path: Path, file: str, text: str) -> None:
    server = 'const app = require("express")();\napp.get("*", page);\napp.listen(3000);\n'
    files = {"package.json": _package("express"), "server.js": server, file: text}
    assert seen(tmp_path, files).value("health_path") is None
    files["server.js"] += 'app.get("/healthz", ok);\n'
    assert seen(tmp_path, files).value("health_path") == "/healthz"
