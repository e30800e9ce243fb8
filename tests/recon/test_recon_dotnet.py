from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def project(sdk: str = "Microsoft.NET.Sdk", packages: str = "", output: str = "", more: str = "") -> str:
    kind = f"<OutputType>{output}</OutputType>" if output else ""
    references = "\n".join(f'<PackageReference Include="{name}" Version="1" />' for name in packages.split())
    return (
        f'<Project Sdk="{sdk}">\n<PropertyGroup>\n<TargetFramework>net8.0</TargetFramework>{kind}{more}\n'
        f"</PropertyGroup>\n<ItemGroup>\n{references}\n</ItemGroup>\n</Project>\n"
    )


def test_aspnetcore(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "Shop.sln": "",
            "src/Shop.Web/Shop.Web.csproj": project(
                "Microsoft.NET.Sdk.Web", "Npgsql.EntityFrameworkCore.PostgreSQL StackExchange.Redis"
            ),
            "src/Shop.Web/Program.cs": 'app.MapHealthChecks("/healthz");\n',
            "src/Shop.Core/Shop.Core.csproj": project(),
            "tests/Shop.Tests/Shop.Tests.csproj": project("Microsoft.NET.Sdk.Web", "Microsoft.NET.Test.Sdk"),
        },
    )
    expected = {
        "language": "dotnet",
        "runtime_version": "8.0",
        "package_manager": "nuget",
        "framework": "aspnetcore",
        "build": "dotnet publish src/Shop.Web/Shop.Web.csproj -c Release -o out",
        "start": "ASPNETCORE_URLS=http://0.0.0.0:${PORT:-8080} ./out/Shop.Web",
        "port": 8080,
        "health_path": "/healthz",
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert [each.value for each in found.several["needs"]] == ["postgres", "redis"]


@pytest.mark.parametrize(
    ("manifest", "source", "kind"),
    [
        (project("Microsoft.NET.Sdk.Worker"), "", "worker"),
        (project(output="Exe", packages="Npgsql"), "while (true) {", "worker"),
        (project(output="Exe", packages="System.CommandLine"), "", "cli"),
        (project(more="<PackAsTool>true</PackAsTool>", output="Exe"), "", "cli"),
        (project(output="Exe"), "var l = new HttpListener();", "web"),
        (project("Microsoft.NET.Sdk.BlazorWebAssembly"), "", "static"),
        (project(), "class A {}", "library"),
    ],
)
def test_kinds(tmp_path: Path, manifest: str, source: str, kind: str) -> None:
    found = seen(tmp_path, {"App.csproj": manifest, "Program.cs": source})
    assert found.value("kind") == kind
    assert ("start" in found.one) == (kind in {"web", "worker"})


def test_the_assembly_name_is_the_program(tmp_path: Path) -> None:
    manifest = project("Microsoft.NET.Sdk.Web", more="<AssemblyName>shop</AssemblyName>")
    assert str(seen(tmp_path, {"a.fsproj": manifest}).value("start")).endswith("./out/shop")


@pytest.mark.parametrize(
    "text", ["<Project", "", '<!DOCTYPE a [<!ENTITY b "c">]><Project Sdk="Microsoft.NET.Sdk.Web"/>']
)
def test_odd_projects_raise_nothing(tmp_path: Path, text: str) -> None:
    assert seen(tmp_path, {"a.csproj": text}).value("framework") is None


def _made(*frameworks: str) -> str:
    listed = ", ".join(f'{{"name": "{name}", "version": "9.0.0"}}' for name in frameworks)
    return f'{{"runtimeOptions": {{\n"tfm": "net9.0",\n"frameworks": [{listed}]}}}}'


@pytest.mark.parametrize(
    ("frameworks", "framework", "kind", "start"),
    [
        (("Microsoft.NETCore.App", "Microsoft.AspNetCore.App"), "aspnetcore", "web",
         "ASPNETCORE_URLS=http://0.0.0.0:${PORT:-8080} dotnet Shop.Web.dll"),
        (("Microsoft.NETCore.App",), None, "worker", "dotnet Shop.Web.dll"),
    ],
)  # fmt: skip
def test_what_dotnet_publish_made(
    tmp_path: Path, frameworks: tuple[str, ...], framework: str | None, kind: str, start: str
) -> None:
    files = {"Shop.Web.runtimeconfig.json": _made(*frameworks), "Shop.Web.dll": "MZ", "Shop.Web.deps.json": "{}"}
    found = seen(tmp_path, files)
    assert (found.value("language"), found.value("runtime_version")) == ("dotnet", "9.0")
    assert (found.value("framework"), found.value("kind"), found.value("start")) == (framework, kind, start)


def test_a_database_of_a_project_that_a_project_refers_to(tmp_path: Path) -> None:
    files = {
        "web/Shop.csproj": project(
            "Microsoft.NET.Sdk.Web",
            more='<ItemGroup><ProjectReference Include="..\\tables\\Tables.csproj"/></ItemGroup>',
        ),
        "tables/Tables.csproj": project(
            more='<ItemGroup><ProjectReference Include="..\\store\\Store.csproj"/></ItemGroup>'
        ),
        "store/Store.csproj": project(packages="Npgsql.EntityFrameworkCore.PostgreSQL"),
    }
    assert [each.value for each in seen(tmp_path, files).several["needs"]] == ["postgres"]
