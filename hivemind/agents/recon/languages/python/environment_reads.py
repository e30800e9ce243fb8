"""Variables that Python source reads from its environment, and whether it can do without them."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

GETTERS = frozenset({"os.getenv", "getenv", "os.environ.get", "environ.get"})
_ENVIRONS = frozenset({"os.environ", "environ"})
_DEMANDING = re.compile(
    r"(?:env|config)(?:\.(?:str|int|bool|float|list|tuple|dict|json|url|path|db|db_url|dj_db_url|cache|cache_url|"
    r"dj_cache_url|search_url|email_url|dj_email_url))?"
)
"""What django-environ, environs, python-decouple and Starlette read with: a variable that is not there is an error."""
_PLAIN = re.compile(
    r"(?:str|int|float|bool|bytes|Path|Secret\w*|\w*Url|\w*Dsn|\w*DSN|EmailStr|Uuid|UUID|DirectoryPath|FilePath|"
    r"(?:list|List|set|tuple)\[\w+\]|Literal\[[^\[\]]*\])"
)
"""Types of pydantic's settings that come out of one variable each."""
_OPTIONAL = re.compile(r"(.*) \| None|Optional\[(.*)\]")
"""A type that None belongs to, too: a variable for it need not be set."""
_WHOLE = {
    "dj_database_url.config": "DATABASE_URL", "env.db": "DATABASE_URL", "env.db_url": "DATABASE_URL",
    "env.cache": "CACHE_URL", "env.cache_url": "CACHE_URL", "env.dj_db_url": "DATABASE_URL",
}  # fmt: skip
"""What reads one variable unless told of another one (dj-database-url, "Usage"; django-environ, "Supported types")."""
_CONNECTING = frozenset({"dj_database_url.parse", "create_engine", "create_async_engine", "sqlalchemy.create_engine"})
_EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit"})
_CONVERTERS = frozenset({"int", "float", "Path", "json.loads", "len"})
_CONSTANT = re.compile(
    r"^([A-Z][A-Z0-9_]{2,60})[ \t]*(?::[ \t]*\w+[ \t]*)?=[ \t]*[\"']([A-Z][A-Z0-9_]{2,60})[\"'][ \t]*$", re.MULTILINE
)
_READ_BY_NAME = re.compile(r"\b(?:environ\.get\(|environ\[|getenv\()\s*(?:\w+\.)?[A-Z][A-Z0-9_]+\s*[,)\]]")
NO_CONSTANTS: Mapping[str, str] = {}


@dataclass(frozen=True)
class EnvironmentRead:
    """A variable that the code reads. default: source of the default, `` where it is None; None: it must be set."""

    name: str
    file: str
    line: int
    default: str | None
    at_import: bool


@dataclass(frozen=True)
class AddressRead:
    """A variable that holds the address of a database. asked: whether the code asks if that is one of PostgreSQL."""

    name: str
    file: str
    line: int
    asked: bool


class Environment:
    """What one file reads. reads: gets what is found. addresses: variables that hold the address of a database, by
    what the code does with them. constants: names that the application keeps names of variables under."""

    def __init__(
        self,
        file: str,
        reads: list[EnvironmentRead],
        addresses: list[AddressRead],
        constants: Mapping[str, str] = NO_CONSTANTS,
    ) -> None:
        self.constants = constants
        self.file = file
        self.reads = reads
        self.addresses = addresses
        self.held: dict[str, str] = {}
        """Names of what was read, with a default or without, each with its variable."""
        self.aliases: set[str] = set()
        """Names that stand for `os.environ.get`."""
        self.given: dict[str, tuple[str, int]] = {}
        """Names of what was read without a default, each with its variable and line."""
        self.settings: dict[str, str] = {}
        """Classes of pydantic's settings, each with the prefix of its variables."""

    def visit(self, node: ast.AST, *, at_import: bool) -> None:
        """What one node says of the environment; its parts are visited by themselves."""
        if isinstance(node, ast.Call):
            self._call(node, at_import=at_import)
        elif isinstance(node, ast.Compare):
            self._asked(node)
        elif isinstance(node, ast.Subscript) and dotted(node.value) in _ENVIRONS:
            if (name := self._text(node.slice)) and isinstance(node.ctx, ast.Load):
                self._read(name, node, None, at_import=at_import)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            self._assigned(node)
        elif isinstance(node, ast.Attribute) and (name := self._undefended(node.value)):
            self._read(name, node, None, at_import=at_import)  # None has no methods
        elif isinstance(node, ast.ClassDef):
            self._class(node)
        elif isinstance(node, ast.If):
            self._refused(node, at_import=at_import)

    def _call(self, node: ast.Call, *, at_import: bool) -> None:
        called = dotted(node.func)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        if called.rpartition(".")[2] == "Env":  # django-environ: environ.Env(DEBUG=(bool, False))
            for given in keywords:
                self._read(given, node, "given", at_import=at_import)
        self._address(node)
        if whole := _WHOLE.get(called):
            named = text_of(keywords.get("env")) or (text_of(node.args[0]) if node.args else None) or whole
            needs = called.startswith("env.") and "default" not in keywords and len(node.args) < 2
            fallback = keywords.get("default")
            default = source_of(fallback) if fallback is not None else None if needs else ""
            self._read(named, node, default, at_import=at_import)
            if whole == "DATABASE_URL":
                self.addresses.append(AddressRead(named, self.file, node.lineno, asked=False))
            return
        if called in _CONVERTERS and node.args and (converted := self._undefended(node.args[0])):
            self._read(converted, node, None, at_import=at_import)
        gets = called in GETTERS or called in self.aliases
        read = self._text if gets else text_of
        name = read(node.args[0]) if node.args else None
        if name is None or not name.isidentifier():
            return
        if gets or _DEMANDING.fullmatch(called):
            fallback = node.args[1] if len(node.args) > 1 else keywords.get("default")
            default = source_of(fallback) if fallback is not None else "" if gets else None
            self._read(name, node, default, at_import=at_import)

    def _address(self, node: ast.Call) -> None:
        """`url.startswith("postgres://")`, `url.replace("postgres://", ...)`: what is asked that of is an address."""
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"startswith", "replace"} and node.args:
            begins = text_of(node.args[0]) or ""
            variable = self._variable(node.func.value)
            if variable and re.fullmatch(r"postgres(?:ql)?(?:\+\w+)?:(?://)?", begins):
                self.addresses.append(AddressRead(variable, self.file, node.lineno, asked=True))
        elif node.args and dotted(node.func) in _CONNECTING and (variable := self._variable(node.args[0])):
            self.addresses.append(AddressRead(variable, self.file, node.lineno, asked=False))

    def _variable(self, node: ast.AST | None) -> str | None:
        """The variable that an expression is the value of."""
        if isinstance(node, ast.Call) and self._reads(node) and node.args:
            return self._text(node.args[0])
        if isinstance(node, ast.Subscript) and dotted(node.value) in _ENVIRONS:
            return self._text(node.slice)
        if isinstance(node, ast.BoolOp):
            return self._variable(node.values[0])
        return self.held.get(dotted(node))

    def _asked(self, node: ast.Compare) -> None:
        """`"NAME" in os.environ`: code that asks can do without."""
        name = text_of(node.left)
        if name and isinstance(node.ops[0], ast.In | ast.NotIn) and dotted(node.comparators[0]) in _ENVIRONS:
            self._read(name, node, "in os.environ", at_import=False)

    def _refused(self, node: ast.If, *, at_import: bool) -> None:
        """`if not KEY: raise ...`, of a variable that was read without a default."""
        if not any(isinstance(each, ast.Raise) or _exits(each) for each in node.body):
            return
        for part in node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]:
            tested = {child.id for child in ast.walk(part) if isinstance(child, ast.Name)}
            absent = isinstance(part, ast.UnaryOp) or (
                isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Is | ast.Eq)
            )
            for name in sorted(tested & self.given.keys()) if absent else ():
                variable, line = self.given[name]
                self.reads.append(EnvironmentRead(variable, self.file, line, None, at_import))

    def _assigned(self, node: ast.Assign | ast.AnnAssign) -> None:
        """Aliases, and SECRET_KEY: "Django will refuse to start if SECRET_KEY is not set" (its settings reference), and
        without one Flask raises where a session is used (Flask, "Sessions")."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if held := self._variable(node.value):
            self.held.update(dict.fromkeys(filter(None, map(dotted, targets)), held))
            if any(_called(target) == "SQLALCHEMY_DATABASE_URI" for target in targets):
                self.addresses.append(AddressRead(held, self.file, node.lineno, asked=False))
        if node.value is not None and dotted(node.value) in GETTERS:
            self.aliases.update(names)
        elif variable := self._undefended(node.value):
            self.given.update(dict.fromkeys(names, (variable, node.lineno)))
        secret = any(_called(target) in {"SECRET_KEY", "secret_key"} for target in targets)
        if secret and (variable := self._undefended(node.value, empty=True)):
            self._read(variable, node, None, at_import=True)

    def _undefended(self, node: ast.AST | None, *, empty: bool = False) -> str | None:
        """The variable of a read that gives None where it is not set. empty: or an empty text."""
        if not isinstance(node, ast.Call) or node.keywords:
            return None
        if len(node.args) != 1 and not (empty and len(node.args) == 2 and text_of(node.args[1]) == ""):
            return None
        gets = dotted(node.func) in GETTERS or dotted(node.func) in self.aliases
        return self._text(node.args[0]) if gets else None

    def _text(self, node: ast.AST | None) -> str | None:
        """The name of a variable: a literal, or a constant that holds one."""
        constant = self.constants.get(dotted(node).rpartition(".")[2])
        return text_of(node) if constant is None else constant

    def _reads(self, node: ast.Call) -> bool:
        called = dotted(node.func)
        return called in GETTERS or called in self.aliases or _DEMANDING.fullmatch(called) is not None

    def _class(self, node: ast.ClassDef) -> None:
        """Fields of pydantic's settings, by the rules of pydantic-settings: the variable is the prefix and the
        field's name, in any case; one without a default must be set."""
        bases = [dotted(base).rpartition(".")[2] for base in node.bases]
        base = next((each for each in bases if each in self.settings or each.endswith("Settings")), None)
        if base is None:
            return
        prefix = next(_prefixes(node), self.settings.get(base, ""))
        self.settings[node.name] = prefix
        names = {
            each.target.id
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        }
        for field in node.body:
            if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
                continue
            if isinstance(field.value, ast.Call) and self._reads(field.value):
                continue  # `key: str = config("KEY")`: what reads says it all
            if isinstance(field.value, ast.JoinedStr) and names & _parts(field.value):
                continue  # put together of other fields: those are what is set
            annotation = ast.unparse(field.annotation)
            named = _demanded(field.value) if _PLAIN.fullmatch(annotation) else None
            if named is None and not _PLAIN.fullmatch(_OPTIONAL.sub(r"\1\2", annotation)):
                continue
            default = None if named is not None else "" if field.value is None else source_of(field.value)
            self._read((named or prefix + field.target.id).upper(), field, default, at_import=True)

    def _read(self, name: str, node: ast.expr | ast.stmt, default: str | None, *, at_import: bool) -> None:
        self.reads.append(EnvironmentRead(name, self.file, node.lineno, default, at_import))


def _parts(text: ast.JoinedStr) -> set[str]:
    """The names that an f-string puts in."""
    return {each.id for each in ast.walk(text) if isinstance(each, ast.Name)}


def constants(texts: Iterable[str]) -> Mapping[str, str]:
    """Names of variables that an application keeps in constants, `KEY_HOST = "SHOP_HOST"`, by the constants' names;
    none where it does not read by them, or where two files differ."""
    found: dict[str, str | None] = {}
    is_read = False
    for text in texts:
        is_read = is_read or _READ_BY_NAME.search(text) is not None
        for name, value in _CONSTANT.findall(text):
            found[name] = value if found.get(name, value) == value else None
    return {name: value for name, value in found.items() if value is not None} if is_read else NO_CONSTANTS


def required(reads: list[EnvironmentRead]) -> Iterator[EnvironmentRead]:
    """The reads without which the code stops when it is imported; not those that another read can do without."""
    demanded = {(each.name, each.file, each.line) for each in reads if each.default is None}
    optional = {each.name for each in reads if each.default is not None and not _is_demanded(each, demanded)}
    yield from (each for each in reads if each.default is None and each.at_import and each.name not in optional)


def _is_demanded(read: EnvironmentRead, demanded: Container[tuple[str, str, int]]) -> bool:
    """Whether what is read with an empty default is refused where it is empty."""
    return read.default in {"", "''"} and (read.name, read.file, read.line) in demanded


def _exits(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and dotted(node.value.func) in _EXITS


def _prefixes(node: ast.ClassDef) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg == "env_prefix" and (text := text_of(keyword.value)) is not None:
            yield text
    for child in ast.walk(node):
        named = isinstance(child, ast.keyword) and child.arg == "env_prefix"
        assigned = isinstance(child, ast.Assign) and any(dotted(each) == "env_prefix" for each in child.targets)
        if (named or assigned) and (text := text_of(getattr(child, "value", None))) is not None:
            yield text


def _demanded(value: ast.expr | None) -> str | None:
    """Whether a field has no default: the name that it gives its variable, `` where it gives none; None: it has one."""
    if value is None:
        return ""
    if not isinstance(value, ast.Call) or dotted(value.func).rpartition(".")[2] != "Field":
        return None
    given: Mapping[str | None, ast.expr] = {keyword.arg: keyword.value for keyword in value.keywords}
    first = value.args[0] if value.args else given.get("default")
    if "default_factory" in given or not (first is None or (isinstance(first, ast.Constant) and first.value is ...)):
        return None
    return next((text for key in ("validation_alias", "alias", "env") if (text := text_of(given.get(key)))), "")


def _called(target: ast.expr) -> str:
    """What an assignment is to: the name, or the key of `app.config["KEY"]`."""
    return (text_of(target.slice) or "") if isinstance(target, ast.Subscript) else dotted(target).rpartition(".")[2]


def dotted(node: ast.AST | None) -> str:
    """`os.environ.get` out of its nodes, `` for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def text_of(node: ast.AST | None) -> str | None:
    """The text of a literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def source_of(node: ast.expr) -> str:
    """The source of a default, `` for None; at most 200 characters."""
    if isinstance(node, ast.Constant) and node.value is None:
        return ""
    return ast.unparse(node)[:200] or "''"
