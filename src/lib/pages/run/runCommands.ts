import { SHOWN, SHOWN_WORDS } from '$analysis/similarity/shown.ts';
import { MAPS } from '../../state/url.ts';
import type { Command, Offer } from '../../controls/commands.svelte.ts';
import { copyText, saveFile } from '../../controls/save.ts';
import type { LabelBook, Subject } from '../../labels/book.svelte.ts';
import type { RunState } from '../../state/run.svelte.ts';
import { TABS } from '../../tabs/tabs.svelte.ts';
import { layerJumps } from './jumps.ts';

interface OpenRun {
	page: RunState;
	labels: LabelBook;
	/** Opens the definition card. */
	ondefinition: () => void;
	/** Goes a change of the plan back (−1) or forward (1). */
	onstep: (by: 1 | -1) => void;
	/** A word about what was done. */
	onsay: (text: string) => void;
}

/** Returns the commands of the palette for the run that is open. */
export function runCommands(open: OpenRun): Offer {
	return {
		commands: [...shown(open), ...planned(open), ...labelled(open), ...copied(open)],
		typed: (text) => layerJumps(open.page, text)
	};
}

function shown({ page, ondefinition }: OpenRun): Command[] {
	const { run, url } = page;
	const now = (is: boolean) => (is ? 'shown now' : '');
	return [
		...TABS.map(({ value, label, about }) => ({
			...{ id: `tab-${value}`, group: 'This run', title: `Tab: ${label}` },
			...{ about: now(url.tab === value) || about, run: () => page.set({ tab: value }) }
		})),
		{
			...{ id: 'definition', group: 'This run', title: 'Definition & methods' },
			...{ about: 'what was measured, and how', run: ondefinition }
		},
		...run.metrics.map((metric) => ({
			...{ id: `metric-${metric}`, group: 'Map', title: `Metric: ${metric}` },
			about: now(url.metric === metric),
			run: () => page.set({ tab: 'map', metric })
		})),
		...MAPS.map((map) => ({
			...{ id: `map-${map}`, group: 'Map', title: `Map: ${map}`, about: now(url.map === map) },
			run: () => {
				page.set({ tab: 'map' });
				page.setMap(map);
			}
		})),
		...SHOWN.map((show) => ({
			...{ id: `show-${show}`, group: 'Map', title: `Number: ${SHOWN_WORDS[show]}` },
			about: now(url.show === show),
			run: () => page.set({ tab: 'map', map: 'similarity', show, range: null })
		})),
		...run.views.map((view) => ({
			...{
				id: `view-${view}`,
				group: 'Map',
				title: `View: ${view}`,
				about: now(url.view === view)
			},
			run: () => page.set({ tab: 'map', view })
		}))
	];
}

function planned({ page, onstep }: OpenRun): Command[] {
	const { at, last } = page.steps;
	return [
		{
			...{ id: 'undo', group: 'Plan', title: 'Undo the last change of the plan', about: 'Ctrl+Z' },
			refused: at === 0 ? 'nothing to undo' : undefined,
			run: () => onstep(-1)
		},
		{
			...{ id: 'redo', group: 'Plan', title: 'Redo it', about: 'Ctrl+Shift+Z' },
			refused: at === last ? 'nothing to redo' : undefined,
			run: () => onstep(1)
		},
		{
			...{ id: 'drop', group: 'Plan', title: 'Drop the followers’ attention instead' },
			refused: page.spans.length === 0 ? 'the plan has no spans' : undefined,
			run: () => page.edits.dropInstead()
		}
	];
}

function labelled({ page, labels }: OpenRun): Command[] {
	const { id, model } = page.run;
	const subject: Subject = { of: 'runs', id, title: model.name };
	const refused = labels.readOnly ?? undefined;
	return [
		{
			...{ id: 'label', group: 'This run', title: 'Name, tag or annotate this run', refused },
			...{ words: 'label note', run: () => void (labels.editing = subject) }
		},
		{
			...{ id: 'pin', group: 'This run', refused },
			title: labels.isPinned('runs', id) ? 'Unpin this run' : 'Pin this run',
			run: () => labels.togglePin(subject)
		}
	];
}

function copied({ page, onsay }: OpenRun): Command[] {
	const { run, url } = page;
	const { id } = run;
	const shownBy = `--metric ${url.metric} --view ${url.view}`;
	const commands: Readonly<Record<string, string>> = {
		'make this run again': run.command,
		'print its similarity': `spanwise similarity ${id} ${shownBy} --format table`,
		'draw its map': `spanwise figure ${id} --kind map ${shownBy} --out map.pdf`,
		'draw its profile': `spanwise figure ${id} --kind profile --out profile.pdf`,
		'write its report': `spanwise report ${id}`,
		'name and tag it': `spanwise label ${id} --name 'first try' --tag paper`
	};
	const matrix = (format: 'csv' | 'npy') =>
		`/api/runs/${id}/matrix.${format}?metric=${url.metric}&view=${url.view}`;
	return [
		...Object.entries(commands).map(([what, command]) => ({
			...{ id: `copy-${what.replaceAll(' ', '-')}`, group: 'Copy a command' },
			...{ title: `Copy: ${what}`, about: command },
			run: async () => {
				await copyText(command);
				onsay(`Copied: ${command}`);
			}
		})),
		{
			...{ id: 'save-json', group: 'Save', title: 'Save run.json', about: 'facts and figures' },
			run: () => saveFile(`${id}.json`, JSON.stringify(run, null, '\t'), 'application/json')
		},
		...(['csv', 'npy'] as const).map((format) => ({
			...{ id: `save-${format}`, group: 'Save', title: `Save the similarity as ${format}` },
			about: `${url.metric}, view ${url.view}`,
			run: () => window.location.assign(matrix(format))
		}))
	];
}
