"""The figure of `peers` as SVG: how often each rule calls a candidate at the limit ready, and when a good one is.

python -m benchmarks.readiness.figure docs/peers.svg [--seed 1] [--scale 1.0]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.readiness.peers import ALPHA, OURS, VOLUMES, Seen, results
from benchmarks.readiness.rows import Run

RULES = (OURS, "Clopper-Pearson", "Wilson", "agreement threshold", "GrowthBook", "Kayenta")
LEFT, TOP, PANEL, LINE, WIDTH = 150, 64, 230, 24, 150
INK, GOOD, BAD = "#1f2933", "#2a7f62", "#c2410c"
ABOUT = {48: "50 cases a day", 504: "500 a day", 4992: "5,000 a day"}


def main(arguments: Sequence[str]) -> int:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args(arguments)
    given.path.write_text(svg(list(results(Run(seed=given.seed, scale=given.scale)))), encoding="utf-8")
    return 0


def svg(seen: Sequence[Seen]) -> str:
    """The whole picture."""
    height = TOP + LINE * len(RULES) + 40
    body = "\n".join(_parts({(one.rule, one.volume, one.truth): one for one in seen}))
    width = LEFT + PANEL * len(VOLUMES)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" fill="{INK}">\n<rect width="{width}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _parts(seen: dict[tuple[str, int, str], Seen]) -> Iterator[str]:
    title = "A candidate whose harm is at the limit, looked at on each of 28 days: how often it is ever called ready"
    yield f'<text x="8" y="18" font-size="13" font-weight="bold">{title}</text>'
    yield '<text x="8" y="36">beside it: the day on which a good one (0.35 of the limit) is, in the median</text>'
    for k, rule in enumerate(RULES):
        weight = ' font-weight="bold"' if rule == OURS else ""
        yield f'<text x="8" y="{_y(k) + 12}"{weight}>{rule}</text>'
    for panel, volume in enumerate(VOLUMES):
        x = LEFT + panel * PANEL
        yield f'<text x="{x}" y="{TOP - 8}" font-weight="bold">{ABOUT[volume]}</text>'
        for k, rule in enumerate(RULES):
            yield from _bar(x, _y(k), seen[rule, volume, "at the limit"], seen[rule, volume, "0.35 × the limit"])
        at, low = x + ALPHA * WIDTH, TOP + LINE * len(RULES)
        yield f'<line x1="{at}" y1="{TOP}" x2="{at}" y2="{low}" stroke="{INK}" stroke-dasharray="3 3"/>'
        yield f'<text x="{at - 8}" y="{low + 14}">promised: {ALPHA:g}</text>'


def _bar(x: float, y: float, wrong: Seen, right: Seen) -> Iterator[str]:
    share = wrong.ever / wrong.streams
    colour = GOOD if share <= ALPHA else BAD
    day = f"day {right.day}" if right.day else "never"
    yield f'<rect x="{x}" y="{y}" width="{max(1.0, share * WIDTH):.1f}" height="15" fill="{colour}"/>'
    yield f'<text x="{x + max(share * WIDTH, ALPHA * WIDTH) + 5:.1f}" y="{y + 12}">{share:.3f} · {day}</text>'


def _y(k: int) -> int:
    return TOP + LINE * k + 4


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
