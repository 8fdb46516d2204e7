import { METRICS, VIEWS } from '../../similarity/types.ts';
import { SHOWN } from '../../similarity/shown.ts';
import { tickIndices } from '../../figure/layout.ts';
import { planWords } from '../../text/plan.ts';
import type { ReportPlan } from './plans.ts';
import type { PackedMaps } from './types.ts';
import { html, type Html } from './html.ts';

/** Names of what a map can show of a pair. */
const SHOW_NAMES: Readonly<Record<(typeof SHOWN)[number], string>> = {
	similarity: 'value',
	null: 'null: another window’s text',
	excess: 'excess over null',
	width: 'width of the 95% CI'
};
/** Pixels that a map is given, and those that a label needs: on a wide screen, and on a narrow one. */
const BOARD = 600;
const NARROW = 300;
const LABEL_GAP = 24;

/** Returns the section in which the script draws the maps, with their controls. */
export function mapSection(maps: PackedMaps, plans: readonly ReportPlan[]): Html {
	const { layers } = maps;
	const kinds = [...new Set(maps.maps.map(({ map }) => map))];
	const has = (key: 'metric' | 'view', value: string) =>
		maps.maps.some((map) => map[key] === value);
	const ticks = tickIndices(layers, BOARD / layers, LABEL_GAP);
	const wide = new Set(tickIndices(layers, NARROW / layers, LABEL_GAP));
	const at = (layer: number) => `${((layer + 0.5) / layers) * 100}%`;
	return html`<section>
		<h2>Layer by layer</h2>
		<p class="muted" data-map="about">${maps.maps.at(0)?.about ?? null}</p>
		<noscript><p>The maps need JavaScript, which is turned off here.</p></noscript>
		<div class="maps">
			<div class="board" data-map="board" tabindex="0" role="application" aria-label="Map">
				<canvas data-map="canvas" aria-hidden="true"></canvas>
				<svg viewBox="0 0 ${layers} ${layers}" preserveAspectRatio="none" aria-hidden="true">
					<g data-map="plan-marks"></g>
					<rect class="cell under" width="1" height="1" hidden />
					<rect class="cell" width="1" height="1" hidden />
				</svg>
				${ticks.map(
					(layer) =>
						html`<span
								class="tick ${wide.has(layer) ? null : 'fine'}"
								data-row="${layer}"
								style="top: ${at(layer)}"
								aria-hidden="true"
								>${layer}</span
							><span
								class="tick ${wide.has(layer) ? null : 'fine'}"
								data-column="${layer}"
								style="left: ${at(layer)}"
								aria-hidden="true"
								>${layer}</span
							>`
				)}
				<span class="axis rows" data-map="rows" aria-hidden="true">layer</span>
				<span class="axis columns-title" data-map="columns" aria-hidden="true">layer</span>
			</div>
			<div>
				<div class="controls">
					${
						kinds.length < 2
							? null
							: select(
									'Map',
									'kind',
									kinds.map((kind) => [kind, kind])
								)
					}
					${select('Metric', 'metric', METRICS.filter((value) => has('metric', value)).map(pair))}
					${select('View', 'view', VIEWS.filter((value) => has('view', value)).map(pair))}
					${select(
						'Number',
						'show',
						SHOWN.map((value) => [value, SHOW_NAMES[value]])
					)}
					${select('Plan', 'plan', [
						...plans.map(({ sources }, index): [string, string] => [
							String(index),
							planWords(sources)
						]),
						['', 'none drawn']
					])}
				</div>
				<div class="readout" role="status">
					<strong data-map="pair">Point at a cell, or tap it.</strong>
					<div data-map="value"></div>
				</div>
				<div class="scale">
					<span data-map="legend"></span>
					<div class="bar">
						<canvas data-map="bar" aria-hidden="true"></canvas>
						<span class="marker" data-map="marker" hidden></span>
					</div>
					<div class="ends"><span data-map="low"></span><span data-map="high"></span></div>
					<p data-map="key" class="muted"></p>
				</div>
			</div>
		</div>
		<p class="small muted">Squares: spans of the plan. Crosses: attention dropped by the plan.</p>
	</section>`;
}

function pair(value: string): [string, string] {
	return [value, value];
}

function select(
	label: string,
	name: string,
	options: readonly (readonly [string, string])[]
): Html {
	return html`<label data-map="${name}-field"
		><span>${label}</span>
		<select data-map="${name}">
			${options.map(([value, words]) => html`<option value="${value}">${words}</option>`)}
		</select></label
	>`;
}
