"""Plain data that nobody can change any more: what a digest was taken of stays what it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn


def _refuse(_: object, *__: object, **___: object) -> NoReturn:
    raise TypeError("a declaration cannot be changed once it is made: declare a new one")


class FrozenDict(dict[str, Any]):
    """A dict for every reader, JSON and JSON Schema included, that refuses to be changed."""

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __deepcopy__(self, _: Any) -> FrozenDict:
        return self

    def __reduce__(self) -> Any:
        return FrozenDict, (dict(self),)


class FrozenList(list[Any]):
    """A list for every reader that refuses to be changed."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = remove = _refuse
    clear = pop = reverse = sort = _refuse

    def __deepcopy__(self, _: Any) -> FrozenList:
        return self

    def __reduce__(self) -> Any:
        return FrozenList, (list(self),)


def freeze(data: Any) -> Any:
    """A copy of plain data that cannot be changed, at any depth; whatever is no mapping or sequence stays itself.

    Example:
        >>> freeze({"a": [1]}) == {"a": [1]}
        True
    """
    if isinstance(data, Mapping):
        return FrozenDict({name: freeze(value) for name, value in data.items()})
    if isinstance(data, list):
        return FrozenList(freeze(value) for value in data)
    return tuple(freeze(value) for value in data) if type(data) is tuple else data
