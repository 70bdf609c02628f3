"""Which listed route a request is on; there is no default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shadow.doors.listed import Route
from shadow.doors.network.addresses import Site, Target, decoded
from shadow.errors import ToolRefused
from shadow.plug import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The routes by where they are.

    Attributes:
        exact: routes without a slot in the path, by method, site and path.
        shaped: all other routes, by method, site and number of segments.
        sites: every site that a route leads to.
    """

    exact: dict[tuple[str, Site, tuple[str, ...]], Route]
    shaped: dict[tuple[str, Site, int], tuple[Route, ...]]
    sites: frozenset[Site]

    def find(self, method: str, target: Target) -> tuple[Route, dict[str, str]]:
        """The route, and the arguments that stand in the path; an exact path wins over one with slots.

        Raises:
            ToolRefused: no route is listed for this method and address.
        """
        route = self.exact.get((method, target.site, target.segments))
        if route is not None:
            return route, {}
        for one in self.shaped.get((method, target.site, len(target.segments)), ()):
            found = _slots(one.path, target.segments)
            if found is not None:
                return one, found
        raise ToolRefused(self._unlisted(method, target))

    def _unlisted(self, method: str, target: Target) -> str:
        asked = f"{method} {target.site.scheme}://{target.site}{target.path}"
        known = [one.name for one in (*self.exact.values(), *(one for many in self.shaped.values() for one in many))]
        return f"no route is listed for this {method} {nearest(asked[:200], known)}".strip()


def make_table(routes: Iterable[Route]) -> Table:
    """The table of these routes; `routes_of` has seen to it that no two take the same requests."""
    exact: dict[tuple[str, Site, tuple[str, ...]], Route] = {}
    shaped: dict[tuple[str, Site, int], tuple[Route, ...]] = {}
    sites = set()
    for route in routes:
        site = Site(route.scheme, route.host, route.port)
        sites.add(site)
        if any(part.startswith("{") for part in route.path):
            key = (route.method, site, len(route.path))
            shaped[key] = (*shaped.get(key, ()), route)
        else:
            exact[route.method, site, route.path] = route
    return Table(exact=exact, shaped=shaped, sites=frozenset(sites))


def _slots(path: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    found = {}
    for part, given in zip(path, segments, strict=True):
        if not part.startswith("{"):
            if part != given:
                return None
        elif not given:
            return None
        else:
            found[part[1:-1]] = decoded(given, "path")
    return found
