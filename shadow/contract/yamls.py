"""YAML as contracts are read from it: plain data alone, no tags, no name twice."""

from __future__ import annotations

import re
from typing import Any

import yaml

from shadow.errors import ContractError


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which knows no tag but JSON's; a name that stands twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for name, _ in node.value:
            text = str(name.value)
            if isinstance(name, yaml.ScalarNode) and text != "<<" and text in seen:
                line = name.start_mark.line + 1
                raise ContractError(f"{text!r} stands twice", where=f"line {line}", todo="leave one of them out")
            seen.add(text)
        return super().construct_mapping(node, deep=deep)


_NOT_PLAIN = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
# only true and false are booleans, as in YAML 1.2: a stop's `on` and the country NO are texts, and so is a date
_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] not in _NOT_PLAIN]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_NOT_PLAIN[0], re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def read_yaml(text: str) -> Any:
    """The data of one YAML document.

    Raises:
        ContractError: it is no YAML, asks for an object of Python's, or says one thing twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ContractError("not YAML", seen=" ".join(str(error).split())[:200]) from error
    except RecursionError as error:
        raise ContractError("not YAML that can be read", seen="nested too deeply") from error
