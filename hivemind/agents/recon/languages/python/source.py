"""Facts out of Python source, read with `ast`: applications, routes, environment, ports."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from hivemind.agents.recon.folder import Folder

APPLICATIONS = {
    "Flask": "flask",
    "FastAPI": "fastapi",
    "Starlette": "starlette",
    "Quart": "quart",
    "Sanic": "sanic",
    "Litestar": "litestar",
    "Bottle": "bottle",
    "Falcon": "falcon",
    "BlackSheep": "blacksheep",
    "Robyn": "robyn",
    "Dash": "dash",
    "FastHTML": "fasthtml",
    "APIFlask": "flask",
    "Connexion": "flask",
}
_FACTORIES = frozenset({"create_app", "make_app", "build_app", "get_app", "app_factory", "create_application"})
_ROUTE_CALLS = frozenset(
    {
        "route",
        "get",
        "head",
        "api_route",
        "add_url_rule",
        "add_api_route",
        "add_route",
        "path",
        "re_path",
        "Route",
        "url",
    }
)
_LARGEST = 400_000
_MOST = 3_000_000
_WORTH_PARSING = re.compile(
    r"environ|getenv|\benv\(|\benv\.|\bconfig\(|__name__|://|\bapp\b|_app\(|application|\broute|health|\bping\b|\bpath\(|\.run\(|"
    r"\.serve|\.listen|run_app|start_response|async def|Flask|FastAPI|port="
)
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
class EnvironmentRead:
    """A variable that the code reads. default: source of the default, `` where it is None; None: it must be set."""

    name: str
    file: str
    line: int
    default: str | None
    at_import: bool


@dataclass(frozen=True)
class Route:
    """A literal path. certain: whether it is served under exactly this path."""

    path: str
    file: str
    line: int
    certain: bool


@dataclass
class Source:
    """All that was found, files in order of depth and name. mains: where `__name__` is asked for. known: whether any
    file says anything at all. addresses: need -> where the address of such a database is written out."""

    applications: list[Application] = field(default_factory=list)
    reads: list[EnvironmentRead] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    ports: list[tuple[int, str, int]] = field(default_factory=list)
    imports: dict[str, tuple[str, int]] = field(default_factory=dict)
    runs: list[tuple[str, int]] = field(default_factory=list)
    prefixed: bool = False
    mains: list[tuple[str, int]] = field(default_factory=list)
    known: bool = False
    addresses: dict[str, tuple[str, int]] = field(default_factory=dict)


def read(folder: Folder) -> Source:
    """Facts of the application's Python files; files that don't parse are passed over.

    The shallowest first, as far as 3 MB of what is worth parsing go; of the rest only imports are read.
    """
    source = Source()
    left = _MOST
    for file in folder.sources(".py", most=1500):
        text = folder.text(file, limit=_LARGEST)
        if text is None:
            continue
        if left < len(text) or not _WORTH_PARSING.search(text):
            source.known = source.known or bool(text.strip())
            _imports(source, file, text)
            continue
        left -= len(text)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
            _Reader(file, source).visit_module(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return source


def _imports(source: Source, file: str, text: str) -> None:
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
    def __init__(self, file: str, source: Source) -> None:
        self.file = file
        self.source = source
        self.module = module_of(file)

    def visit_module(self, tree: ast.Module) -> None:
        self.source.known = self.source.known or bool(tree.body)
        for statement in tree.body:
            if isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test):
                self.source.mains.append((self.file, statement.lineno))
        for statement in _top_level(tree.body):
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._assignment(statement)
            elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self._function(statement)
        pending: list[tuple[ast.AST, bool]] = [(tree, True)]
        while pending:
            node, at_import = pending.pop()
            self._visit(node, at_import=at_import)
            below = at_import and not _is_function(node)
            pending += [(child, below) for child in _children(node)]

    def _visit(self, node: ast.AST, *, at_import: bool) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.source.imports.setdefault(alias.name.split(".")[0], (self.file, node.lineno))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            self.source.imports.setdefault(node.module.split(".")[0], (self.file, node.lineno))
        elif isinstance(node, ast.Call):
            self._call(node, at_import=at_import)
        elif isinstance(node, ast.Compare):
            self._comparison(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "://" in node.value[:40]:
            self._address(node.value, node.lineno)
        elif isinstance(node, ast.Subscript) and _dotted(node.value) in {"os.environ", "environ"}:
            name = _string(node.slice)
            if name and isinstance(node.ctx, ast.Load):
                self._read(name, node, None, at_import=at_import)

    def _address(self, text: str, line: int) -> None:
        match = re.match(r"(postgres|mysql|redis|mongodb)(?:ql|s)?(?:\+\w+)*://", text)
        if match:
            self.source.addresses.setdefault(match[1], (self.file, line))

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

    def _call(self, node: ast.Call, *, at_import: bool) -> None:
        dotted = _dotted(node.func)
        last = dotted.rpartition(".")[2]
        first = _string(node.args[0]) if node.args else None
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        if any(name in keywords for name in ("url_prefix", "prefix", "root_path")):
            self.source.prefixed = True
        if first is not None and (
            dotted in {"os.getenv", "getenv", "os.environ.get", "environ.get", "env", "config", "env.str", "env.db"}
            and first.isidentifier()
        ):
            fallback = node.args[1] if len(node.args) > 1 else keywords.get("default")
            optional = dotted in {"os.getenv", "getenv", "os.environ.get", "environ.get"}
            default = _source_of(fallback) if fallback is not None else "" if optional else None
            self._read(first, node, default, at_import=at_import)
        if last in _ROUTE_CALLS and first is not None:
            certain = dotted.split(".")[0] in {"app", "application", "server", "api"} or last in {"Route", "path"}
            self.source.routes.append(
                Route("/" + first.lstrip("/^").removesuffix("$"), self.file, node.lineno, certain)
            )
        if last in {"run", "run_app", "listen", "serve"}:
            self._run(node, dotted, keywords)

    def _comparison(self, node: ast.Compare) -> None:
        """`path == "/health"`: how an application without a framework finds its way."""
        for side in (node.left, *node.comparators):
            path = _string(side)
            if path and path.startswith("/") and isinstance(node.ops[0], ast.Eq | ast.In):
                self.source.routes.append(Route(path, self.file, node.lineno, certain=True))

    def _run(self, node: ast.Call, dotted: str, keywords: dict[str, ast.expr]) -> None:
        if dotted.split(".", maxsplit=1)[0] in {"subprocess", "asyncio", "anyio", "trio", "nox", "sp"}:
            return
        port = keywords.get("port") or next((each for each in node.args if _integer(each)), None)
        number = _integer(port) if port is not None else None
        if number:
            self.source.ports.append((number, self.file, node.lineno))
        self.source.runs.append((self.file, node.lineno))

    def _read(self, name: str, node: ast.expr, default: str | None, *, at_import: bool) -> None:
        self.source.reads.append(EnvironmentRead(name, self.file, node.lineno, default, at_import))


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


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
        isinstance(node, ast.If) and "__name__" in ast.dump(node.test)
    )


def _callable_without(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    required = len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)
    return required == 0 and all(default is not None for default in node.args.kw_defaults)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return ""


def _string(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _integer(node: ast.expr) -> int | None:
    """A literal port, also as the default of a read: `int(os.environ.get("PORT", 5000))`."""
    for child in ast.walk(node):
        if isinstance(child, ast.Constant):
            text = str(child.value)
            if not isinstance(child.value, bool) and text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535:
                return int(text)
    return None


def _source_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and node.value is None:
        return ""
    return ast.unparse(node)[:200]
