"""The page's style sheet: light and dark by the reader's own setting, and a version for paper."""

from __future__ import annotations

LIGHT = """
  --page: #f4f5f7; --card: #ffffff; --ink: #18202b; --soft: #515c6b; --rule: #dfe3e8; --link: #1a4fa3;
  --good: #0a6337; --good-back: #e4f4ea; --bad: #a01729; --bad-back: #fdeaec;
  --open: #734600; --open-back: #fff2d6; --plain: #1f4e96; --plain-back: #e6eefa;
"""
DARK = """
  --page: #0e1218; --card: #171d26; --ink: #e8ecf2; --soft: #a5b0c0; --rule: #2c3542; --link: #8fb8ff;
  --good: #74dda0; --good-back: #112e20; --bad: #ff9ba6; --bad-back: #391319;
  --open: #f4c76a; --open-back: #33270b; --plain: #8db7ff; --plain-back: #17263f;
"""
BASE = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
main, header, footer { max-width: 1060px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
a { color: var(--link); }
h1 { font-size: 30px; line-height: 1.2; margin: 4px 0 18px; letter-spacing: -.015em; }
h2 { font-size: 21px; line-height: 1.3; margin: 0 0 6px; letter-spacing: -.01em; }
h3 { font-size: 16.5px; line-height: 1.4; margin: 0; }
h3.sub { font-size: 14px; margin: 22px 0 4px; color: var(--soft); font-weight: 600; }
p { margin: 0 0 10px; max-width: 76ch; }
bdi, td, dd, li, h1, h2, h3, p { overflow-wrap: anywhere; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 8px; background: var(--card); padding: 8px 12px; }
.kicker, .soft { color: var(--soft); font-size: 14px; }
.kicker { margin: 0; }
.none { color: var(--soft); font-style: italic; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 24px 26px;
  margin: 0 0 20px; }
.verdict { border-top: 6px solid var(--tone); display: grid; grid-template-columns: minmax(0, 1fr) 268px;
  gap: 12px 36px; }
.good { --tone: var(--good); --tone-back: var(--good-back); }
.bad { --tone: var(--bad); --tone-back: var(--bad-back); }
.open { --tone: var(--open); --tone-back: var(--open-back); }
.plain { --tone: var(--plain); --tone-back: var(--plain-back); }
.seen { --tone: var(--soft); }
.word { display: inline-block; font-size: 26px; line-height: 1.2; font-weight: 700; color: var(--tone);
  background: var(--tone-back); border-radius: 10px; padding: 8px 16px; margin: 0 0 14px; }
.lead { font-size: 18px; line-height: 1.45; font-weight: 500; letter-spacing: 0; margin: 0 0 8px; }
.reasons { margin: 4px 0 14px; padding-left: 20px; }
.reasons li { margin: 0 0 5px; }
.forecast, .note { border-left: 4px solid var(--tone, var(--rule)); background: var(--tone-back, var(--page));
  padding: 10px 14px; border-radius: 0 8px 8px 0; margin: 0 0 12px; max-width: none; }
.note > :last-child { margin-bottom: 0; }
dl.facts { margin: 0; font-size: 14px; }
dl.facts > div { margin-bottom: 10px; }
dl.facts dt { color: var(--soft); }
dl.across { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 4px 24px; }
dl.facts dd { margin: 0; font-weight: 500; }
.days { grid-column: 1 / -1; border-top: 1px solid var(--rule); padding-top: 14px; }
.days p { margin: 0 0 4px; }
.tiles { list-style: none; margin: 0 0 20px; padding: 0; display: grid; gap: 12px;
  grid-template-columns: repeat(3, minmax(0, 1fr)); }
.tiles li { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 14px 18px; }
.tiles b { display: block; font-size: 25px; line-height: 1.25; letter-spacing: -.01em;
  font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: 14px; display: block; line-height: 1.4; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; padding: 0; margin: 0 0 20px;
  font-size: 14px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; margin: 6px 0 8px; }
caption { text-align: left; color: var(--soft); font-size: 13.5px; padding: 0 0 4px; }
th, td { text-align: left; vertical-align: top; padding: 8px 18px 8px 0;
  border-bottom: 1px solid var(--rule); }
thead th { font-size: 13px; color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
tbody th { font-weight: 600; min-width: 9.5em; }
.fig { min-width: 11em; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.pre, .pre { white-space: pre-wrap; }
.chip { display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 13px; font-weight: 600;
  white-space: nowrap; color: var(--tone); background: var(--tone-back); }
.cause { border-top: 1px solid var(--rule); padding: 18px 0 12px; }
.cause:first-of-type { border-top: 0; padding-top: 10px; }
.cause .top { display: flex; gap: 12px; align-items: baseline; }
.cause .top h3 { flex: 1; }
.cause .top .rank { color: var(--soft); font-variant-numeric: tabular-nums; min-width: 22px; }
.cause .meta { margin: 4px 0 4px 34px; color: var(--soft); font-size: 14px; display: flex; flex-wrap: wrap;
  gap: 2px 10px; align-items: center; max-width: none; }
.cause .meta span + span::before { content: "·"; margin-right: 10px; }
.cause .meta strong { color: var(--ink); font-weight: 600; }
.cause .body { margin-left: 34px; }
.sides { table-layout: fixed; border: 1px solid var(--rule); border-radius: 8px; border-collapse: separate;
  border-spacing: 0; }
.sides th, .sides td { padding: 7px 12px; overflow: hidden; }
.sides tr:last-child > * { border-bottom: 0; }
.sides .place { width: 24%; }
.sides tr.differs > * { background: var(--open-back); }
.sides tr.differs td bdi { font-weight: 600; }
.after { margin: 8px 0 4px; padding-left: 18px; font-size: 14px; color: var(--soft); }
details { margin: 8px 0; }
summary { cursor: pointer; color: var(--link); font-size: 14px; }
code { font: 13px/1.5 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace;
  overflow-wrap: anywhere; }
figure { margin: 14px 0 4px; }
figcaption { font-weight: 600; font-size: 15px; }
figcaption span { display: block; font-weight: 400; color: var(--soft); font-size: 14px; max-width: 76ch; }
footer { color: var(--soft); font-size: 13.5px; padding-bottom: 48px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; padding: 0; margin: 4px 0;
  font-size: 13.5px; color: var(--soft); }
.legend li::before { content: ""; display: inline-block; width: 18px; height: 4px; border-radius: 2px;
  background: var(--tone); margin: 0 7px 3px 0; }
.legend li.hollow::before { width: 8px; height: 8px; border-radius: 50%; background: none;
  border: 1.75px solid var(--soft); margin-bottom: 0; }
.legend li.zone::before { height: 12px; background: var(--tone-back); margin-bottom: -1px; }
svg.plot { width: 100%; min-width: 620px; height: auto; display: block; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
svg .tick { fill: var(--soft); }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .zero { stroke: var(--soft); stroke-width: 1; }
svg .level { stroke: var(--tone); stroke-width: 1.5; stroke-dasharray: 6 4; }
svg .label { fill: var(--tone); font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px;
  stroke-linejoin: round; }
svg .mark { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 2 3; }
svg .mark-text { fill: var(--ink); }
svg .zone { fill: var(--tone-back); }
svg .line { fill: none; stroke: var(--tone); stroke-width: 2.25; stroke-linejoin: round;
  stroke-linecap: round; }
svg .line.seen { stroke-width: 1.5; stroke-dasharray: 1 5; }
svg .line.edge { stroke: var(--plain); stroke-width: 1; }
svg .band { fill: var(--plain-back); }
svg .dot { fill: var(--tone); stroke: var(--card); stroke-width: 1.25; }
svg .dot.hollow { fill: var(--card); stroke: var(--tone); stroke-width: 1.75; }
svg .cell { fill: var(--tone-back); stroke: var(--tone); stroke-width: 1; }
svg .sign { fill: var(--tone); font-weight: 700; }
svg.strip { display: block; max-width: 100%; height: auto; }
svg.whisker { width: 120px; height: 16px; flex: none; }
svg .span { stroke: var(--plain); stroke-width: 2; }
@media screen and (max-width: 760px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; }
  .verdict { grid-template-columns: minmax(0, 1fr); }
  .card { padding: 18px 16px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tiles b { font-size: 21px; }
  .cause .meta, .cause .body { margin-left: 0; }
}
@media print {
  :root { color-scheme: light; PRINT }
  body { font-size: 11pt; background: #fff; }
  main, header, footer { max-width: none; padding: 0; }
  nav, .skip, details.numbers { display: none; }
  .card, .tiles li { padding: 12px 14px; }
  .verdict { grid-template-columns: minmax(0, 1fr) 200px; }
  svg.plot { min-width: 0; }
  .cause, figure, tr, .tiles li, .verdict { break-inside: avoid; }
  h2, h3, thead { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""

CSS = (
    f":root {{ color-scheme: light dark; {LIGHT} }}\n"
    f"@media (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}\n" + BASE.replace("PRINT", LIGHT.strip())
)
