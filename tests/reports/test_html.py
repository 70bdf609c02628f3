"""The page is one file that fetches and runs nothing; whatever is in a report stands on it as text."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from shadow.errors import ShadowError
from shadow.reports.html import LIMIT, POLICY, page, write
from shadow.reports.report import Report
from shadow.reports.safe import visible
from shadow.reports.style import CSS, DARK, LIGHT

Fill = Callable[[Report, str], Report]
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><style>*{display:none}</style>",
    '" onload="x" a=\'><img src=x onerror=alert(1)>',
    "</title></head><body onload=x>",
    "]]></svg><svg onload=x>",
    "<!-- --><!doctype x>&lt;b&gt;&#60;",
    "{{7*7}} {% raw %} ${x} #{x} <%= x %>",
    "\u202egnp.exe\u2066\u200b\x1b[31m\x00\r",
    "javascript:alert(1)",
)
TAGS = set(
    """html head meta title style body a header main section article nav div p span bdi strong b code ul li
    dl dt dd h1 h2 h3 table caption thead tbody tr th td details summary figure figcaption footer
    svg g desc line rect circle polyline polygon text""".split()  # noqa: SIM905
)
ADDRESSES = {"src", "style", "srcdoc", "action", "data", "xlink:href"}


class Seen(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text: list[str] = []
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)


def parse(text: str) -> Seen:
    seen = Seen()
    seen.feed(text)
    seen.close()
    return seen


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_text_everywhere(known: Report, fill: Fill, text: str) -> None:
    """With foreign text in every place the page has the same tags and attributes as with a plain word."""
    seen = parse(page(fill(known, text)))
    # a word as long, for the same shortening; with "_" where an empty text would be shown otherwise
    calm = parse(page(fill(known, "x" * len(text))))
    assert seen.tags == calm.tags
    assert not seen.odd
    assert visible(text).replace("\r", "") in "".join(seen.text).replace("\r", "")


def test_only_known_tags_and_no_address(known: Report) -> None:
    """No script, no event, no source, no inline style; links lead inside the page."""
    seen = parse(page(known))
    assert {tag for tag, _ in seen.tags} <= TAGS
    assert [tag for tag, _ in seen.tags].count("style") == 1
    names = {name for _, attrs in seen.tags for name, _ in attrs}
    assert not names & ADDRESSES
    assert not {name for name in names if name.startswith("on")}
    links = [value for _, attrs in seen.tags for name, value in attrs if name == "href"]
    idents = {value for _, attrs in seen.tags for name, value in attrs if name == "id"}
    assert links and all(link and link[0] == "#" and link[1:] in idents for link in links)
    assert "url(" not in CSS and "@import" not in CSS


def test_policy_stands_before_the_style(sample: Report) -> None:
    """The content policy forbids everything but the page's own style, before anything else is read."""
    head = [(tag, dict(attrs)) for tag, attrs in parse(page(sample)).tags[:6]]
    assert head[0] == ("html", {"lang": "en"})
    policies = [attrs["content"] for tag, attrs in head if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [POLICY]
    assert POLICY.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


def test_a_reader_without_eyes_finds_the_way(known: Report) -> None:
    """One h1, no heading skipped, header cells with a scope, plots with title and description."""
    seen = parse(page(known))
    levels = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels)), levels
    assert all("scope" in dict(attrs) for tag, attrs in seen.tags if tag == "th")
    plots = [dict(attrs) for tag, attrs in seen.tags if tag == "svg" and dict(attrs).get("class") == "plot"]
    idents = {value for _, attrs in seen.tags for name, value in attrs if name == "id"}
    assert len(plots) == 3 + len(known.limits)
    assert len({p["aria-labelledby"] for p in plots}) == len(plots)
    assert all(set(str(p["aria-labelledby"]).split()) <= idents and p["role"] == "img" for p in plots)


def test_first_screen_says_it_all(sample: Report) -> None:
    """Verdict, reasons, first day, isolation, causes with both sides and digest are on the page."""
    text = " ".join(" ".join(parse(page(sample)).text).split())
    for part in (
        sample.verdict,
        *sample.reasons,
        "17 Nov 2026 (day 16), and it holds now",
        sample.isolation,
        "customers as served",
        *(cause.sentence for cause in sample.causes),
        "order_id O-90114, amount 310.00, currency USD",
        "the control was wrong",
        sample.digests.decision,
        "Every case is accounted for",
    ):
        assert part in text
    assert text.index("ready (demonstration)") < text.index("What would have happened")


def test_long_lists_and_values_say_what_is_missing(sample: Report) -> None:
    """Cut values and lists are followed by the count of what is not shown."""
    text = page(replace(sample, causes=sample.causes[:1] * 200, reasons=("y" * 5000,)))
    assert "and 140 more causes, not shown" in text
    assert "… (4,200 more characters)" in text


@pytest.mark.parametrize("character", ['"', "\U000e0041"])
def test_never_a_megabyte(known: Report, fill: Fill, character: str) -> None:
    """A report with huge values in huge lists still makes a page under the limit."""
    huge = fill(known, character * 1_000_000)
    cause = replace(huge.causes[1], consequences=huge.causes[1].consequences * 40)
    days = [replace(huge.days[0], day=huge.days[0].day + timedelta(days=n)) for n in range(5000)]
    text = page(
        replace(
            huge,
            causes=(cause,) * 150,
            resolved=(cause,) * 50,
            findings=huge.findings * 20,
            days=tuple(days),
            notes=("n" * 1_000_000,) * 100,
            void=huge.void * 100,
            limits=tuple(replace(one, points=one.points * 180) for one in huge.limits * 20),
        )
    )
    assert len(text.encode()) <= LIMIT
    assert "not shown" in text


def test_numbers_that_are_none(sample: Report) -> None:
    """NaN and infinity reach no coordinate of a plot, and no word but "unknown"."""
    nan, inf = float("nan"), float("inf")
    days = tuple(replace(d, low=nan, high=inf) for d in sample.days)
    points = tuple(
        replace(p, log_e=v) for p, v in zip(sample.curves[0].points, (nan, inf, -inf, 1e308, -1e308) * 5, strict=False)
    )
    curve = replace(sample.curves[0], points=points)
    cause = replace(sample.causes[0], share=nan, low=nan, high=nan)
    seen = parse(page(replace(sample, days=days, curves=(curve,), causes=(cause,), harm_limit=nan)))
    drawn = [
        value or ""
        for tag, attrs in seen.tags
        for name, value in attrs
        if name in ("x", "y", "x1", "y1", "cx", "cy", "points", "height")
    ]
    assert "band" not in [value for _, attrs in seen.tags for name, value in attrs if name == "class"]
    assert drawn and not [value for value in drawn if "nan" in value or "inf" in value]


def test_a_void_verdict_is_called_void(known: Report) -> None:
    """Loud, with each reason and as of when; nothing on the page says that it may be approved or that it holds."""
    text = page(known)
    said = " ".join(" ".join(parse(text).text).split())
    assert "ready (demonstration), void" in said and "This verdict is void." in said
    for reason in (*known.void, "Void as of 3 Dec 2026, 18:40 UTC.", "Nothing may be decided"):
        assert reason in said
    assert 'class="note bad"' in text and 'class="card verdict open"' in text
    assert "it holds now" not in said and "may be put up" not in said and "can move a demonstration" not in said
    assert text.index("This verdict is void") < text.index(known.reasons[0])


def test_a_verdict_that_holds_says_until_when(known: Report) -> None:
    """The page is a file: it says as of when it held, and when it expires."""
    said = " ".join(parse(page(replace(known, void=()))).text)
    assert "It held as of 3 Dec 2026, 18:40 UTC. It expires on 7 Dec 2026, 06:00 UTC" in said
    assert "void" not in said.lower().replace("avoid", "")


def test_the_end_of_the_trial_and_its_versions_are_said(known: Report) -> None:
    """That it is over without an answer is no forecast; how many versions, which one, and whose error rate."""
    over = replace(known, void=(), verdict="inconclusive", ended=True, forecast="the horizon of 28 days is reached")
    said = " ".join(" ".join(parse(page(over)).text).split())
    assert "The trial is over: the horizon of 28 days is reached" in said and "Forecast" not in said
    assert "3 candidate versions were tried on this contract: one error rate holds for all of them, this is" in said
    alone = " ".join(parse(page(replace(over, family=0))).text)
    assert "each has its own error rate" in alone and "this is version" not in alone


def test_a_gates_limit_stands_below_its_evidence(known: Report) -> None:
    """The figures of one gate follow each other; a gate with a limit alone has its figure too."""
    titles = re.findall(r"<figcaption><bdi>([^<]*)</bdi>", page(known))
    assert titles == [
        known.curves[0].title,
        known.limits[0].title,
        known.curves[1].title,
        known.limits[1].title,
        known.limits[2].title,
    ]


def test_an_empty_report_is_a_page(sample: Report) -> None:
    """Nothing compared, nothing drawn, nothing asked: sentences, not empty frames or errors."""
    bare = replace(
        sample,
        verdict="inconclusive",
        reasons=(),
        findings=(),
        causes=(),
        resolved=(),
        blind=(),
        curves=(),
        days=(),
        looks=(),
    )
    totals = replace(
        sample.totals,
        arrived=0,
        compared=0,
        agree=0,
        discrepancies={},
        incomparable={},
        set_aside={},
        waiting=0,
        dead_letters=0,
    )
    text = page(
        replace(
            bare,
            totals=totals,
            happened=replace(bare.happened, effects=(), refusals=(), escalations=(), reads={}),
        )
    )
    for said in (
        "Nothing has been compared yet",
        "asked for no change",
        "No call was refused",
        "No gate was asked",
    ):
        assert said in text


def test_colours_can_be_read() -> None:
    """Each text colour has a contrast of at least 4.5 to 1 on every ground it stands on, light and dark."""
    for theme in (LIGHT, DARK):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", theme))
        pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("card", "page")]
        pairs += [(tone, f"{tone}-back") for tone in ("good", "bad", "open", "plain")]
        pairs += [(tone, "card") for tone in ("good", "bad", "open", "plain")]
        pairs += [
            ("ink", "open-back"),
            ("ink", "bad-back"),
            ("ink", "good-back"),
            ("ink", "plain-back"),
            ("soft", "open-back"),
        ]
        weak = [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5]
        assert not weak


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, relative luminance and contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_written_whole(sample: Report, tmp_path: Path) -> None:
    """The file holds the page, and nothing else is left in its directory."""
    path = write(sample, tmp_path / "deep" / "report.html")
    assert path.read_text(encoding="utf-8") == page(sample)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    assert write(sample, path) == path


def test_same_report_same_page(sample: Report) -> None:
    """A page depends on its report alone."""
    assert page(sample) == page(Report.from_json(sample.to_json()))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium on this machine")
def test_browser_has_no_complaint(known: Report, fill: Fill, tmp_path: Path) -> None:
    """Chromium opens the page from disk without one console message, and would show one if there were."""
    calm, hostile, bad = (tmp_path / f"{name}.html" for name in ("calm", "hostile", "bad"))
    write(known, calm)
    write(fill(known, "".join(HOSTILE)), hostile)
    bad.write_text(page(known).replace("</body>", "<script>1</script></body>"), encoding="utf-8")
    assert complaints(calm, tmp_path / "a") == []
    assert complaints(hostile, tmp_path / "b") == []
    assert complaints(bad, tmp_path / "c") != []


def complaints(path: Path, profile: Path) -> list[str]:
    quiet = ("gpu", "quic", "background-networking", "component-update", "sync", "extensions")
    done = subprocess.run(
        [
            str(shutil.which("chromium")),
            "--headless",
            "--no-sandbox",
            "--no-first-run",
            *(f"--disable-{what}" for what in quiet),
            f"--user-data-dir={profile}",
            "--enable-logging=stderr",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "<h1" not in done.stdout:
        raise ShadowError("chromium did not open the page", seen=done.stderr[-500:])
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]
