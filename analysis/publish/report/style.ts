/**
 * The look of a report: the page's own neutral greys, so that only data has colour; light, dark and on paper. No face and
 * no image is fetched.
 */
const DARK = `color-scheme: dark;
--page: #14171a; --panel: #1b1f23; --sunken: #171a1e; --line: #30363d; --line-strong: #737d88;
--ink: #e8ebee; --ink-2: #b9c1c9; --ink-3: #949da7; --accent: #74b0f0; --accent-soft: #1d2f43;
--mark: #ff8a5c; --good: #6cc18d; --bad: #f2827c; --missing: #2a2f35;
--series-1: #74b0f0; --series-2: #f0a35e; --series-3: #6cc9a1; --series-4: #c79be0;
--series-5: #c9a98a; --series-6: #f08fc0;`;

export const REPORT_CSS = `
:root {
	color-scheme: light;
	--page: #f3f4f5; --panel: #fff; --sunken: #f7f8f9; --line: #d8dce0; --line-strong: #858d97;
	--ink: #1a1f24; --ink-2: #47505a; --ink-3: #616a74; --accent: #1559a6; --accent-soft: #e4edf7;
	--mark: #c43a08; --span: #ff7a45; --good: #1b6e3c; --bad: #b3201a; --missing: #dfe2e5;
	--series-1: #1f5fa8; --series-2: #b4530a; --series-3: #237a57; --series-4: #7d3c98;
	--series-5: #6b4a2b; --series-6: #9c1f5f;
}
@media screen and (prefers-color-scheme: dark) { :root { ${DARK} } }
*, ::before, ::after { box-sizing: border-box; }
html {
	font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', Arial, sans-serif;
	font-variant-numeric: tabular-nums;
	color: var(--ink);
	background: var(--page);
	-webkit-text-size-adjust: 100%;
}
body { max-width: 1080px; margin: 0 auto; padding: 32px 24px 48px; }
h1, h2, p, ol, ul, dl, dd, figure { margin: 0; padding: 0; }
ol, ul { list-style: none; }
h1 { font-size: 15px; font-weight: 600; color: var(--ink-2); }
h2 { font-size: 17px; line-height: 1.3; letter-spacing: -0.01em; }
h3 { margin: 0; font-size: 15px; }
a { color: var(--accent); }
code, pre, .mono { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 0.86em; }
pre { margin: 0; padding: 12px; background: var(--sunken); border: 1px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
.muted { color: var(--ink-3); }
.small { font-size: 13px; }
.plain li + li { margin-top: 4px; }
header .answer { max-width: 34em; margin: 6px 0 12px; font-size: 25px; line-height: 1.25; font-weight: 600; letter-spacing: -0.015em; text-wrap: pretty; }
.facts { display: flex; flex-wrap: wrap; gap: 6px 28px; }
.facts dt { font-size: 12.5px; color: var(--ink-3); }
.facts dd { overflow-wrap: anywhere; }
section, .questions { margin-top: 20px; background: var(--panel); border: 1px solid var(--line); border-radius: 4px; }
section { padding: 18px 20px 20px; }
section > * + * { margin-top: 10px; }
.notice { margin-top: 10px; padding-left: 10px; border-left: 3px solid var(--line-strong); color: var(--ink-2); }
.questions { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); }
.questions li { padding: 14px 16px; border-left: 1px solid var(--line); }
.questions li:first-child { border-left: 0; }
.questions h2 { font-size: 15px; }
.questions p { margin-top: 6px; font-size: 14px; overflow-wrap: anywhere; }
.tag { display: inline-block; padding: 0 6px; border: 1px solid currentColor; border-radius: 3px; font-size: 12px; line-height: 17px; color: var(--ink-2); }
.tag.good { color: var(--good); }
.tag.bad { color: var(--bad); }
.label { display: flex; flex-wrap: wrap; gap: 3px 6px; align-items: baseline; font-size: 13.5px; color: var(--ink-2); }
.label .name { font-weight: 600; overflow-wrap: anywhere; }
.label .note { flex: 0 0 100%; max-width: 80ch; white-space: pre-line; overflow-wrap: anywhere; }
header .label { margin-bottom: 12px; font-size: 15px; }
.compared + .compared { padding-top: 10px; border-top: 1px solid var(--line); }
.compared > * + * { margin-top: 6px; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, .board:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; }
caption { padding: 4px 0 4px; text-align: left; color: var(--ink-3); font-size: 13px; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--ink-3); font-size: 12.5px; }
tbody th { color: var(--ink-2); }
.number { text-align: right; white-space: nowrap; }
.columns { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px 32px; align-items: start; }
details + details { margin-top: 6px; }
summary { cursor: pointer; overflow-wrap: anywhere; }
details[open] > summary { margin-bottom: 8px; }
.plan > * + * { margin-top: 10px; }
.plan + .plan { padding-top: 8px; border-top: 1px solid var(--line); }
.layers { display: flex; flex-wrap: wrap; gap: 3px; }
.layers li { flex: 0 0 30px; height: 30px; display: grid; place-items: center; font-size: 12px; border: 1px solid var(--line-strong); color: var(--ink-2); }
.layers .source, .legend .source::before { border-color: var(--series-1); box-shadow: inset 0 0 0 1px var(--series-1); }
.layers .source { color: var(--ink); font-weight: 600; }
.layers .follower, .legend .follower::before { border-color: var(--series-1); background: var(--accent-soft); }
.layers .dropped, .legend .dropped::before { border-color: var(--mark); border-style: dashed; }
.layers .dropped { color: var(--mark); text-decoration: line-through; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; }
.legend span::before { content: ''; display: inline-block; width: 11px; height: 11px; margin-right: 6px; border: 1px solid var(--line-strong); vertical-align: -1px; }
.maps { display: grid; grid-template-columns: minmax(0, 1fr) 270px; gap: 16px 28px; align-items: start; }
.controls { display: grid; gap: 8px; }
.controls label { display: grid; grid-template-columns: 70px minmax(0, 1fr); align-items: center; gap: 8px; font-size: 13.5px; color: var(--ink-2); }
[hidden] { display: none !important; }
select, button { font: inherit; font-size: 13.5px; color: var(--ink); background: var(--panel); border: 1px solid var(--line-strong); border-radius: 3px; }
select { height: 30px; padding: 0 6px; min-width: 0; }
button { padding: 2px 10px; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.readout { min-height: 118px; margin: 12px 0 10px; padding-top: 12px; border-top: 1px solid var(--line); font-size: 13.5px; }
.readout strong { display: block; font-size: 15px; }
.readout p:first-child { font-size: 17px; }
.readout p + p { color: var(--ink-3); }
.scale { font-size: 12.5px; color: var(--ink-2); }
.scale .bar { position: relative; height: 14px; margin: 4px 0 2px; }
.scale canvas { width: 100%; height: 100%; display: block; }
.scale .marker { position: absolute; top: -3px; bottom: -3px; width: 0; border-left: 2px solid var(--ink); outline: 1px solid var(--panel); }
.scale .ends { display: flex; justify-content: space-between; }
.board { position: relative; aspect-ratio: 1; max-width: 640px; margin: 0 8px 44px 48px; cursor: crosshair; touch-action: pan-y; }
.board canvas { position: absolute; inset: 0; width: 100%; height: 100%; image-rendering: pixelated; background: var(--missing); }
.board svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; pointer-events: none; }
.board svg * { fill: none; stroke: var(--span); stroke-width: 2.5px; vector-effect: non-scaling-stroke; }
.board svg .edge { stroke: #111; stroke-width: 5px; }
.board:not([data-of='similarity']) svg g :not(.edge) { stroke: #fff; stroke-width: 2px; }
.board svg .cell { stroke: #fff; stroke-width: 2px; }
.board svg .cell.under { stroke: #000; stroke-width: 5px; }
.tick { position: absolute; font-size: 11.5px; line-height: 1; color: var(--ink-3); }
.tick.on { color: var(--ink); font-weight: 700; }
.tick[data-row] { right: calc(100% + 7px); transform: translateY(-50%); }
.tick[data-column] { top: calc(100% + 8px); transform: translateX(-50%); }
.axis { position: absolute; font-size: 12.5px; color: var(--ink-2); }
.axis.rows { right: calc(100% + 28px); top: 50%; transform: translate(50%, -50%) rotate(-90deg); white-space: nowrap; }
.axis.columns-title { top: calc(100% + 24px); left: 0; right: 0; text-align: center; }
.drawing { display: block; width: 100%; height: auto; margin: 0 auto; font-family: 'Source Sans 3', 'Source Sans Pro', Helvetica, Arial, sans-serif; }
figcaption { margin-top: 6px; font-size: 13px; color: var(--ink-3); }
.card, .terms { display: grid; grid-template-columns: minmax(90px, max-content) minmax(0, 1fr); gap: 4px 16px; font-size: 13.5px; }
.card dt, .terms dt { color: var(--ink-3); }
.card dd { overflow-wrap: anywhere; }
.terms dd { margin-bottom: 4px; }
.row { display: flex; align-items: baseline; justify-content: space-between; gap: 12px; }
footer { margin-top: 20px; font-size: 12.5px; color: var(--ink-3); overflow-wrap: anywhere; }
noscript p { padding: 8px 12px; border: 1px solid var(--line-strong); }
@media screen and (width < 820px) {
	body { padding: 16px 12px 32px; }
	section { padding: 14px 12px; }
	header .answer { font-size: 20px; }
	.questions, .columns, .maps { grid-template-columns: minmax(0, 1fr); }
	.questions li { border-left: 0; border-top: 1px solid var(--line); }
	.questions li:first-child { border-top: 0; }
	.tick.fine { display: none; }
	.board { margin-left: 42px; }
}
@media print {
	@page { margin: 14mm; }
	html { font-size: 10.5pt; background: none; }
	body { max-width: none; padding: 0; }
	section, .questions { border-color: #bbb; }
	section { padding: 10px 12px; }
	h2, summary, caption, thead, figcaption { break-after: avoid; }
	tr, figure, .maps, .questions, .layers { break-inside: avoid; }
	.controls, button, .readout { display: none; }
	.maps { grid-template-columns: minmax(0, 1fr) 190px; }
	.board { max-width: 420px; }
	* { print-color-adjust: exact; }
}
`;
