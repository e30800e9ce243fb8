"""Variables that code stops without, in Go, Node, Rust and C#."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast
_MAIN = 'package main\n\nfunc main() {{\n{0}\n\thttp.ListenAndServe(":80", nil)\n}}\n'


def _required(tmp_path: Path, files: dict[str, str]) -> list[str]:
    return [str(each.value) for each in seen(tmp_path, files).several["env_required"]]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('\tkey := os.Getenv("API_KEY")\n\tif key == "" {\n\t\tlog.Fatal("no key")\n\t}', ["API_KEY"]),
        ('\tkey, ok := os.LookupEnv("API_KEY")\n\tif !ok {\n\t\tpanic("no key")\n\t}', ["API_KEY"]),
        ('\tif os.Getenv("API_KEY") == "" {\n\t\treturn fmt.Errorf("no key")\n\t}', ["API_KEY"]),
        ('\tkey := os.Getenv("API_KEY")\n\tif key == "" {\n\t\tkey = "none"\n\t}\n\tlog.Fatal(run(key))', []),
        ('\tdb, err := open(os.Getenv("API_KEY"))\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}', []),
        ('\tmustMapEnv(&address, "SHOP_ADDR")', ["SHOP_ADDR"]),
        ('\tkey := os.Getenv("PORT")\n\tif key == "" {\n\t\tlog.Fatal("no port")\n\t}', []),
        (
            '\tvar c struct {\n\t\tA string `env:"SHOP_ADDR,required"`\n\t\tB string `env:"OTHER_ADDR"`\n\t}',
            ["SHOP_ADDR"],
        ),
        ('\tvar c struct {\n\t\tA string `envconfig:"SHOP_ADDR" required:"true"`\n\t}', ["SHOP_ADDR"]),
    ],
)
def test_go(tmp_path: Path, code: str, names: list[str]) -> None:
    assert _required(tmp_path, {"go.mod": "module a\n", "main.go": _MAIN.format(code)}) == names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("if (!process.env.API_URL) throw new Error('no')\n", ["API_URL"]),
        ("const url = process.env.API_URL;\nif (!url) {\n  console.error('no');\n  process.exit(1);\n}\n", ["API_URL"]),
        ("const url = process.env.API_URL;\nif (!url) {\n  console.log('none');\n}\nthrow x;\n", []),
        ("function pay() {\n  if (!process.env.API_URL) throw new Error('no');\n}\n", []),
        ("  constructor(config) { this.url = config.getOrThrow<string>('API_URL'); }\n", ["API_URL"]),
        ("const url = requireEnv('API_URL');\ninvariant(process.env.OTHER_URL, 'no');\n", ["API_URL", "OTHER_URL"]),
        ("if (!process.env.TEST_THING) throw new Error('no')\n", []),
    ],
)
def test_node(tmp_path: Path, code: str, names: list[str]) -> None:
    package = '{"scripts": {"start": "node a.js"}, "dependencies": {"express": "4"}}'
    assert _required(tmp_path, {"package.json": package, "a.js": code}) == names


def test_rust_and_csharp(tmp_path: Path) -> None:
    manifest = '[package]\nname = "a"\n[dependencies]\naxum = "0.8"\n'
    lines = ('let a = dotenvy::var("SHOP_A")?;', 'let b = required_var("SHOP_B")?;', 'let c = env::var("SHOP_C").ok();')
    code = "fn main() {\n" + "\n".join(lines) + "\n}\n"
    assert _required(tmp_path / "rust", {"Cargo.toml": manifest, "src/main.rs": code}) == ["SHOP_A", "SHOP_B"]
    project = '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>'
    sharp = 'var a = Environment.GetEnvironmentVariable("SHOP_A") ?? throw new Exception();\n'
    other = 'var b = Environment.GetEnvironmentVariable("SHOP_B") ?? "x";\n'
    assert _required(tmp_path / "sharp", {"a.csproj": project, "Program.cs": sharp + other}) == ["SHOP_A"]
