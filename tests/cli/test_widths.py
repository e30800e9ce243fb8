"""What people read stays within 80 columns, and no word is broken: in a terminal of 80 columns, and in a pipe."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from terminals import ESCAPES, in_terminal

from hivemind.cli import listing
from hivemind.cli.failures import print_text
from hivemind.cli.findings import text
from hivemind.cli.paragraphs import fold, folded
from hivemind.cli.table import table
from hivemind.deploy.calls import StackResource
from hivemind.deploy.final_snapshots import FinalSnapshot
from hivemind.deploy.removal import Content, Deletion
from hivemind.flow.destroy import Leaving
from hivemind.flow.face import ProposedDestroy
from hivemind.flow.taking_away import Destroyed
from hivemind.plan import show
from hivemind.plan.model import Action, Basis, Change, Plan
from hivemind.testing.project import Project, hello
from hivemind.values.errors import Stage, StageError
from hivemind.values.exits import ExitCode
from hivemind.values.findings import Finding, Place, Severity

LONG = "a-service-whose-name-is-as-long-as-names-can-be"
SENTENCE = "the load balancer asked the instance for the page and it answered with something else, three times over"


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes the window so many columns wide."""
    return lambda columns: monkeypatch.setenv("COLUMNS", str(columns))


def fits(shown: str, columns: int = 80) -> bool:
    return all(len(line) < columns for line in shown.splitlines())


@pytest.mark.fast
@pytest.mark.parametrize("columns", [40, 60, 79])
@pytest.mark.parametrize(
    "line", [SENTENCE, f"  web  {SENTENCE}", f"  - EC2::Instance  {SENTENCE}", f"      {SENTENCE} " * 3]
)
def test_a_folded_line_fits_and_keeps_its_words(line: str, columns: int) -> None:
    lines = fold(line, columns)
    assert all(len(one) <= columns for one in lines)
    assert " ".join(lines).split() == line.split()
    indents = {len(one) - len(one.lstrip()) for one in lines[1:]}
    assert len(indents) <= 1, "what goes on below begins in one column"


@pytest.mark.fast
def test_a_word_longer_than_the_window_stays_whole(window: Callable[[int], None]) -> None:
    window(60)
    address = "https://" + "x" * 100
    assert address in folded([f"  web  {address}"])
    assert address in table([("web", SENTENCE, address)])


@pytest.mark.fast
def test_a_number_and_a_command_are_not_parted(window: Callable[[int], None]) -> None:
    for columns in range(41, 80):
        window(columns)
        shown = folded(["Nothing is deployed from this folder; use `hivemind plan --out FILE` within 12 s"])
        assert "`hivemind plan --out FILE`" in shown
        assert "12 s" in shown


@pytest.mark.fast
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_table_fits_and_keeps_its_words(window: Callable[[int], None], columns: int) -> None:
    rows = [
        ("web.start", "gunicorn --worker-class uvicorn.workers.UvicornWorker shop.asgi:application", "Procfile:1"),
        ("web.env.DJANGO_SETTINGS_MODULE", "shop.settings.production", "a/folder/below/another/folder/settings.py:41"),
        ("web.port", "8000", SENTENCE),
    ]
    window(columns)
    shown = table(rows)
    assert fits(shown, columns)
    assert sorted(shown.split()) == sorted(word for row in rows for cell in row for word in cell.split())


@pytest.mark.fast
def test_a_table_with_room_is_aligned(window: Callable[[int], None]) -> None:
    window(80)
    assert table([("a", "bbb", "c"), ("aa", "b", "")]) == "a   bbb  c\naa  b"


@pytest.mark.fast
def test_the_list_of_what_goes_fits(window: Callable[[int], None], capsys: pytest.CaptureFixture[str]) -> None:
    window(80)
    ids = [f"WebTargetGroupWithAVeryLongName{number}" for number in range(12)]
    kind = "AWS::ElasticLoadBalancingV2::TargetGroup"
    contents = tuple(
        Content(StackResource(one, f"arn:{one}", kind, "CREATE_COMPLETE", ""), policy, policy != "Delete")
        for one, policy in zip(ids, ["Delete", "Snapshot", "Retain"] * 4, strict=True)
    )
    proposed = ProposedDestroy("shop", Leaving("shop-production", "arn:stack", contents), keep_snapshots=True)
    assert listing.Listing(as_json=False, yes=True).approve(proposed).agreed
    shown = capsys.readouterr().out
    assert fits(shown)
    assert all(one in shown.replace(",", " ").split() for one in ids)
    left = Deletion("arn:stack", left=tuple(one.resource for one in contents))
    kept = (FinalSnapshot("database", "shop-production-db-snapshot-0123456789"),)
    listing.report(Destroyed("shop-production", left, kept, False), "destroyed", ExitCode.CLEANUP, as_json=False)
    shown = capsys.readouterr().out
    assert fits(shown)
    assert "Nothing is left" not in shown


@pytest.mark.fast
def test_a_plan_fits(window: Callable[[int], None]) -> None:
    window(80)
    changes = tuple(
        Change(
            f"WebInstanceSecurityGroupWithAVeryLongName{number}", "AWS::EC2::SecurityGroupIngress", action,
            plugin="provisioner", path=f"services.{LONG}", properties=("Description", "SecurityGroupIngress"),
            before={"Description": SENTENCE}, after={"Description": SENTENCE[::-1]}, replacing=("Description",),
            holds_data=True, policy="Retain",
        )
        for number, action in enumerate(Action)
    )  # fmt: skip
    plan = Plan(
        name="shop", environment="production", region="eu-west-1", revision=4, basis=Basis.LIVE, changes=changes,
        releases=(), template_digest="", digest="0" * 64,
    )  # fmt: skip
    shown = folded(show.lines(plan))
    assert fits(shown)
    assert shown.split() == " ".join(show.lines(plan)).split()


@pytest.mark.fast
def test_an_error_fits_but_its_evidence_is_as_it_was(
    window: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    window(80)
    evidence = "x " * 60
    print_text(
        StageError(
            Stage.DEPLOY, SENTENCE, subject="web", lines=[evidence], hint=f"{SENTENCE}\n{SENTENCE}", left=SENTENCE,
            path=f"services.{LONG}.start", place="hivemind.yaml:12",
        )
    )  # fmt: skip
    lines = capsys.readouterr().err.splitlines()
    assert f"  | {evidence}" in lines
    assert fits("\n".join(line for line in lines if not line.startswith("  | ")))
    assert " ".join(lines).count("three times over") == 4


@pytest.mark.fast
def test_findings_fit(window: Callable[[int], None]) -> None:
    window(80)
    excerpt = f"    start: gunicorn {'--option value ' * 12}shop"
    place = Place("folder/hivemind.yaml", 12, 9, excerpt, 5)
    found = [Finding("H104", Severity.ERROR, SENTENCE, place, hint=SENTENCE), Finding("H1", Severity.WARNING, SENTENCE)]
    shown = text(found)
    assert fits(shown)
    assert shown.count("folder/hivemind.yaml:12:9  error  H104") == 1
    assert " ".join(shown.split()).count("three times over") == 3


COMMANDS = [
    ("status",), ("show",), ("plan", "--local"), ("plan", "--local", "--release-again"), ("destroy",), ("list",),
    ("verify",), ("apply", "--local", "missing.json"), ("logs", "--service", "none"), ("plugins",),
    ("validate",), ("local", "status"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_prints_within_80_columns_in_a_pipe(standing: Project, words: tuple[str, ...]) -> None:
    piped = Project(standing.folder, standing.home, {"COLUMNS": None}, forked=standing.forked)
    shown = piped.run(*words, code=None)
    wide = standing.run(*words, code=None)
    for narrow, whole in ((shown.out, wide.out), (shown.err, wide.err)):
        long = {word for word in whole.split() if len(word) > 60}
        assert fits("\n".join(line for line in narrow.splitlines() if not long & set(line.split()))), narrow
        assert _words(narrow) == _words(whole), "no word is broken, and none is lost"


@pytest.mark.slow
@pytest.mark.parametrize("words", [("status",), ("show",), ("plan", "--local", "--release-again")], ids=" ".join)
def test_a_command_prints_within_80_columns_in_a_terminal(standing: Project, words: tuple[str, ...]) -> None:
    narrow = Project(standing.folder, standing.home, {"COLUMNS": None}, forked=standing.forked)
    code, shown = in_terminal(narrow, *words)
    assert code == 0
    assert fits(ESCAPES.sub("", shown).replace("\r", ""))


@pytest.mark.slow
def test_a_plan_that_creates_everything_fits(local_project: Callable[..., Project]) -> None:
    project = local_project(
        hello(
            "everything", more=f"  {LONG[:23]}: {{start: python app.py}}\nresources: {{db: postgres, cache: redis}}\n"
        )
    )
    piped = Project(project.folder, project.home, {"COLUMNS": None}, forked=project.forked)
    shown = piped.run("plan", "--local").out
    assert "TargetGroup" in shown
    assert fits(shown)
    shown = piped.run("show").out
    assert LONG[:23] in shown
    assert fits(shown)


def _words(shown: str) -> list[str]:
    """The words, sorted, with every number as 0: times and durations differ between two runs."""
    return sorted(re.sub(r"\d+(?:\.\d+)?", "0", shown).split())
