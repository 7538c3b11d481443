/**
 * The style sheet of both reports: a page of text with charts, light or dark as the reader's system is, one column that
 * fits a phone, ink on paper when printed. No fonts but those of the system, nothing from elsewhere.
 */

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --raised: #f3f2ee; --ink: #1b1c1e; --quiet: #5b5c60; --rule: #dcdad3;
  --good: #1b6e45; --bad: #b0261c; --open: #855300; --void: #5b5c60;
  --data: #2b5c94; --data-soft: #b4c8de; --lost: #c4392d; --fault: #e9b949; --fault-ink: #6b4c00;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", "Noto Serif", "Liberation Serif", Georgia, serif;
  --sans: system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
  --gutter: 6rem;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --raised: #1e2125; --ink: #e7e5e0; --quiet: #a3a39e; --rule: #35383d;
    --good: #6fc996; --bad: #ff8d7f; --open: #e3b04f; --void: #a3a39e;
    --data: #86b1e2; --data-soft: #34506f; --lost: #ef6a5b; --fault: #8a6a1d; --fault-ink: #f0cf85;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 5rem; max-width: 70rem;
  background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 var(--serif); overflow-wrap: break-word;
}
p, li, dd { max-width: 42rem; }
p { margin: 0 0 .9rem; }
a { color: inherit; text-decoration-color: var(--quiet); text-underline-offset: .18em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--data); outline-offset: 2px; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; font-weight: 600; }
h1 { font-size: clamp(1.7rem, 1.2rem + 2.4vw, 2.75rem); margin: .35rem 0 .8rem; letter-spacing: -.012em; max-width: 52rem; }
h2 { font-size: 1.45rem; margin: 0 0 .6rem; }
h3 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
section { margin-top: 3.25rem; padding-top: 1.35rem; border-top: 1px solid var(--rule); }
small, .small { font-size: .875rem; line-height: 1.45; }
code, pre { font-family: var(--mono); font-size: .84em; }
pre { margin: .4rem 0 1rem; padding: .75rem .9rem; background: var(--raised); white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; }
.kicker, nav, table, .facts, .plot, .lanes, .sign, .legend, .bars, figcaption, summary, .draw { font-family: var(--sans); }
.kicker { margin: 0; font-size: .875rem; color: var(--quiet); max-width: none; }
.lead { font-size: 1.2rem; line-height: 1.5; }
.quiet { color: var(--quiet); }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); } .void { color: var(--void); }
.sign { display: inline-flex; gap: .45em; align-items: baseline; font-weight: 600; white-space: nowrap; }
.verdict .sign { margin-bottom: .5rem; font-size: 1rem; padding: .15em .7em .2em; border: 1.5px solid currentColor; border-radius: 2px; }
nav { margin-top: 1.6rem; font-size: .875rem; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.25rem, 1fr)); gap: 1rem 1.25rem; margin: 1.8rem 0 0; padding: 1rem 0; border-block: 1px solid var(--rule); }
.facts div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.facts dt { font-size: .8125rem; line-height: 1.35; color: var(--quiet); }
.facts dd { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }

.scroll { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; font-size: .875rem; line-height: 1.4; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .42rem .9rem .42rem 0; border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-weight: 500; vertical-align: bottom; border-bottom-color: var(--quiet); }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.text { min-width: 11rem; }
td.value { font-family: var(--mono); font-size: .8125rem; overflow-wrap: anywhere; min-width: 12rem; }
.nowrap { white-space: nowrap; }

.plot, .axis { display: grid; grid-template-columns: var(--gutter) minmax(0, 1fr); margin: 0; font-size: .75rem; line-height: 1; color: var(--quiet); }
.plot .y, .plot .area, .plot .x { position: relative; }
.plot .y span { position: absolute; right: .6rem; transform: translateY(-50%); white-space: nowrap; }
.plot .y .row { top: 50%; }
.plot .area svg, .lane svg { display: block; width: 100%; height: 100%; overflow: visible; }
.plot .x, .axis .x { grid-column: 2; height: 1.5rem; position: relative; }
.x span { position: absolute; top: .5rem; transform: translateX(-50%); white-space: nowrap; }
.x span:first-child { transform: none; }
.plot { margin-top: .9rem; } .plot + .plot { margin-top: 1.6rem; } .plot + .small, .lanes + .small { margin-top: .7rem; }
.plot .name { position: absolute; left: 0; bottom: calc(100% + .35rem); }
.plot svg * { vector-effect: non-scaling-stroke; fill: none; }
.plot .band { fill: var(--fault); fill-opacity: .2; }
.plot .grid { stroke: var(--rule); stroke-width: 1; pointer-events: none; }
.plot .dots path { stroke: var(--data); stroke-width: 2.8; stroke-linecap: round; pointer-events: none; }
.plot .dots.fail path { stroke: var(--open); stroke-width: 3.2; stroke-linecap: square; }
.plot .dots .d1 { stroke-opacity: .5; } .plot .dots .d4 { stroke-opacity: .7; } .plot .dots .d20 { stroke-opacity: .86; }
.plot .ticks { stroke: var(--bad); stroke-width: 1.4; pointer-events: none; }
.plot .line { stroke: var(--data); stroke-width: 1.8; stroke-linejoin: round; pointer-events: none; }
.plot .line.p99 { stroke-dasharray: 7 4; } .plot .line.max { stroke: var(--quiet); stroke-width: 1.2; stroke-dasharray: 1.5 3.5; stroke-linecap: round; }
.plot .fill { fill: var(--data-soft); stroke: var(--data); stroke-width: 1; pointer-events: none; }
.plot .fill.fail { fill: var(--fault); stroke: var(--open); } .plot .fill.info { fill: none; stroke: var(--bad); stroke-width: 1.8; stroke-dasharray: 4 3; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: 0 0 .7rem; padding: 0; font-size: .8125rem; color: var(--quiet); }
.legend li { display: flex; align-items: center; gap: .5em; max-width: none; }
.legend svg { flex: none; width: 26px; height: 12px; overflow: visible; }
.key-dot { fill: var(--data); } .key-square { fill: var(--open); } .key-tick { stroke: var(--bad); stroke-width: 1.6; }
.key-line { stroke: var(--data); stroke-width: 2; fill: none; } .key-line.p99 { stroke-dasharray: 7 4; } .key-line.max { stroke: var(--quiet); stroke-width: 1.4; stroke-dasharray: 1.5 3.5; stroke-linecap: round; }
.key-band { fill: var(--fault); fill-opacity: .32; stroke: none; }
.key-fill { fill: var(--data-soft); stroke: var(--data); } .key-fill.fail { fill: var(--fault); stroke: var(--open); } .key-info { stroke: var(--bad); stroke-width: 1.8; stroke-dasharray: 4 3; fill: none; }
.key-phase { fill: var(--rule); } .key-kept { fill: var(--data-soft); stroke: var(--data); } .key-lost { fill: url(#hatch); } 

.lanes { margin: .9rem 0 0; font-size: .8125rem; }
.lane { display: grid; grid-template-columns: var(--gutter) minmax(0, 1fr); align-items: center; border-top: 1px solid var(--rule); }
.lane > span { color: var(--ink); padding: .35rem .6rem .35rem 0; overflow-wrap: anywhere; line-height: 1.2; }
.lane svg { height: 22px; }
.lane text { font: 600 11px var(--sans); }
.lane .fault { fill: var(--fault); fill-opacity: .55; } .lane .number { fill: var(--ink); text-anchor: middle; }
.lane .answers { fill: var(--data-soft); } .lane .gap { stroke: var(--bad); stroke-width: 2; } .lane .phase { fill: var(--rule); }
.lanes .x { border-top: 1px solid var(--rule); }

.draw { margin: 1rem 0 .4rem; font-size: .8125rem; border-top: 1px solid var(--rule); position: relative; --who: 6.5rem; }
.draw .bands { position: absolute; inset: 0 0 0 var(--who); width: calc(100% - var(--who)); height: 100%; margin: 0; pointer-events: none; }
.draw .who { border-bottom: 1px solid var(--rule); display: grid; grid-template-columns: var(--who) minmax(0, 1fr); position: relative; }
.draw .who > span { padding: .5rem .6rem .4rem 0; color: var(--quiet); line-height: 1.3; }
.draw .bar { padding: .35rem 0 .45rem; position: relative; }
.draw .says { display: block; line-height: 1.35; overflow-wrap: anywhere; margin-left: var(--from, 0); }
.draw .late .says { margin: 0 var(--rest) 0 0; text-align: right; }
.draw .says code { color: var(--ink); font-size: .8125rem; }
.draw .when { color: var(--quiet); white-space: nowrap; }
.draw .bar svg { display: block; width: 100%; height: 12px; margin-top: .2rem; overflow: visible; }
.draw .during { fill: var(--fault); fill-opacity: .2; }
.draw .ok { fill: var(--data); } .draw .fail { fill: none; stroke: var(--open); stroke-width: 1.6; } .draw .info { fill: none; stroke: var(--quiet); stroke-width: 1.6; stroke-dasharray: 4 3; }
.draw .culprit svg .ok, .draw .culprit svg .fail, .draw .culprit svg .info { fill: url(#hatch); stroke: var(--bad); stroke-width: 1.6; stroke-dasharray: none; }
.draw .culprit .says code { color: var(--bad); font-weight: 600; }
.draw .faults .bar svg { height: 16px; margin: 0; } .draw .faults text { font: 600 11px var(--sans); fill: var(--fault-ink); text-anchor: middle; }
.anomaly { margin: 1.6rem 0 2.2rem; }
.anomaly > p { margin-bottom: .3rem; }
details { margin: .5rem 0 1rem; }
summary { cursor: pointer; font-size: .875rem; color: var(--quiet); padding: .2rem 0; }

.bars { margin: 1.4rem 0 0; font-size: .875rem; }
.bars h3 { font-family: var(--serif); margin: 1.7rem 0 .35rem; }
.bars ul { list-style: none; margin: 0; padding: 0; }
.bars li { max-width: none; display: grid; grid-template-columns: 13.5rem minmax(0, 1fr) 17rem; gap: 0 1rem; align-items: center; padding: .3rem 0; border-top: 1px solid var(--rule); line-height: 1.35; }
.bars svg { display: block; width: 100%; height: 14px; overflow: visible; }
.bars .kept { fill: var(--data-soft); stroke: var(--data); } .bars .lost { fill: url(#hatch); } .bars .none { fill: none; stroke: var(--quiet); stroke-dasharray: 3 3; }
.bars .strong { font-weight: 700; }
.hatch-ground { fill: var(--lost); } .hatch-line { stroke: var(--paper); stroke-width: 1.6; stroke-opacity: .55; }
th.mode { white-space: nowrap; }
tr.scenario th span { display: inline-block; position: sticky; left: 0; max-width: calc(100vw - 2.5rem); }
tr.scenario th { padding-top: 1.4rem; font: 600 1rem/1.3 var(--serif); border-bottom-color: var(--quiet); white-space: normal; }
tr.strong th, tr.strong td { background: var(--raised); }
ul.plain { list-style: none; padding-left: 0; }
.line { display: block; }
.sub { display: block; color: var(--quiet); font-size: .8125rem; font-weight: 400; }
article { margin-top: 2rem; } article h3 { margin-bottom: .2rem; }
article:target { outline: 2px solid var(--data); outline-offset: .6rem; }
dl.words dt { font-weight: 600; margin-top: .8rem; } dl.words dd { margin: 0; }
dl.run { display: grid; grid-template-columns: minmax(7rem, 11rem) minmax(0, 1fr); gap: .35rem 1rem; margin: 0 0 1rem; }
dl.run dt { color: var(--quiet); font-family: var(--sans); font-size: .875rem; padding-top: .12rem; } dl.run dd { margin: 0; grid-column: 2; overflow-wrap: anywhere; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
.hidden { position: absolute; width: 0; height: 0; overflow: hidden; }

@media (max-width: 46rem) {
  :root { --gutter: 3.6rem; }
  body { padding: 1.4rem 1rem 3rem; font-size: 1rem; }
  section { margin-top: 2.4rem; }
  .x .minor { display: none; }
  th.mode { white-space: normal; min-width: 7.5rem; max-width: 9rem; }
  .lane { grid-template-columns: minmax(0, 1fr); padding-bottom: .3rem; }
  .lanes { margin-left: 0; } .lanes .axis { grid-template-columns: minmax(0, 1fr); } .lanes .axis .x { grid-column: 1; }
  .lane .tight { display: none; }
  .draw { --who: 0px; } .draw .who { grid-template-columns: minmax(0, 1fr); } .draw .who > span { padding-bottom: 0; }
  .draw .says, .draw .late .says { margin: 0; text-align: left; }
  .bars li { grid-template-columns: minmax(0, 1fr); gap: .2rem; padding: .55rem 0; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); } .facts dd { font-size: 1.3rem; }
  dl.run { grid-template-columns: minmax(0, 1fr); gap: 0; } dl.run dd { grid-column: 1; margin-bottom: .5rem; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
  h2, h3, .anomaly > p:first-child { break-after: avoid; } .plot, .anomaly .draw, tr, article { break-inside: avoid; }
  .scroll { overflow: visible; }
}
`;
