"""Style sheet of the HTML report."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #d9dee7;
  --bar: #2f6fb5; --ours: #c2571a; --page: #ffffff; --yes: #1c7c3c; --no: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #323a48;
  --bar: #6aa6e8; --ours: #f08b4b; --page: #14181f; --yes: #5cc27d; --no: #f2827a; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; } th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; } small { display: block; color: var(--soft); }
td small { white-space: nowrap; font-size: .75rem; } .wide { overflow-x: auto; }
code { font-size: .8rem; white-space: normal; } td code { display: block; text-align: left; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 0; flex: 1 1 30rem; }
figcaption { font-weight: 600; margin-bottom: .3rem; } svg { width: 100%; height: auto; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } .soft { fill: var(--soft); }
.axis { stroke: var(--line); } .bar { fill: var(--bar); } .ours { fill: var(--ours); }
.span { stroke: var(--ink); stroke-width: 1.5; } .yes { color: var(--yes); font-weight: 600; }
.no { color: var(--no); font-weight: 600; } .undecided { color: var(--soft); }
dt { font-weight: 600; } dd { margin: 0 0 .4rem 0; color: var(--soft); }
"""
