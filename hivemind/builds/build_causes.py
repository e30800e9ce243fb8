"""How the failures of compilers and package managers read: causes before headlines, headlines before wrappers. Data."""

from __future__ import annotations

from hivemind.values.errors import Stage
from hivemind.values.signatures import Signature, Speaker, Weight, in_order

PLACE = r"[\w@./\\+()\[\] -]*?[\w\])]\.\w{1,6}"
"""A file, as the start of an expression."""
_NPM = r"^npm (?:ERR!|error) "


def _signature(
    name: str,
    cause: str,
    *patterns: str,
    weight: Weight = Weight.CAUSE,
    point: str | None = None,
    remedy: str | None = None,
) -> Signature:
    expression = "|".join(patterns)
    return Signature(
        f"build.{name}", expression, Speaker.BUILD, cause, remedy, (Stage.BUILD,), weight=weight, point=point
    )


SIGNATURES = in_order(
    _signature(
        "plain",
        "none",
        r"(?i)^\s*(?:WARN(?:ING)?\b|\[WARN(?:ING)?\]|warning\b|npm (?:warn|notice)\b|INFO\b|\[INFO\]|info\b|notice\b|"
        r"DEPRECATION\b|\[DEPRECATED\]|note:|help:|hint:|➤ YN0000: (?:┌|└|·)|.*\bwarning: |.*DeprecationWarning)",
        weight=Weight.NOISE,
    ),
    _signature(
        "wrapper",
        "step_failed",
        r"(?i)^npm (?:err!|error)"
        r"(?:\s*$| (?:code|errno|path|command|signal|A complete log|Lifecycle|workspace|location)\b)",
        r"subprocess-exited-with-error|ERROR: Ignored the following|Failed building wheel",
        r"Could not build wheels|error: could not compile|error: Command '|ELIFECYCLE",
        r"make(?:\[\d+\])?: \*\*\*|gyp ERR!",
        r"^\s*error during build:?$|exit code|failed with (?:exit )?code",
        r"rror: failed to (?:solve|run)|ERROR in \S+ \d+:\d+|error Command failed",
        r"^\[ERROR\] *(?:$|To see the full|Re-run Maven|For more information|-> \[Help|\[Help|"
        r"Failed to execute goal .*Compilation failure)",
        weight=Weight.WRAPPER,
    ),
    _signature("npm_conflict", "dependency_conflict", rf"{_NPM}ERESOLVE ", point=rf"{_NPM}(?:peer \S+ from .*)"),
    _signature("npm_engine", "wrong_version", rf"{_NPM}notsup Required", point=rf"{_NPM}notsup Actual.*"),
    _signature(
        "pnpm_lock",
        "stale_lock",
        r"^\s*ERR_PNPM_OUTDATED_LOCKFILE",
        point=r"^\s*(?:- \S+ \(lockfile: .*|specifiers in the lockfile \(.*)$",
    ),
    _signature(
        "bundler_lock", "stale_lock", r"^You are trying to install in deployment mode after changing$", point=r"^\* .*"
    ),
    _signature(
        "pip_hashes",
        "wrong_hash",
        r"^ERROR: THESE PACKAGES DO NOT MATCH THE HASHES",
        point=r"^\s+\S+==\S+ from ",
    ),
    _signature(
        "compiler",
        "compile_error",
        rf"^\s*(?:\[ERROR\] )?{PLACE}(?::\[?\d+(?:[:,]\d+)?\]?:?|\(\d+,\d+\):|:\d+:\d+ -) "
        r"(?!\s*(?:note|info|warning)\b)\S",
        rf"^{PLACE} \(\d+:\d+\): ",
        r"^error\[E\d+\]: |^e: |^PHP (?:Fatal|Parse) error: |^Type error: |^✘ \[ERROR\] ",
        r"^\s*(?:SyntaxError|IndentationError|ModuleNotFoundError|ImportError): ",
        r"(?:Module not found|Cannot find module|Could not resolve|Failed to resolve import)\b|fatal error: ",
    ),
    _signature("node_cause", "application_error", r"^\s*\[cause\]: \S"),
    _signature(
        "pip_of_debian",
        "dependency_unavailable",
        r"^ERROR: (?:No matching distribution found for|Could not find a version that satisfies the requirement) "
        r"pkg[-_]resources==0\.0\.0",
        remedy="Delete the line pkg-resources==0.0.0: `pip freeze` of Debian writes it, and there is no such "
        "package.",
    ),
    _signature(
        "npm_lock",
        "stale_lock",
        rf"{_NPM}Missing: (\S+) from lock file",
        remedy="The lock file lacks {1}. Run `npm install` here and commit the lock file.",
    ),
    _signature(
        "pip",
        "dependency_unavailable",
        r"^ERROR: No matching distribution found|^ERROR: Cannot install .* conflicting",
        r"^ERROR: Package .* requires a different Python|^ERROR: Invalid requirement",
    ),
    _signature(
        "npm",
        "dependency_unavailable",
        rf"{_NPM}(?:notarget No matching|404 Not Found|JSON\.parse Invalid)",
        rf"{_NPM}(?:Missing|Invalid:|request to|network request)",
    ),
    _signature("pnpm", "dependency_unavailable", r"^\s*ERR_PNPM_\w+"),
    _signature(
        "yarn",
        "dependency_unavailable",
        r"^➤ YN0028: │ The lockfile|^➤ YN00(?!00|02|13|19|28|60|85|86)\d\d: │ ",
        r"^error (?:Your lockfile|Couldn't find|An unexpected error|.*incompatible)",
    ),
    _signature(
        "composer",
        "dependency_unavailable",
        r"^\s*- (?:Root composer\.json|.* is not present|.*but (?:your|it is|these))",
        r"^\s*- Required package .* is not (?:present|in the lock)",
        r"^\s*The \"[^\"]+\" file could not be downloaded",
    ),
    _signature(
        "bundler",
        "dependency_unavailable",
        r"^(?:Could not find gem|Could not reach host|Could not find compatible versions)",
        r"^You are trying to install in deployment mode after changing|^\s*An error occurred while installing",
    ),
    _signature("python_setup", "missing_program", r"^error: \[Errno \d+\]"),
    _signature(
        "python_lock", "stale_lock", r"^\s*(?:pyproject\.toml|Pipfile\.lock) .*(?:changed significantly|out of date)"
    ),
    _signature(
        "maven", "dependency_unavailable", r"^\[ERROR\] .*(?:Could not (?:resolve|transfer)|compilation problem)"
    ),
    _signature(
        "system",
        "missing_program",
        r": (?:\d+: )?\S+: not found$|command not found|: Read-only file system$|No space left on device",
        r"Cannot allocate memory|heap out of memory|Permission denied",
    ),
    _signature(
        "gradle", "application_error", r"(?i)^\s*\* What went wrong", weight=Weight.ERROR, point=r"^\S.*"
    ),
    _signature(
        "bun_lock", "stale_lock", r"^error: lockfile had changes", weight=Weight.ERROR, point=r"^note: .*"
    ),
    _signature(
        "error",
        "unknown",
        r"(?i)^\s*(?:error\b[: ]|fatal: |npm (?:err!|error) |\S*(?:Error|Exception)\b[^:]{0,40}: |E: |"
        r"\[ERROR\] (?!COMPILATION ERROR)|FAILURE: |Caused by: |Unhandled |panic: |Uncaught )",
        weight=Weight.ERROR,
    ),
    below=50,
)  # fmt: skip
"""What one line can say, by the first that matches it: nothing, that a step failed, or what is wrong."""
