"""The pages' style sheet: the report's, and what forms, cards in a row and traces need beside it."""

from __future__ import annotations

from shadow.reports.style import CSS as REPORT

OURS = """
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.bar { display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: center; max-width: 1060px; margin: 0 auto;
  padding: 14px 24px 0; font-size: 14px; }
.bar a { padding: 4px 0; }
.bar .act, .act { display: inline-block; font-weight: 600; border: 1px solid var(--link); border-radius: 8px;
  padding: 6px 14px; text-decoration: none; }
h1 + .soft { margin-top: -12px; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; }
.pair .card { margin: 0; }
form { margin: 0; }
fieldset { border: 1px solid var(--rule); border-radius: 8px; margin: 0 0 12px; padding: 8px 14px 10px; }
legend { font-weight: 600; font-size: 14.5px; padding: 0 6px; }
fieldset label { display: inline-flex; gap: 8px; align-items: center; padding: 6px 16px 6px 0; cursor: pointer; }
input[type=radio] { width: 18px; height: 18px; margin: 0; accent-color: var(--link); }
textarea { width: 100%; min-height: 62px; font: inherit; color: inherit; background: var(--page);
  border: 1px solid var(--soft); border-radius: 8px; padding: 8px 10px; }
button { font: inherit; font-weight: 600; color: var(--card); background: var(--link); border: 1px solid var(--link);
  border-radius: 8px; padding: 8px 18px; cursor: pointer; }
button.quiet { color: var(--link); background: none; }
.row { display: flex; flex-wrap: wrap; gap: 8px 18px; align-items: center; }
.row + .row { margin-top: 10px; }
kbd { font: 12px/1.4 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; border: 1px solid var(--rule);
  border-bottom-width: 2px; border-radius: 5px; padding: 0 5px; background: var(--page); color: var(--soft); }
progress { width: 220px; height: 12px; accent-color: var(--good); }
ol.story { margin: 0; padding-left: 28px; }
ol.story li { padding: 6px 0; border-top: 1px solid var(--rule); }
ol.story li:first-child { border-top: 0; }
ol.story .when { color: var(--soft); font-size: 13.5px; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 24em; overflow: auto; margin: 6px 0;
  background: var(--page); border-radius: 8px; padding: 10px 12px;
  font: 13px/1.5 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; }
.sides th .soft, .sides th details { font-weight: 400; }
.gone { text-decoration: line-through; color: var(--soft); }
hr { border: 0; border-top: 1px solid var(--rule); margin: 18px 0; }
@media screen and (max-width: 760px) { .pair { grid-template-columns: minmax(0, 1fr); } }
"""
CSS = REPORT + OURS
