"""Findings on what a blueprint says: each mistake, its id, its place and its hint."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.blueprint.source import from_text
from hivemind.blueprint.validate import validate
from hivemind.cli.findings import text as rendered
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding, Severity
from hivemind.values.schemaparts import ResourceType, SchemaPart

pytestmark = pytest.mark.fast
Remarks = Callable[..., tuple[Finding, ...]]
MISTAKES = Path(__file__).with_name("mistakes")
WRITE_GOLDEN = bool(os.environ.get("HIVEMIND_WRITE_GOLDEN"))

ARN = "arn:aws:acm:us-east-1:123456789012:certificate/a"
HEAD = "hivemind: 1\nname: shop\n"
GROUP = "services: {web: {instances: {min: 1, max: 2}}}"
WEB = HEAD + "services:\n  web: {}\n"

CASES = [
    ("hivemind: 2\nname: a\nservices: {web: {}}", "H100", (1, 11), "hivemind: 1"),
    (HEAD + "services: {web: {prot: 80}}", "H101", (3, 18), "Did you mean port?"),
    (HEAD + "services:\n  web:\n\u00a0   runtime: python\n", "H101", (5, 1), "the space U+00A0"),
    (HEAD + "services: {web: {env: {A: }}}", "H102", (3, 27), "write `null` to leave the variable unset"),
    (WEB + "evnironments: {}", "H101", (5, 1), "Did you mean environments?"),
    (WEB + "resources: {db: {type: postgres, sotrage: 30}}", "H101", (5, 34), "Did you mean storage?"),
    (HEAD + "services: {web: {instances: two}}", "H102", (3, 29), "For example"),
    (HEAD + "services: {web: {instances: '2'}}", "H102", (3, 29), "without quotes"),
    (WEB + "require_clean: yes", "H102", (5, 16), "Write `true`"),
    (HEAD + "services: {web: {instances: {min: 0, max: 2}}}", "H106", (3, 35), ""),
    (HEAD + "services: {web: {instances: {min: 1, max: 2, target_cpu: 95}}}", "H106", (3, 58), ""),
    (HEAD + "services: {web: {instances: {min: 1, max: 2, target_cpu: 5}}}", "H106", (3, 58), ""),
    (HEAD + "services: {web: {instances: {min: 1, max: 2, cpu: 5}}}", "H101", (3, 46), "target_cpu"),
    (HEAD + "services: {web: {instances: {min: 1}}}", "H103", (3, 18), "Add `max: 6`."),
    (HEAD + "services: {web: {instances: {min: 4, max: 2}}}", "H155", (3, 43), "Write `max: 4` or more."),
    (HEAD + "environments: {production: {stage: stage-1, hours: 07:00-20:00}}\n" + GROUP, "H156", (4, 18), "a number"),
    (HEAD + "network: {egress: none}\n" + GROUP[:-2] + ", secrets: {A: generate}}}", "H157", (4, 18), "egress: nat"),
    (HEAD + "services: {web: {data: [x], instances: {min: 1, max: 1}}}", "H141", (3, 25), "instances: 1"),
    (HEAD + "services: [web]", "H102", (3, 1), "For example"),
    (HEAD + "services:", "H102", (3, 10), "For example"),
    (HEAD, "H103", (1, 1), "Add `services:"),
    (WEB + "resources: {db: {storage: 30}}", "H103", (5, 13), "Add `type:"),
    (HEAD + "services: {web: {size: t3.smal}}", "H104", (3, 24), "Did you mean t3.small?"),
    (HEAD + "services: {web: {size: T3.small}}", "H104", (3, 24), "Did you mean t3.small?"),
    (HEAD + "services: {web: {size: 't3.{x}'}}", "H104", (3, 24), "t3"),  # braces are text, in the message, too
    (WEB + "resources: {db: {type: postgres, size: t3.micro}}", "H104", (5, 40), "Did you mean db.t3.micro?"),
    (HEAD + "services: {web: {kind: wrker}}", "H105", (3, 24), "Did you mean worker?"),
    (HEAD + "services: {web: {port: 70000}}", "H106", (3, 24), "1 to 65535"),
    (HEAD + "services: {web: {port: 0}}", "H106", (3, 24), "1 to 65535"),
    (HEAD + "services: {}", "H106", (3, 1), "at least one entry"),
    (HEAD + "services: {web: {health: up}}", "H107", (3, 26), "Did you mean /up?"),
    (HEAD + "services: {web: {routes: ['https://a.b/c']}}", "H107", (3, 27), "For example"),
    (WEB + "resources: {db: {type: postgres, version: 16}}", "H108", (5, 43), 'Quote it: `"16"`'),
    (WEB + "tags: {version: 3.10}", "H108", (5, 17), '"3.10"'),
    ("hivemind: 1\nname: My Shop\nservices: {web: {}}", "H109", (2, 7), "lowercase letters"),
    ("hivemind: 1\nname: shop\nservices: {Web: {}}", "H109", (3, 12), "lowercase letters"),
    ("hivemind: 1\nname: " + "a" * 30 + "\nservices: {web: {}}", "H109", (2, 7), "39 characters"),
    (WEB + "resources: {db: postgers}", "H110", (5, 17), "Did you mean postgres?"),
    (WEB + "resources: {db: {type: oracle}}", "H110", (5, 24), "Allowed values: postgres"),
    (WEB + "checks: [{htpp: /up}]", "H111", (5, 11), "Did you mean http?"),
    (HEAD + "services: {web: {needs: [cahce]}}\nresources: {cache: postgres}", "H112", (3, 26), "Did you mean cache?"),
    (HEAD + "services: {web: {needs: cache}}", "H112", (3, 25), "cache: {type: redis}"),
    (HEAD + "services:\n  a: {routes: [x.org/b]}\n  b: {routes: [{host: X.org, path: /b}]}", "H114", (5, 16), "own"),
    (HEAD + "services: {web: {data: [./]}}", "H140", (3, 25), "data: [uploads]"),
    (HEAD + "services: {web: {data: [a/b, a]}}", "H140", (3, 30), "outer one"),
    (HEAD + "services: {web: {data: [../a]}}", "H121", (3, 25), "inside"),
    (HEAD + "services: {web: {instances: 2, data: [db.sqlite3]}}", "H141", (3, 39), "instances: 1"),
    (HEAD + "services: {web: {timeouts: {start: 0}}}", "H106", (3, 36), "5 to 3600"),
    (HEAD + "services: {web: {timeouts: {begin: 9}}}", "H101", (3, 29), "release, run, start"),
    (HEAD + "services:\n  a: {port: 1}\n  b: {port: 2}", "H115", (5, 3), "routes"),
    (WEB + "network: {cidr: 10.0.0.0/8}", "H116", (5, 17), "/16"),
    (WEB + "network: {ssh_from: 203.0.113.7}", "H116", (5, 21), "203.0.113.7/32"),
    (WEB + "network: {ssh_from: [10.0.0.1/8]}", "H116", (5, 22), "Did you mean 10.0.0.0/8?"),
    (WEB + "network: {ssh_from: [0.0.0.0/0]}", "H117", (5, 22), "own networks"),
    (WEB + "network: {ssh_from: [0.0.0.0/1]}", "H117", (5, 22), "own networks"),
    (HEAD + "services: {web: {env: {API_TOKEN: abcdefgh}}}", "H118", (3, 24), "ssm:/shop/api_token"),
    (HEAD + "services: {web: {env: {URL: 'redis://u:pw@h/0'}}}", "H118", (3, 24), "ssm:"),
    (HEAD + "services: {web: {env: {A: AKIAIOSFODNN7EXAMPLE}}}", "H119", (3, 27), "Revoke"),
    (WEB + "overrides: [{op: add, path: /Metadata}]", "H120", (5, 13), "value"),
    (WEB + "overrides: [{op: remove, path: Resources}]", "H120", (5, 32), "Did you mean /Resources?"),
    (HEAD + "services: {web: {path: ../app}}", "H121", (3, 24), "inside of it"),
    (HEAD + "services: {web: {path: /srv}}", "H121", (3, 24), "inside of it"),
    (WEB + "resources: {db: postgres}\nchecks: [{database: bd}]", "H123", (6, 21), "Did you mean db?"),
    (WEB + "resources: {cache: redis}\nchecks: [{database: cache}]", "H123", (6, 21), "always checks"),
    (WEB + "resources: {cache: {type: redis}}\nchecks: [{database: cache}]", "H123", (6, 21), "always checks"),
    (HEAD + "services: {web: {secrets: {A: plain}}}", "H124", (3, 31), "ssm:/NAME"),
    (HEAD + "services: {web: {env: {SECRET_KEY: generate}}}", "H118", (3, 24), "{SECRET_KEY: generate}`"),
    (HEAD + "services: {web: {secrets: {secret__Key: generate}}}", "H124", (3, 28), "such as SECRET_KEY"),
    (HEAD + "services: {web: {needs: [db, db]}}\nresources: {db: postgres}", "H126", (3, 30), "one of the two"),
    (HEAD + "services: {web: {health: {interval: 5, timeout: 5}}}", "H127", (3, 49), "longer"),
    (HEAD + "services: {web: {env: {A: b}, secrets: {A: 'ssm:/a'}}}", "H128", (3, 24), "one of the two"),
    (WEB + "region: eu-wst-1", "H129", (5, 9), "Did you mean eu-west-1?"),
    (HEAD + "services: {web: {env: {PORT: 1}}}", "H131", (3, 24), "write `port`"),
    (WEB + "environments: {s: {services: {wbe: null}}}", "H132", (5, 31), "Did you mean web?"),
    (WEB + f"region: eu-west-1\ncertificate: {ARN}", "H133", (6, 14), "eu-west-1"),
    (WEB + "resources:", "H102", (5, 11), "remove the key"),
    (WEB + "plugins: {slack: {chanel: x}}", "H101", (5, 19), "Did you mean channel?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "place", "hint"), CASES, ids=[f"{c[1]}-{n}" for n, c in enumerate(CASES)])
def test_mistake(remarks: Remarks, text: str, code: str, place: tuple[int, int], hint: str) -> None:
    (finding,) = remarks(text)
    assert (finding.id, (finding.place.line, finding.place.column)) == (code, place)
    assert hint in (finding.hint or "")


def test_all_findings_come_at_once_in_order_of_the_file(remarks: Remarks) -> None:
    text = HEAD + "services:\n  web: {size: t3.smal, port: 0, needs: [x], prot: 1}\nregion: mars\n"
    found = remarks(text)
    assert [finding.id for finding in found] == ["H104", "H106", "H112", "H101", "H129"]


def test_sizes_newer_than_the_list_are_a_warning_only(remarks: Remarks, build: Callable[..., object]) -> None:
    text = HEAD + "services: {web: {size: t99.large}}\nregion: eu-west-9\n"
    assert [(finding.id, finding.severity) for finding in remarks(text)] == [
        ("H104", Severity.WARNING),
        ("H129", Severity.WARNING),
    ]
    assert build(text)


def test_secret_does_not_appear_in_any_finding(remarks: Remarks) -> None:
    text = (
        HEAD + "services:\n  web: {evn: 1, env: {API_TOKEN: hunter2222}, secrets: {A: hunter2222}, size: hunter2222}\n"
    )
    found = [finding for finding in remarks(text) if finding.id != "H104"]
    assert {"H101", "H118", "H124"} <= {finding.id for finding in found}
    shown = rendered(finding for finding in found if "size" not in (finding.path or ""))
    assert "API_TOKEN: **********" in shown


def test_harmless_values_of_secret_names_are_no_finding(remarks: Remarks) -> None:
    text = (
        HEAD
        + "services: {web: {env: {TOKEN_URL: 'https://x.org/t', USE_TOKEN: true, TOKEN_TTL: 60, MONKEY: abcdefgh}}}"
    )
    assert remarks(text) == ()


@pytest.mark.parametrize("path", sorted(MISTAKES.glob("*.yaml")), ids=lambda path: path.stem)
def test_golden_text_of_what_people_see(path: Path, remarks: Remarks) -> None:
    shown, golden = rendered(remarks(path.read_text(encoding="utf-8"))), path.with_suffix(".txt")
    if WRITE_GOLDEN:
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_there_are_golden_texts() -> None:
    assert len(list(MISTAKES.glob("*.txt"))) >= 3


# environments


def test_unknown_environment_lists_the_known_ones(remarks: Remarks) -> None:
    text = WEB + "environments: {staging: {}}"
    assert remarks(text, "stagign")[0].hint == "Did you mean staging?"
    assert remarks(text, "moon")[0].hint == "Environments: production, staging."


def test_every_environment_is_checked(remarks: Remarks) -> None:
    (finding,) = remarks(WEB + "environments:\n  a: {}\n  b:\n    services:\n      web: {port: 99999}\n", "a")
    assert (finding.id, finding.place.line, finding.path) == ("H106", 9, "environments.b.services.web.port")


def test_mistake_in_the_base_is_said_once(remarks: Remarks) -> None:
    text = HEAD + "services: {web: {port: 0, needs: [x]}}\nenvironments: {a: {}, b: {resources: {y: postgres}}}"
    assert [finding.id for finding in remarks(text)] == ["H106", "H112"]


def test_file_may_be_whole_in_its_environments_only(remarks: Remarks) -> None:
    text = HEAD + "environments: {dev: {services: {web: {}}}}"
    assert remarks(text, "dev") == ()
    assert [finding.id for finding in remarks(text)] == ["H103"]


@pytest.mark.parametrize("start", ['"a\\nb"', '" "', '"a\\0b"'])
def test_start_is_one_line(remarks: Remarks, start: str) -> None:
    assert [finding.id for finding in remarks(HEAD + f"services: {{web: {{start: {start}}}}}")] == ["H107"]


def test_need_removed_by_an_environment(remarks: Remarks) -> None:
    text = (
        HEAD + "services: {web: {needs: db}}\nresources: {db: postgres}\nenvironments: {dev: {resources: {db: null}}}"
    )
    assert [finding.id for finding in remarks(text)] == ["H112"]


@pytest.mark.parametrize("key", ["name: x", "plugins: []", "environments: {}", "hivemind: 1"])
def test_what_an_environment_can_not_say(remarks: Remarks, key: str) -> None:
    assert [finding.id for finding in remarks(WEB + f"environments: {{dev: {{{key}}}}}")] == ["H101"]


@pytest.mark.parametrize(
    "overlay", ["3", "[]", "{services: 3}", "{services: {web: 3}}", "{resources: [x]}", "{stage: 3}"]
)
def test_malformed_overlays_are_findings(remarks: Remarks, overlay: str) -> None:
    assert all(f.is_error and f.place.line == 5 for f in remarks(WEB + f"environments: {{dev: {overlay}}}"))
    assert remarks(WEB + f"environments: {{dev: {overlay}}}")


# plugins


def test_two_plugins_with_one_resource_type_are_both_named() -> None:
    part = SchemaPart(resource_types={"redis": ResourceType({"type": "object"}, "Redis")})
    with pytest.raises(FindingsError) as caught:
        validate(
            from_text(WEB, Path("f")), {"one": part, "two": part}, distributions={"one": "one.py", "two": "two 2.0"}
        )
    (finding,) = caught.value.findings
    assert finding.id == "H122"
    assert '"one" (one.py), "two" (two 2.0)' in finding.message


def test_the_plugin_to_leave_out_is_never_a_built_in_one() -> None:
    part = SchemaPart(resource_types={"postgres": ResourceType({"type": "object"}, "PostgreSQL")})
    with pytest.raises(FindingsError) as caught:
        validate(from_text(WEB, Path("f")), {"provisioner": part, "acme": part}, distributions={"acme": "acme 1.0"})
    (finding,) = caught.value.findings
    assert (finding.id, finding.plugin) == ("H122", "acme")
    assert "-p no:acme" in (finding.hint or "")


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"properties": {"size": {"type": "txt"}}}, "properties/size/type"),
        ({"properties": []}, "properties"),
        ({"properties": {"size": {"$ref": "#/$defs/no-such"}}}, "'#/$defs/no-such' leads nowhere"),
        ({"properties": {"size": {"$ref": "https://example.com/s"}}}, "'https://example.com/s' leads nowhere"),
        ({"properties": {"size": {"pattern": "("}}}, "'(' is not a 'regex'"),
        ({"patternProperties": {"[": {}}}, "'[' is not a 'regex'"),
    ],
)
@pytest.mark.parametrize("used", ["", "resources: {r: {type: redis, size: x}}"])
def test_an_invalid_schema_of_a_plugin_names_the_plugin_used_or_not(schema: dict, fault: str, used: str) -> None:
    part = SchemaPart(resource_types={"redis": ResourceType(schema, "Redis")})
    with pytest.raises(FindingsError) as caught:
        validate(from_text(WEB + used, Path("f")), {"acme": part}, distributions={"acme": "hivemind-acme 1.0"})
    (finding,) = caught.value.findings
    assert (finding.id, finding.plugin) == ("H125", "acme")
    assert finding.message.startswith('plugin "acme" (hivemind-acme 1.0) has an invalid schema for resource type redis')
    assert fault in finding.message


def test_a_schema_may_refer_to_its_own_and_to_our_definitions() -> None:
    own = {"$defs": {"size": {"type": "string"}}, "properties": {"size": {"$ref": "#/$defs/size"}}}
    ours = {"properties": {"size": {"$ref": "#/$defs/service/properties/size"}}}
    types = {"redis": ResourceType(own, "Redis"), "queue": ResourceType(ours, "A queue.")}
    source = from_text(WEB + "resources: {r: {type: redis, size: x}, q: {type: queue, size: t3.micro}}", Path("f"))
    assert validate(source, {"acme": SchemaPart(resource_types=types)})


@pytest.mark.parametrize("name", ["A B", "", "a/b", "ä", "x" * 65, "-a"])
def test_a_name_that_is_no_word_names_the_plugin(name: str) -> None:
    for part in (SchemaPart(resource_types={name: ResourceType({}, "x")}), SchemaPart(checks={name: {}})):
        with pytest.raises(FindingsError) as caught:
            validate(from_text(WEB, Path("f")), {"acme": part})
        assert [(finding.id, finding.plugin) for finding in caught.value.findings] == [("H604", "acme")]
        assert repr(name) in caught.value.findings[0].message


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (HEAD + "services: {}", "no entries in services", "Expected at least one entry."),
        (WEB + "tags: {a: " + "s" * 300 + "}", "300 characters in tags.a, which is too many", "Expected at most 256"),
        (WEB + "plugins: ['']", "no characters in plugins[0]", "Expected at least one character."),
    ],
)
def test_how_much_there_is_and_how_much_may_be(remarks: Remarks, text: str, message: str, hint: str) -> None:
    (found,) = remarks(text)
    assert (found.id, found.message) == ("H106", message)
    assert (found.hint or "").startswith(hint)


@pytest.mark.parametrize(
    "address", ["postgresql+asyncpg://$PGUSER:$PGPASSWORD@$PGHOST/app", "redis://u:${CACHE_KEY}@h/0"]
)
def test_an_address_with_a_reference_for_its_password_is_no_secret(remarks: Remarks, address: str) -> None:
    assert not remarks(HEAD + f"services: {{web: {{env: {{URL: '{address}'}}}}}}")


@pytest.mark.parametrize("kind", ["[]", "{a: b}", "null", "3"])
def test_a_kind_that_is_none_is_a_finding(remarks: Remarks, kind: str) -> None:
    found = remarks(HEAD + f"services: {{web: {{kind: {kind}}}, api: {{routes: [/api/*]}}}}")
    assert any((finding.path or "").startswith("services.web.kind") for finding in found)


def test_an_operation_that_is_none_is_a_finding(remarks: Remarks) -> None:
    assert remarks(WEB + "overrides: [{op: [], path: /Resources}]")
