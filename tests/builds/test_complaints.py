"""Real outputs of builds that failed, and the line that tells a person why. `outputs/` holds the first forty lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.builds.complaints import advice, first_error

pytestmark = pytest.mark.fast
OUTPUTS = Path(__file__).parent / "outputs"
SAID = {
    "berry_immutable": "The lockfile would have been modified by this install, which is explicitly forbi",
    "berry_nover": "ms@npm:99.1.2: No candidates found",
    "bun_frozen": "ms changed from 2.1.2 to 2.1.3",
    "bundle_frozen": "You are trying to install in deployment mode after changing: * rack",
    "bundle_unreachable": "Could not reach host registry.example. Check your network connection and try",
    "cargo_compile": "src/main.rs:1:40: error[E0308]: mismatched types",
    "cargo_locked": "error: cannot update the lock file /build/app/Cargo.lock because --locked was pa",
    "cargo_offline": "error: no matching package named `serde` found",
    "composer_php": "- Root composer.json requires php >=99 but your php version (8.2.36) does not sa",
    "composer_unreachable": 'The "https://registry.example/packages.json" file could not be downloaded',
    "esbuild": 'main.js:1:14: Could not resolve "./gone.js"',
    "go_compile": "./main.go:3:15: undefined: one",
    "go_nomod": "main.go:3:8: no required module provides package example.com/none/here; to add i",
    "go_version": "./main.go:2:15: undefined: undefined1",
    "javac": "A.java:1: error: incompatible types: String cannot be converted to int",
    "mvn_offline": "Failed to execute goal org.apache.maven.plugins:maven-resources-plugin:2.6:resou",
    "next_cause": "Error: the address of the database is no address",
    "next_import": "./pages/index.js: Module not found: Can't resolve '../gone'",
    "next_prerender": "Error: database is not there",
    "next_types": "./pages/index.tsx:1:52: Type error: Type 'number' is not assignable to type 'str",
    "node_module": "Error: Cannot find module './gone'",
    "npm_ci_mismatch": "Missing: is-odd@3.0.1 from lock file",
    "npm_e404": "Not Found - GET https://registry.example/no-such-package-at-all-xyz",
    "npm_engine": 'Required: {"node":">=99"}: Actual: {"node":"v20.20.2"',
    "npm_eresolve": 'ERESOLVE unable to resolve dependency tree: peer react@"17.0.2" from react-dom@1',
    "npm_etarget": "No matching version found for ms@99.0.0.",
    "npm_gyp": "../p.cc:1:10: fatal error: nothere.h: No such file or directory",
    "npm_json": "Invalid package.json: JSONParseError: Expected double-quoted property name in JS",
    "npm_noscript": 'Missing script: "build"',
    "npm_postinstall": "sh: 1: prisma: not found",
    "pip_badline": "ERROR: Invalid requirement: 'flask=>1' (from line 1 of r.txt)",
    "pip_conflict": "ERROR: Cannot install flask==3.0.0 and werkzeug<2 because these package versions",
    "pip_gcc_missing": "error: [Errno 2] No such file or directory: 'gcc'",
    "pip_hash": "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you",
    "pip_header_missing": "p.c:1:10: fatal error: libpq-none.h: No such file or directory",
    "pip_noname": "ERROR: No matching distribution found for no-such-distribution-at-all-xyz",
    "pip_nover": "ERROR: No matching distribution found for flask==99.1",
    "pip_onlybin": "ERROR: No matching distribution found for jieba==0.42.1",
    "pip_requires_python": "ERROR: Package 'p' requires a different Python: 3.11.7 not in '>=3.99'",
    "pip_setup_error": "ModuleNotFoundError: No module named 'nowhere_module'",
    "pnpm10_frozen": "- ms (lockfile: 2.1.2, manifest: 2.1.3)",
    "pnpm_frozen": '({"ms":"2.1.2"}) don\'t match',
    "pnpm_nover": "No matching version found for ms@99.1.2",
    "python_module": "ModuleNotFoundError: No module named 'nothere'",
    "python_syntax": 'File "/build/app/m.py", line 1: SyntaxError: invalid syntax',
    "sh_notfound": "sh: 1: foo-not-there: not found",
    "tsc": "src/index.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number",
    "tsc_missing": "sh: 1: tsc: not found",
    "vite_import": 'Could not resolve "./gone.js" from "main.js"',
    "vite_syntax": "main.js (1:10): Expression expected",
    "webpack": "./main.js 1:0-26: Module not found: Error: Can't resolve './gone.js' in '/build/",
    "yarn1_frozen": "error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfil",
    "yarn1_nover": 'error Couldn\'t find any versions for "ms" that matches "99.1.3"',
}
"""Name of an output -> what the line must hold."""


def test_every_output_is_asked_about() -> None:
    assert {file.stem for file in OUTPUTS.glob("*.txt")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_the_first_line_that_names_a_cause(name: str) -> None:
    found = first_error((OUTPUTS / f"{name}.txt").read_text(encoding="utf-8").splitlines())
    assert found is not None
    assert SAID[name] in found, found


def test_what_only_says_that_a_step_failed_is_better_than_nothing() -> None:
    assert first_error(["building", "make: *** [Makefile:2: all] Error 1"]) == "make: *** [Makefile:2: all] Error 1"
    assert first_error(["WARNING: nothing is an error here", "all is well"]) is None
    assert first_error([]) is None


def test_a_warning_with_a_place_is_no_cause() -> None:
    lines = ["a.c:3:5: warning: unused variable 'x'", "a.c:9:1: error: expected ';'", "make: *** [all] Error 1"]
    assert first_error(lines) == "a.c:9:1: error: expected ';'"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ERROR: No matching distribution found for pkg-resources==0.0.0", "Delete the line pkg-resources==0.0.0"),
        (
            "npm error Missing: @esbuild/aix-ppc64@0.21.5 from lock file",
            "The lock file lacks @esbuild/aix-ppc64@0.21.5.",
        ),
        ("npm ERR! Missing: left-pad@1.3.0 from lock file", "Run `npm install` here"),
        ("ERROR: No matching distribution found for flask==99", None),
        ("Compiled successfully", None),
    ],
)
def test_what_to_do_where_it_is_known(line: str, said: str | None) -> None:
    found = advice(["Collecting things", line, "npm error A complete log of this run"])
    assert (said in (found or "")) if said else found is None
