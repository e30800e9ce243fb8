from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


MODULE = """module example.com/shop/v2

go 1.22

require (
\tgithub.com/gin-gonic/gin v1.9.1
\tgithub.com/lib/pq v1.10.9
\tgithub.com/redis/go-redis/v9 v9.0.0 // indirect
)
"""
SERVER = """package main

func main() {
\tr := gin.Default()
\tr.GET("/healthz", ok)
\tr.Run(":9090")
}
"""


def test_a_web_service(tmp_path: Path) -> None:
    found = seen(tmp_path, {"go.mod": MODULE, "main.go": SERVER})
    expected = {
        "language": "go",
        "runtime_version": "1.22",
        "package_manager": "go modules",
        "framework": "gin",
        "build": "go build -o bin/shop .",
        "start": "./bin/shop",
        "port": 9090,
        "health_path": "/healthz",
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert found.one["framework"].evidence == "go.mod:6"
    assert found.one["port"].evidence == "main.go:6"
    assert [each.value for each in found.several["needs"]] == ["postgres"]


def test_an_embedded_database_stands_in_for_others(tmp_path: Path) -> None:
    module = MODULE.replace("\tgithub.com/lib/pq v1.10.9", "\tgithub.com/lib/pq v1.10.9\n\tmodernc.org/sqlite v1.0.0")
    imports = SERVER.replace("package main\n", 'package main\n\nimport _ "modernc.org/sqlite"\n')
    assert seen(tmp_path / "used", {"go.mod": module, "main.go": imports}).several["needs"] == ()
    tested = {"go.mod": module, "main.go": SERVER, "main_test.go": 'package main\n\nimport _ "modernc.org/sqlite"\n'}
    assert [each.value for each in seen(tmp_path / "tests", tested).several["needs"]] == ["postgres"]


@pytest.mark.parametrize(
    ("required", "files", "kind"),
    [
        ("", {"shapes.go": "package shapes\n"}, "library"),
        ("", {"shapes.go": "package shapes\n", "_examples/a/main.go": "package main\nfunc main() {\n"}, "library"),
        ("github.com/spf13/cobra v1.8.0", {"main.go": "package main\nfunc main() {\ncmd.Execute()\n"}, "cli"),
        (
            "github.com/spf13/cobra v1.8.0",
            {"main.go": "package main\nfunc main() {\n", "pprof.go": 'http.ListenAndServe(":6060", nil)'},
            "cli",
        ),
        ("github.com/hibiken/asynq v0.24.0", {"main.go": "package main\nfunc main() {\nsrv.Run(mux)\n"}, "worker"),
        ("", {"main.go": 'package main\nfunc main() {\nhttp.ListenAndServe(":80", nil)\n'}, "web"),
        ("", {"main.go": "package main\nfunc main() {\nflag.Parse()\n"}, "cli"),
    ],
)
def test_kinds(tmp_path: Path, required: str, files: dict[str, str], kind: str) -> None:
    found = seen(tmp_path, {"go.mod": f"module a\n\nrequire {required}\n", **files})
    assert found.value("kind") == kind
    assert ("start" in found.one) == (kind in {"web", "worker"})


def test_the_server_among_several_programs(tmp_path: Path) -> None:
    main = "package main\nfunc main() {\n"
    files = {"go.mod": "module a\n", "cmd/migrate/main.go": main, "cmd/server/main.go": main + 'net.Listen("tcp", a)\n'}
    found = seen(tmp_path, files)
    assert found.value("build") == "go build -o bin/server ./cmd/server"
    assert found.value("start") == "./bin/server"


def test_a_workspace(tmp_path: Path) -> None:
    files = {
        "go.work": "go 1.23\n\nuse (\n\t./api\n\t./shared\n)\n",
        "api/go.mod": "module a/api\nrequire github.com/labstack/echo/v4 v4.0.0\n",
        "api/main.go": "package main\nfunc main() {\ne := echo.New()\n",
        "shared/go.mod": "module a/shared\n",
    }
    found = seen(tmp_path, files)
    assert (found.value("framework"), found.value("build")) == ("echo", "go build -o bin/api ./api")


def test_a_port_that_only_the_environment_gives_is_not_guessed(tmp_path: Path) -> None:
    main = 'package main\nfunc main() {\nport := os.Getenv("PORT")\nr := gin.New()\nr.Run(":" + port)\n'
    assert seen(tmp_path, {"go.mod": MODULE, "main.go": main}).value("port") is None


def test_odd_content_says_little_and_raises_nothing(tmp_path: Path) -> None:
    found = seen(tmp_path, {"go.mod": "module\ngo\nrequire (((\nrequire\n)))\n\x00", "main.go": "\xff" * 100})
    assert found.value("language") == "go"


def test_gin_without_a_module_is_seen_where_it_is_imported(tmp_path: Path) -> None:
    code = SERVER.replace("package main\n", 'package main\n\nimport (\n\t"github.com/gin-gonic/gin"\n)\n')
    found = seen(tmp_path, {"README.md": "shop\n", "service/main.go": code}, path="service")
    assert (found.value("framework"), found.value("kind"), found.value("port")) == ("gin", "web", 9090)


def test_a_framework_of_code_that_is_no_part_of_the_program_is_not_its_own(tmp_path: Path) -> None:
    files = {
        "go.mod": "module example.com/tool\nrequire github.com/spf13/cobra v1.8.0\n",
        "cmd/tool/main.go": "package main\n\nfunc main() {\n}\n",
        "sample/web.go": 'package sample\n\nimport (\n\t"github.com/gin-gonic/gin"\n)\n',
    }
    found = seen(tmp_path, files)
    assert (found.value("framework"), found.value("kind")) == (None, "cli")


@pytest.mark.parametrize(
    ("programs", "started"),
    [
        ({"cmd/orders-consumer": "consume()", "cmd/rest-shop": 'http.ListenAndServe(":9000", nil)'}, "./bin/rest-shop"),
        ({"cmd/audit": "tail()", "cmd/front": 'http.ListenAndServe(":9000", nil)'}, "./bin/front"),
        ({"cmd/audit": "tail()", "cmd/bookshop": "run()"}, "./bin/bookshop"),
    ],
)
def test_of_several_programs_the_one_that_serves(tmp_path: Path, programs: dict[str, str], started: str) -> None:
    mains = {f"{name}/main.go": f"package main\n\nfunc main() {{\n\t{body}\n}}\n" for name, body in programs.items()}
    assert seen(tmp_path, {"go.mod": "module example.com/book-shop\n", **mains}).value("start") == started


@pytest.mark.parametrize(
    ("image", "arguments"),
    [
        ('ENTRYPOINT ["/shop"]\nCMD ["serve", "--verbose"]', " serve --verbose"),
        ('COPY shop.yml /etc/shop/config.yml\nCMD ["/shop", "--config=/etc/shop/config.yml"]', " --config=shop.yml"),
        ('CMD ["/shop", "--config=/etc/elsewhere.yml"]', ""),
        ('CMD ["/shop"]', ""),
        ('COPY up.sh /up.sh\nENTRYPOINT ["/up.sh"]', " serve"),
    ],
)
def test_what_an_image_gives_to_the_program_that_it_is_built_for(tmp_path: Path, image: str, arguments: str) -> None:
    dockerfile = (
        f"FROM golang:1.22 AS made\nRUN go build -o /shop .\nFROM scratch\nCOPY --from=made /shop /shop\n{image}\n"
    )
    files = {
        "go.mod": "module example.com/shop\n",
        "main.go": 'package main\n\nfunc main() {\n\thttp.ListenAndServe(":9000", nil)\n}\n',
        "shop.yml": "debug: false\n",
        "up.sh": "#!/bin/sh\nchown shop /data\nexec /shop serve\n",
        "Dockerfile": dockerfile,
    }
    assert seen(tmp_path, files).value("start") == f"./bin/shop{arguments}"


def test_a_cache_that_is_opened_is_needed(tmp_path: Path) -> None:
    module = "module example.com/shop\nrequire github.com/redis/go-redis/v9 v9.0.0\n"
    code = "package main\n\nfunc main() {\n\trdb := redis.NewClient(options())\n}\n"
    assert [each.value for each in seen(tmp_path / "a", {"go.mod": module, "main.go": code}).several["needs"]] == [
        "redis"
    ]
    unused = {"go.mod": module, "main.go": "package main\n\nfunc main() {\n}\n"}
    assert seen(tmp_path / "b", unused).several["needs"] == ()


@pytest.mark.parametrize(
    ("default", "start"),
    [
        ("localhost:9800", "./bin/shop --listen 0.0.0.0:${PORT:-9800}"),
        (":9800", "./bin/shop"),
        ("0.0.0.0:9800", "./bin/shop"),
    ],
)
def test_a_program_that_listens_on_its_own_machine_alone_is_told_to_listen_for_others(
    tmp_path: Path, default: str, start: str
) -> None:
    flag = f'at := flag.String("listen", "{default}", "where")'
    code = f"package main\n\nfunc main() {{\n\t{flag}\n\thttp.ListenAndServe(*at, nil)\n}}\n"
    found = seen(tmp_path, {"go.mod": "module example.com/shop\n", "main.go": code})
    assert (found.value("start"), found.value("port")) == (start, 9800)
