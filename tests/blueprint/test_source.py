"""Reading the file: what is accepted, and what each mistake says and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.blueprint.source import from_text, load
from hivemind.values.errors import FindingsError
from hivemind.values.exits import ExitCode
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast


def findings_of(path: Path) -> tuple[Finding, ...]:
    with pytest.raises(FindingsError) as caught:
        load(path)
    return caught.value.findings


def only(text: str) -> Finding:
    with pytest.raises(FindingsError) as caught:
        from_text(text, Path("hivemind.yaml"))
    (finding,) = caught.value.findings
    return finding


SYNTAX = [
    ("a: 1\nb:\n\tc: 1", "H008", 3, 1, "tab"),
    ("\ta: 1", "H008", 1, 1, "tab"),
    ("a: 'open", "H009", 1, 4, "quote"),
    ("a: [1, 2", "H009", 1, 4, '"["'),
    ("a: {b: 1", "H009", 1, 4, '"{"'),
    ("a: b: c", "H009", 1, 5, '":"'),
    ("a: @b", "H009", 1, 4, "character"),
    ('a: "\\q"', "H009", 1, 4, "escape"),
    ("a:\n  b: 1\n c: 2", "H009", 3, 2, "indentation"),
    ("a: 1\nb\n", "H009", 2, 1, "key: value"),
    ("a: 1\nb: 2\na: 3", "H010", 3, 1, "line 1:1"),
    ("? [a, b]\n: 1", "H011", 1, 3, "key must be text"),
    ("[" * 100_000, "H012", 1, 42, "deeper"),
    ("a: 1\n---\nb: 2", "H014", 2, 1, "second document"),
    ("anchor: &web 1\nb: *wep", "H015", 2, 4, "wep"),
    ("a: &a [*a]", "H015", 1, 8, "inside"),
    ("a: !Ref Vpc", "H016", 1, 4, "!Ref"),
    ("a: !!python/object/apply:os.system ['true']", "H016", 1, 4, "python"),
    ("port: 0800", "H017", 1, 7, "0800"),
    ("a:\n  <<: 5", "H018", 2, 7, "<<"),
    ("- a", "H019", 1, 1, "list"),
    ("just text", "H019", 1, 1, "single value"),
    ("a: \x07b", "H007", 1, 4, "U+0007"),
    ("", "H005", 1, 1, "empty"),
    ("# nothing\n\n---\n", "H005", 1, 1, "empty"),
]


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "said"), SYNTAX, ids=[f"{c[1]}-{c[0][:12]!r}" for c in SYNTAX]
)
def test_mistake_is_one_finding_at_its_place(text: str, code: str, line: int, column: int, said: str) -> None:
    finding = only(text)
    assert (finding.id, finding.place.line, finding.place.column) == (code, line, column)
    assert said in finding.message
    assert finding.place.file == "hivemind.yaml"
    assert "yaml" not in finding.message.lower() or finding.id == "H009"


def test_all_duplicate_keys_and_tags_are_found_at_once() -> None:
    with pytest.raises(FindingsError) as caught:
        from_text("a: 1\na: 2\nb: !x 1\nc: 010\n", Path("f"))
    assert [finding.id for finding in caught.value.findings] == ["H010", "H016", "H017"]


def test_hint_names_the_nearest_anchor() -> None:
    assert only("anchor: &web 1\nb: *wep").hint == "Did you mean web?"


def test_anchors_that_multiply_are_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert only("\n".join(lines)).id == "H013"


def test_merge_keys_that_multiply_are_stopped() -> None:
    lines = ["m0: &m0 {k: 1}"]
    lines += [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 10)}]}}" for n in range(1, 12)]
    with pytest.raises(FindingsError):
        from_text("\n".join(lines), Path("f"))


def test_missing_file_names_the_one_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "hivemind.yaml").write_text("a: 1")
    with pytest.raises(FindingsError) as caught:
        load(tmp_path / "hivemind.yml")
    (finding,) = caught.value.findings
    assert finding.id == "H001"
    assert finding.hint == f"Did you mean {tmp_path / 'hivemind.yaml'}?"
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_directory(tmp_path: Path) -> None:
    (finding,) = findings_of(tmp_path)
    assert finding.id == "H002"


def test_unreadable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a: 1")
    (finding,) = findings_of(tmp_path / "file" / "hivemind.yaml")
    assert finding.id == "H003"
    assert "Not a directory" in finding.message


def test_path_with_a_nul_byte() -> None:
    assert findings_of(Path("a\0b"))[0].id == "H003"


def test_five_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "hivemind.yaml"
    path.write_bytes(b"a: " + b"x" * 5_000_000)
    assert findings_of(path)[0].id == "H004"


def test_other_encoding_gives_byte_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "hivemind.yaml"
    path.write_bytes("a: 1\nb: gr\xfcn".encode("latin-1"))
    (finding,) = findings_of(path)
    assert (finding.id, finding.place.line, finding.place.column) == ("H006", 2, 6)
    assert "0xfc at offset 10" in finding.message


def test_utf16_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "hivemind.yaml"
    path.write_bytes("a: 1".encode("utf-16"))
    assert findings_of(path)[0].id == "H006"


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "hivemind.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\nb: 2")
    source = load(path)
    assert source.data == {"a": 1, "b": 2}
    assert source.place(("a",)).column == 4


def test_scalars_are_read_as_yaml_1_2() -> None:
    text = "a: on\nb: no\nc: 12:30\nd: 2020-01-01\ne: 1_000\nf: 0x1F\ng: 0o17\nh: .inf\ni: ~\nj: True\nk: 3.10\nl: '1'"
    assert from_text(text, Path("f")).data == {
        "a": "on", "b": "no", "c": "12:30", "d": "2020-01-01", "e": "1_000", "f": 31, "g": 15, "h": ".inf",
        "i": None, "j": True, "k": 3.1, "l": "1",
    }  # fmt: skip


def test_keys_are_text_whatever_they_look_like() -> None:
    assert from_text("on: 1\n8080: 2\ntrue: 3", Path("f")).data == {"on": 1, "8080": 2, "true": 3}


def test_merge_key_gives_way_to_own_keys_and_keeps_places() -> None:
    source = from_text("base: &b {size: s, port: 1}\nweb:\n  <<: *b\n  port: 2", Path("f"))
    assert source.data["web"] == {"size": "s", "port": 2}
    assert source.place(("web", "size")).line == 1
    assert source.place(("web", "port")).line == 4


def test_places_are_those_of_values_and_keys() -> None:
    source = from_text("name: shop\nservices:\n  web:\n    needs: [db, cache]\n", Path("f"))
    needs = source.place("services.web.needs[1]")
    assert (needs.line, needs.column, needs.length) == (4, 17, 5)
    assert source.place(("name",)).column == 7
    assert source.place(("name",), key=True).column == 1
    assert (source.place("services.web").line, source.place("services.web").column) == (3, 3)
    assert source.place("services.web.not.there").line == 3


def test_dotted_paths_may_have_dots_in_names() -> None:
    source = from_text("plugins: {a.b: {c: 1}}\nmore: [x, a.b]", Path("f"))
    assert source.path_of("plugins.a.b.c") == ("plugins", "a.b", "c")
    assert source.path_of("more.a.b") == ("more", 1)


@pytest.mark.parametrize(
    "line",
    [
        "    env: {DB_PASSWORD: hunter22, X: 1}",
        "  API_TOKEN: hunter22",
        "  URL: postgres://app:hunter22@db/x",
        "    secrets: {KEY: hunter22}",
        '  SECRET_KEY: "hunter22" # b',
        "  TOKEN: hunter22: y",
    ],
)
def test_lines_of_findings_show_no_secret(line: str) -> None:
    try:
        place = from_text(f"a: 1\n{line}\n" if line[0] != " " else f"a:\n{line}\n", Path("f")).place(("a",))
        lines = from_text(f"a:\n{line}\n", Path("f")).lines
    except FindingsError as error:
        lines = tuple(finding.place.excerpt for finding in error.findings)
        place = None
    assert all("hunter22" not in shown for shown in lines)
    assert place is None or len(lines[1]) == len(line)


def test_a_link_that_leads_out_of_the_folder_is_refused_unread(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("aws_secret_access_key = AbCdEfGh\n\tx")
    (tmp_path / "app").mkdir()
    link = tmp_path / "app/hivemind.yaml"
    for target in ("../secret", str(secret)):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        (finding,) = findings_of(link)
        assert (finding.id, "leads out of its folder" in finding.message) == ("H003", True)
        assert "AbCdEfGh" not in repr(finding)
        assert "secret" not in finding.message


def test_a_link_within_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "production.yaml").write_text("hivemind: 1\nname: shop\n")
    (tmp_path / "hivemind.yaml").symlink_to("production.yaml")
    assert load(tmp_path / "hivemind.yaml").data["name"] == "shop"
