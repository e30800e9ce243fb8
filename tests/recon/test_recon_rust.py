from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def cargo(dependencies: str = "", more: str = "") -> str:
    return f'[package]\nname = "shop"\nrust-version = "1.75"\n{more}\n[dependencies]\n{dependencies}\n'


def test_a_web_service(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "Cargo.toml": cargo('axum = "0.7"\nsqlx = { version = "0.7", features = ["postgres"] }\nclap = "4"'),
            "src/main.rs": 'let app = Router::new().route("/health", get(ok));\n'
            'let l = TcpListener::bind("0.0.0.0:8081");\nenv::var("HMAC_KEY").expect("key");\n',
        },
    )
    expected = {
        "language": "rust",
        "runtime_version": "1.75",
        "package_manager": "cargo",
        "framework": "axum",
        "build": "cargo build --release",
        "start": "./target/release/shop",
        "port": 8081,
        "health_path": "/health",
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert [each.value for each in found.several["needs"]] == ["postgres"]
    assert [each.value for each in found.several["env_required"]] == ["HMAC_KEY"]


@pytest.mark.parametrize(
    ("dependencies", "files", "kind"),
    [
        ('serde = "1"', {"src/lib.rs": ""}, "library"),
        ('clap = "4"', {"src/main.rs": "fn main() {}"}, "cli"),
        ('lapin = "2"', {"src/main.rs": "fn main() {}"}, "worker"),
        ('rocket = "0.5"', {"src/main.rs": "#[launch]"}, "web"),
        ("", {"src/main.rs": "let a = std::env::args();"}, "cli"),
    ],
)
def test_kinds(tmp_path: Path, dependencies: str, files: dict[str, str], kind: str) -> None:
    found = seen(tmp_path, {"Cargo.toml": cargo(dependencies), **files})
    assert found.value("kind") == kind
    assert ("start" in found.one) == (kind in {"web", "worker"})


def test_the_program_of_a_workspace(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n[workspace.dependencies]\naxum = "0.7"\n',
            "crates/core/Cargo.toml": '[package]\nname = "core"\n',
            "crates/core/src/lib.rs": "",
            "crates/web/Cargo.toml": '[package]\nname = "shop-web"\n[dependencies]\naxum.workspace = true\n',
            "crates/web/src/main.rs": "axum::serve(l, app);",
        },
    )
    assert found.value("framework") == "axum"
    assert found.value("build") == "cargo build --release --package shop-web"
    assert found.value("start") == "./target/release/shop-web"


def test_the_toolchain_file_says_the_version(tmp_path: Path) -> None:
    files = {"Cargo.toml": cargo(), "src/main.rs": "", "rust-toolchain.toml": '[toolchain]\nchannel = "1.80.1"\n'}
    assert seen(tmp_path, files).one["runtime_version"].evidence == "rust-toolchain.toml:2"


@pytest.mark.parametrize("text", ["[package", "package = 3\nworkspace = 4\n", "[package]\nname = 3\n[[bin]]\n", ""])
def test_odd_manifests_raise_nothing(tmp_path: Path, text: str) -> None:
    seen(tmp_path, {"Cargo.toml": text, "src/main.rs": ""})


def test_a_program_has_what_the_crates_of_its_workspace_bring(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
        "crates/shop/Cargo.toml": '[package]\nname = "shop"\n[dependencies]\nroutes = { path = "../routes" }\n',
        "crates/shop/src/main.rs": "fn main() {}\n",
        "crates/routes/Cargo.toml": '[package]\nname = "routes"\n[dependencies]\naxum = "0.7"\n'
        'store = { path = "../store" }\n',
        "crates/routes/src/lib.rs": "",
        "crates/store/Cargo.toml": '[package]\nname = "store"\n[dependencies]\ntokio-postgres = "0.7"\n',
        "crates/store/src/lib.rs": "",
    }
    found = seen(tmp_path, files)
    assert (found.value("framework"), found.value("start")) == ("axum", "./target/release/shop")
    assert [each.value for each in found.several["needs"]] == ["postgres"]


def test_a_number_in_a_word_with_port_in_it_is_none(tmp_path: Path) -> None:
    code = "enum Kind {\n    ExportedVault = 1007,\n}\nlet listen_port: u16 = 9300;\n"
    found = seen(tmp_path, {"Cargo.toml": cargo('axum = "0.7"'), "src/main.rs": code})
    assert found.value("port") == 9300
