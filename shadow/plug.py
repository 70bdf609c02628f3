"""The one idiom of plug points: a decorated function, data first, parameters keyword-only.

    from shadow.plug import comparator

    @comparator(version=1)
    def exact(control, candidate):
        \"\"\"None when both are the same, else one short sentence that says what differs.\"\"\"
        return None if control == candidate else f"{control!r} is not {candidate!r}"

    exact()                       # binds the parameters: a Bound with name, version, params, spec()
    exact()(1, 2)                 # '1 is not 2'

Built-ins are the modules of a package, third parties' come in by an entry point of the group
`shadow.<kind>s`; both end up in the same registry. A name taken twice is an error, an unknown
name is answered with the nearest known one.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from threading import RLock
from typing import Any

from shadow.errors import ContractError
from shadow.frozen import freeze

Check = Callable[..., None]
Words = str | Callable[..., str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bound:
    """A plug with its parameters: what a contract holds and what its digests see."""

    plug: Plug
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.plug.name

    @property
    def version(self) -> int:
        return self.plug.version

    def words(self) -> str:
        """What it says in plain words; its name and parameters where it brings none."""
        if not self.plug.words:
            params = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.params.items())
            return self.name.replace("_", " ") + (f" ({params})" if params else "")
        if callable(self.plug.words):
            return self.plug.words(**self.params)
        shares = {f"{n}_percent": f"{100 * v:g} %" for n, v in self.params.items() if isinstance(v, int | float)}
        return self.plug.words.format(**self.params, **shares)

    def spec(self) -> dict[str, Any]:
        """Plain data: `{"name": str, "version": int, "params": {…}}`."""
        return {"name": self.name, "version": self.version, "params": dict(self.params)}

    def __call__(self, *data: Any) -> Any:
        return self.plug.function(*data, **self.params)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bound) and self.spec() == other.spec() and self.plug.kind is other.plug.kind

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.params.items())})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plug:
    """A registered function; calling it binds its keyword-only parameters."""

    kind: Kind
    name: str
    version: int
    function: Callable[..., Any]
    check: Check | None = None
    words: Words = ""
    needs: tuple[str, ...] = ()

    def __call__(self, **params: Any) -> Bound:
        known = self._parameters()
        for given in params:
            if given not in known:
                raise ContractError(
                    f"{self.kind.word} {self.name} has no parameter {given!r}",
                    allowed=", ".join(known) or "no parameters",
                    todo=nearest(given, known),
                )
        missing = [n for n, p in known.items() if p.default is p.empty and n not in params]
        if missing:
            raise ContractError(f"{self.kind.word} {self.name} lacks {', '.join(missing)}")
        full = {n: _like(p.default, params.get(n, p.default)) for n, p in known.items()}
        if self.check is not None:
            self._run_check(full)
        return Bound(plug=self, params=freeze(full))

    def __deepcopy__(self, _: Any) -> Plug:
        return self  # there is one of it, in its registry; a copy of a contract shares it

    def _run_check(self, params: Mapping[str, Any]) -> None:
        try:
            _present(self.check)(**params)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise ContractError(f"{self.kind.word} {self.name}: {error}", seen=str(dict(params))) from error

    def _parameters(self) -> dict[str, inspect.Parameter]:
        found = inspect.signature(self.function).parameters.values()
        return {p.name: p for p in found if p.kind is p.KEYWORD_ONLY}


def _like(default: Any, given: Any) -> Any:
    """JSON and YAML have no tuples: a list is one where the default is."""
    return tuple(given) if isinstance(default, tuple) and isinstance(given, list) else given


def _present(check: Check | None) -> Check:
    """The check itself; a plug without one is never asked."""
    if check is None:
        raise TypeError("no check")
    return check


@dataclass(slots=True, kw_only=True, eq=False)
class Kind:
    """One registry: comparators, gates, … filled from a package's modules and from entry points."""

    word: str
    package: str
    known: dict[str, Plug] = field(default_factory=dict)
    loaded: bool = False
    filling: bool = False
    loading: RLock = field(default_factory=RLock)

    def __call__(
        self, *, version: int = 1, check: Check | None = None, words: Words = "", needs: Sequence[str] = ()
    ) -> Callable[[Callable[..., Any]], Plug]:
        """Register the decorated function under its own name.

        Args:
            version: rises when answers can change.
            check: called with the parameters; raises ValueError for wrong ones.
            words: what it says in plain words, for an owner; `{name}` is a parameter, `{name_percent}` one in percent;
                or a function of the parameters.
            needs: parts of a contract, as `slices`, without which it can say nothing; a contract that names it and
                leaves one of them empty is refused. Gates alone are asked.
        """
        if isinstance(needs, str) or not all(isinstance(part, str) for part in needs):
            said = f"what a {self.word} needs is a list of names"
            raise ContractError(said, seen=repr(needs)[:80], allowed='("slices",)')

        def register(function: Callable[..., Any]) -> Plug:
            name = function.__name__
            how: dict[str, Any] = {"check": check, "words": words, "needs": tuple(needs)}
            return self.add(Plug(kind=self, name=name, version=version, function=function, **how))

        return register

    def add(self, plug: Plug) -> Plug:
        """Take in one plug; a name that another function holds is refused."""
        held = self.known.get(plug.name)
        if held is not None and held.function.__module__ != plug.function.__module__:
            raise ContractError(
                f"{self.word} {plug.name!r} is defined twice",
                seen=f"{held.function.__module__} and {plug.function.__module__}",
                todo="rename one of them",
            )
        self.known[plug.name] = plug
        return plug

    def names(self) -> list[str]:
        """All registered names, sorted."""
        self._load()
        return sorted(self.known)

    def get(self, name: str, *, where: str = "") -> Plug:
        """The plug of that name, or an error that names the nearest known one."""
        self._load()
        if name not in self.known:
            raise ContractError(
                f"no {self.word} is called {name!r}",
                where=where,
                allowed=", ".join(sorted(self.known)),
                todo=nearest(name, self.known),
            )
        return self.known[name]

    def bind(self, spec: Mapping[str, Any], *, where: str = "") -> Bound:
        """A Bound from plain data; a version other than ours is refused."""
        plug = self.get(str(spec.get("name")), where=where)
        if spec.get("version", plug.version) != plug.version:
            raise ContractError(
                f"{self.word} {plug.name} is of another version here",
                where=where,
                seen=str(spec["version"]),
                allowed=str(plug.version),
                todo="compare again with this version: write it into the contract",
            )
        params = spec.get("params", {})
        if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
            raise ContractError(
                f"the params of {self.word} {plug.name} are no object", where=where, seen=repr(params)[:80]
            )
        try:
            return plug(**params)
        except ContractError as error:
            raise _placed(error, where) from error

    def _load(self) -> None:
        """Fill the registry once; a thread that comes second waits, and never sees it half filled."""
        if self.loaded:
            return
        with self.loading:
            if self.loaded or self.filling:  # filling: one of the modules asks this registry
                return
            self.filling = True
            try:
                self._fill()
                self.loaded = True
            finally:
                self.filling = False

    def _fill(self) -> None:
        home = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(home.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        for entry in entry_points(group=f"shadow.{self.word}s"):
            plug = _loaded(entry)
            if not isinstance(plug, Plug) or plug.kind is not self:
                raise ContractError(f"entry point {entry.name} is no {self.word}", seen=str(entry.value))
            self.add(plug)


def _placed(error: ContractError, where: str) -> ContractError:
    """The same error, with the place in the contract where it was met."""
    return ContractError(
        error.what, where=error.where or where, seen=error.seen, allowed=error.allowed, todo=error.todo
    )


def _loaded(entry: EntryPoint) -> Any:
    """What a third party's entry point names; whatever its import raises is told with its name."""
    try:
        return entry.load()
    except ContractError:
        raise
    except Exception as error:
        raise ContractError(
            f"entry point {entry.name} cannot be loaded",
            where=entry.group,
            seen=f"{entry.value}: {type(error).__name__}: {error}"[:200],
            todo="mend or uninstall that package",
        ) from error


def nearest(name: str, known: Any) -> str:
    """`did you mean 'x'?`, or nothing where no known name is near."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else ""


comparator = Kind(word="comparator", package="comparators")
gate = Kind(word="gate", package="shadow.gates")
