"""Facts out of Python source, read with `ast`: applications, routes, environment, ports."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import environment_reads
from hivemind.agents.recon.languages.python.environment_reads import AddressRead, Environment, EnvironmentRead
from hivemind.agents.recon.languages.python.environment_reads import dotted as _dotted
from hivemind.agents.recon.languages.python.environment_reads import text_of as _string
from hivemind.agents.recon.languages.python.reached import unreached
from hivemind.text.bounded import bounded

APPLICATIONS = {
    "Flask": "flask", "FastAPI": "fastapi", "Starlette": "starlette", "Quart": "quart", "Sanic": "sanic",
    "Litestar": "litestar", "Bottle": "bottle", "Falcon": "falcon", "BlackSheep": "blacksheep", "Robyn": "robyn",
    "Dash": "dash", "FastHTML": "fasthtml", "APIFlask": "flask", "Connexion": "flask",
}  # fmt: skip
_FACTORIES = frozenset({"create_app", "make_app", "build_app", "get_app", "app_factory", "create_application"})
_ROUTE_CALLS = frozenset(
    {"route", "get", "head", "api_route", "add_url_rule", "add_api_route", "add_route", "path", "re_path", "Route",
     "url"}
)  # fmt: skip
_SERVING_CALLS = frozenset({"run", "run_app", "listen", "serve"})
_LARGEST = 400_000
_MOST = 3_000_000
_WORTH_PARSING = re.compile(
    r"environ|getenv|\benv\(|\benv\.|\bconfig\(|__name__|://|\bapp\b|_app\(|application|\broute|health|\bping\b|\b(?:re_)?path\(|\burl\(|\.run\(|"
    r"\.serve|\.listen|run_app|start_response|async def|Flask|FastAPI|port=|BaseSettings"
)
_ACTS = re.compile(r"^(?:await )?[A-Za-z_][\w.]*\(", re.MULTILINE)
_IMPORT = re.compile(r"(?:from|import)\s+([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Application:
    """An application object. name: of the variable or factory. is_factory: whether it must be called."""

    framework: str
    module: str
    name: str
    file: str
    line: int
    is_factory: bool = False


@dataclass(frozen=True)
class Taken:
    """A name that a file imports when it is imported itself: `from module import name as called`."""

    module: str
    name: str
    called: str
    file: str
    line: int


@dataclass(frozen=True)
class Route:
    """A literal path. certain: whether it is served under exactly this path. tells_health: whether the name of what
    answers says so. within: the name of the list that it stands in."""

    path: str
    file: str
    line: int
    certain: bool
    tells_health: bool = False
    within: str | None = None


@dataclass
class PythonCode:
    """All that was found, files in order of depth and name. mains: where `__name__` is asked for.
    addresses: need -> where the address of such a database is written out. included:
    module of routes -> the path that Django puts before them. starting: files that serve as soon as they are
    imported."""

    applications: list[Application] = field(default_factory=list)
    reads: list[EnvironmentRead] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    ports: list[tuple[int, str, int]] = field(default_factory=list)
    imports: dict[str, tuple[str, int]] = field(default_factory=dict)
    runs: list[tuple[str, int]] = field(default_factory=list)
    prefixed: set[str] = field(default_factory=set)
    """Files with a prefix for routes in them."""
    plain: set[str] = field(default_factory=set)
    """Last names of modules whose router the application takes without a prefix (FastAPI, "Bigger Applications")."""
    hides_docs: bool = False
    mains: list[tuple[str, int]] = field(default_factory=list)
    addresses: dict[str, tuple[str, int]] = field(default_factory=dict)
    included: dict[str, str] = field(default_factory=dict)
    listed: dict[tuple[str, str], str] = field(default_factory=dict)
    """The same for a list of routes in a file, by its name."""
    taken: list[Taken] = field(default_factory=list)
    starting: set[str] = field(default_factory=set)
    database_addresses: list[AddressRead] = field(default_factory=list)
    acting: set[str] = field(default_factory=set)
    """Files that call something as soon as they are run."""


def read(folder: Folder) -> PythonCode:
    """Facts of the application's Python files; files that don't parse are passed over.

    The shallowest first, as far as 3 MB of what is worth parsing go; of the rest only imports are read.
    """
    source = PythonCode()
    left = _MOST
    files = list(folder.sources(".py", most=1500))
    constants = environment_reads.constants(folder.text(file, limit=_LARGEST) or "" for file in files)
    for file in files:
        whole = folder.whole(file, limit=_LARGEST)
        if whole is None:
            continue
        text = bounded(whole)
        if left < len(text) or not _WORTH_PARSING.search(text):
            _imports(source, file, text)
            if _ACTS.search(text):
                source.acting.add(file)
            continue
        left -= len(text)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(whole)
            _Reader(file, source, constants).visit_module(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return source


def _imports(source: PythonCode, file: str, text: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if match := _IMPORT.match(line[:200]):
            source.imports.setdefault(match[1], (file, number))


def module_of(file: str) -> str:
    """`pkg/app.py` -> `pkg.app`, `pkg/__init__.py` -> `pkg`."""
    parts = file.removesuffix(".py").split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


class _Reader:
    def __init__(self, file: str, source: PythonCode, constants: Mapping[str, str]) -> None:
        self.file = file
        self.source = source
        self.module = module_of(file)
        self.environment = Environment(file, source.reads, source.database_addresses, constants)
        self.lists: list[tuple[int, int, str]] = []
        self.numbers: dict[str, int] = {}

    def visit_module(self, tree: ast.Module) -> None:
        self.numbers = dict(_numbers(tree))
        for statement in tree.body:
            if isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test):
                self.source.mains.append((self.file, statement.lineno))
        for statement in _top_level(tree.body):
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._assignment(statement)
                self._list(statement)
            elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self._function(statement)
            elif isinstance(statement, ast.ImportFrom):
                self._taken(statement)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call | ast.Await):
                self.source.acting.add(self.file)
                if _serves(statement.value):
                    self.source.starting.add(self.file)
        pending: list[tuple[ast.AST, bool]] = [(tree, True)]
        while pending:
            node, at_import = pending.pop()
            self._visit(node, at_import=at_import)
            below = at_import and not _is_function(node)
            chosen = unreached(node) if below else ()
            pending += [(child, below and child not in chosen) for child in _children(node)]

    def _visit(self, node: ast.AST, *, at_import: bool) -> None:
        self.environment.visit(node, at_import=at_import)
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.source.imports.setdefault(alias.name.split(".")[0], (self.file, node.lineno))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            self.source.imports.setdefault(node.module.split(".")[0], (self.file, node.lineno))
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Compare):
            self._comparison(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "://" in node.value[:40]:
            self._address(node.value, node.lineno)

    def _taken(self, node: ast.ImportFrom) -> None:
        above = self.module.split(".")[: -node.level or None] if node.level else []
        if node.level and self.file.endswith("/__init__.py"):
            above = self.module.split(".")[: 1 - node.level or None]
        module = ".".join([*above, *([node.module] if node.module else [])])
        self.source.taken += [
            Taken(module, each.name, each.asname or each.name, self.file, node.lineno) for each in node.names
        ]

    def _address(self, text: str, line: int) -> None:
        match = re.match(r"(postgres|mysql|redis|mongodb)(?:ql|s)?(?:\+\w+)*://", text)
        if match:
            self.source.addresses.setdefault(match[1], (self.file, line))

    def _list(self, node: ast.Assign | ast.AnnAssign) -> None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(node.value, ast.List) and isinstance(target, ast.Name):
            self.lists.append((node.lineno, node.end_lineno or node.lineno, target.id))

    def _assignment(self, node: ast.Assign | ast.AnnAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.value
        if not isinstance(value, ast.Call):
            return
        called = _dotted(value.func).rpartition(".")[2]
        for target in targets:
            if not isinstance(target, ast.Name):
                continue
            if called in APPLICATIONS:
                self._application(APPLICATIONS[called], target.id, node.lineno)
            elif called in _FACTORIES:
                self._application("", target.id, node.lineno)
            elif called in {"get_wsgi_application", "get_asgi_application"}:
                self._application("django", target.id, node.lineno)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        names = [argument.arg for argument in node.args.args]
        if isinstance(node, ast.FunctionDef) and len(names) == 2 and names[1] == "start_response":
            self._application("wsgi", node.name, node.lineno)
        elif isinstance(node, ast.AsyncFunctionDef) and names[:3] == ["scope", "receive", "send"]:
            self._application("asgi", node.name, node.lineno)
        elif node.name in _FACTORIES and _callable_without(node):
            made = next(
                (
                    APPLICATIONS[name]
                    for child in ast.walk(node)
                    if isinstance(child, ast.Call) and (name := _dotted(child.func).rpartition(".")[2]) in APPLICATIONS
                ),
                None,
            )
            if made:
                self.source.applications.append(Application(made, self.module, node.name, self.file, node.lineno, True))

    def _application(self, framework: str, name: str, line: int) -> None:
        self.source.applications.append(Application(framework, self.module, name, self.file, line))

    def _call(self, node: ast.Call) -> None:
        dotted = _dotted(node.func)
        last = dotted.rpartition(".")[2]
        first = _string(node.args[0]) if node.args else None
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        if any(name in keywords for name in ("url_prefix", "prefix", "root_path")):
            self.source.prefixed.add(self.file)
        elif dotted in {"app.include_router", "application.include_router"} and node.args:
            self.source.plain.add(_dotted(node.args[0]).rpartition(".")[0].rpartition(".")[2])
        if any(name in keywords for name in ("docs_url", "openapi_url", "root_path")):
            self.source.hides_docs = True
        if last in _ROUTE_CALLS and first is not None:
            self._route(node, dotted, first, keywords)
        elif "health" in last and (path := next(filter(None, map(_string, node.args)), "")).startswith("/"):
            self.source.routes.append(Route(path, self.file, node.lineno, certain=True, tells_health=True))
        if last in _SERVING_CALLS:
            self._run(node, dotted, keywords)

    def _route(self, node: ast.Call, dotted: str, path: str, keywords: dict[str, ast.expr]) -> None:
        """A path and what answers under it; of Django's `include`, what it puts before the paths of a module."""
        last = dotted.rpartition(".")[2]
        answers = node.args[1] if len(node.args) > 1 else None
        if isinstance(answers, ast.Call) and _dotted(answers.func) == "include":
            module = _string(answers.args[0]) if answers.args else None
            plain = path.lstrip("^").removesuffix("$")
            if module:
                self.source.included.setdefault(module, plain)
            elif answers.args and (name := _dotted(answers.args[0])):
                self.source.listed[self.file, name] = plain  # the last one: of several versions the newest
            return
        certain = dotted.split(".", maxsplit=1)[0] in {"app", "application", "server", "api"} or last in {
            "Route",
            "path",
            "re_path",
        }
        named = [_string(keywords.get("name")) or "", ast.unparse(answers)[:100] if answers else ""]
        plain = re.sub(r"/\??\$?$", "/", path.lstrip("^")) if last in {"re_path", "url"} else path
        tells = any(re.search(r"health|liveness|heartbeat", name, re.IGNORECASE) for name in named)
        within = next((name for first, last, name in self.lists if first <= node.lineno <= last), None)
        self.source.routes.append(
            Route("/" + plain.lstrip("/").removesuffix("$"), self.file, node.lineno, certain, tells, within)
        )

    def _comparison(self, node: ast.Compare) -> None:
        """`path == "/health"`: how an application without a framework finds its way."""
        for side in (node.left, *node.comparators):
            path = _string(side)
            if path and path.startswith("/") and isinstance(node.ops[0], ast.Eq | ast.In):
                self.source.routes.append(Route(path, self.file, node.lineno, certain=True))

    def _number(self, node: ast.expr) -> int | None:
        return self.numbers.get(node.id) if isinstance(node, ast.Name) else _integer(node)

    def _run(self, node: ast.Call, dotted: str, keywords: dict[str, ast.expr]) -> None:
        if dotted.split(".", maxsplit=1)[0] in {"subprocess", "asyncio", "anyio", "trio", "nox", "sp"}:
            return
        port = keywords.get("port") or next((each for each in node.args if self._number(each)), None)
        number = self._number(port) if port is not None else None
        if number:
            self.source.ports.append((number, self.file, node.lineno))
        self.source.runs.append((self.file, node.lineno))


def _numbers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Names that a module gives ports to: `PORT = 9000`, `host, port = "0.0.0.0", 9000`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs: list[tuple[ast.expr, ast.expr]] = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for name, value in pairs:
                if isinstance(name, ast.Name) and "port" in name.id.lower() and (number := _integer(value)):
                    yield name.id, number


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import, those under `if` and `try` included, but not under `if __name__ == ...`."""
    for node in body:
        if isinstance(node, ast.If):
            if "__name__" not in ast.dump(node.test):
                yield from _top_level([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _top_level([*node.body, *node.orelse, *node.finalbody])
        else:
            yield node


_LEAVES = (ast.Name, ast.expr_context, ast.operator, ast.alias, ast.Import, ast.ImportFrom)


def _children(node: ast.AST) -> list[ast.AST]:
    """The nodes below one, last first, so that a stack gives them in order of the text."""
    if isinstance(node, _LEAVES):
        return []
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found += [each for each in value if isinstance(each, ast.AST)]
    found.reverse()
    return found


def _serves(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _dotted(node.func).rpartition(".")[2] in _SERVING_CALLS


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
        isinstance(node, ast.If) and "__name__" in ast.dump(node.test)
    )


def _callable_without(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    required = len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)
    return required == 0 and all(default is not None for default in node.args.kw_defaults)


def _integer(node: ast.expr) -> int | None:
    """A literal port, also as the default of a read: `int(os.environ.get("PORT", 5000))`."""
    for child in ast.walk(node):
        if isinstance(child, ast.Constant):
            text = str(child.value)
            if not isinstance(child.value, bool) and text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535:
                return int(text)
    return None
