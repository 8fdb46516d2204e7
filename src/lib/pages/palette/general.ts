import { goto } from '$app/navigation';
import { MAX_RUNS } from '$analysis/compare/types.ts';
import type { Label } from '$analysis/workspace/labels/label.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type { ModelsAnswer, ResultsAnswer, RunsAnswer } from '../../client/api.ts';
import { modelPath } from '../../client/modelPath.ts';
import { requestJson } from '../../client/request.ts';
import type { Command, Offer } from '../../controls/commands.svelte.ts';
import type { LabelBook } from '../../labels/book.svelte.ts';
import { pinnedFirst } from '../../labels/find.ts';
import type { Preferences } from '../../state/preferences.svelte.ts';

/** Makes the commands that go to a page, and the one that shows the keyboard shortcuts. */
export function placeCommands(onkeys: () => void): Command[] {
	const places: [string, string, string][] = [
		['/', 'Runs and new analysis', 'home first page models'],
		['/results', 'Results', 'measurements table'],
		['/results?of=plans', 'Results: plans', 'ranked by loss increase'],
		['/results?of=spans', 'Results: spans', 'damage'],
		['/compare', 'Compare', 'comparison']
	];
	return [
		...places.map(([path, title, words]) => ({
			...{ id: `go-${title.replaceAll(/\W+/g, '-')}`, group: 'Pages', title: `Go to ${title}` },
			...{ words, run: () => goto(path) }
		})),
		{ id: 'keys', group: 'Settings', title: 'Keyboard shortcuts', about: '?', run: onkeys }
	];
}

/** Theme and colours. */
export function settingCommands(preferences: Preferences): Command[] {
	const now = (is: boolean) => (is ? 'in use' : '');
	return [
		...(['system', 'light', 'dark'] as const).map((theme) => ({
			...{ id: `theme-${theme}`, group: 'Settings', title: `Theme: ${theme}` },
			...{ about: now(preferences.theme === theme), run: () => preferences.setTheme(theme) }
		})),
		...(['viridis', 'cividis'] as const).map((name) => ({
			...{ id: `colours-${name}`, group: 'Settings', title: `Colours: ${name}` },
			about: now(preferences.colourMap === name),
			...{ words: 'colour map', run: () => preferences.setColourMap(name) }
		}))
	];
}

/** Every word and measure of the pages, explained. */
export async function termCommands(): Promise<Offer> {
	const { EXPLANATIONS } = await import('$analysis/text/explanations.ts');
	return {
		commands: Object.entries(EXPLANATIONS).map(([term, explains]) => ({
			...{ id: `term-${term.replaceAll(/\W+/g, '-')}`, group: 'What is …' },
			...{ title: explains.name, about: explains.sentence, explains, run: () => undefined }
		}))
	};
}

/** Runs, comparisons and results of the workspace, by what they are called. */
export async function workspaceCommands(labels: LabelBook): Promise<Offer> {
	const [{ runs }, results] = await Promise.all([
		requestJson<RunsAnswer>('/api/runs'),
		requestJson<ResultsAnswer>('/api/results')
	]);
	return {
		commands: [
			...pinnedFirst(runs, ({ id }) => labels.isPinned('runs', id)).map((run) =>
				runCommand(run, labels.of('runs', run.id))
			),
			...resultCommands(results, runs, labels),
			...comparisons(runs, labels)
		]
	};
}

/** The models that are found. */
export async function modelCommands(): Promise<Offer> {
	const models = await requestJson<ModelsAnswer>('/api/models');
	return {
		commands: models.map(({ id }) => ({
			...{ id: `model-${id}`, group: 'Models', title: `Model: ${id}` },
			run: () => goto(modelPath(id))
		}))
	};
}

function runCommand({ id, model, texts }: RunRecord, { name, tags, note }: Label): Command {
	const read = texts.map((text) => text.name).join(', ');
	return {
		...{ id: `run-${id}`, group: 'Runs', title: name === '' ? model.name : name },
		about: [name === '' ? '' : model.name, read, id].filter((part) => part !== '').join(' · '),
		...{ words: `${tags.join(' ')} ${note} run`, run: () => goto(`/runs/${id}`) }
	};
}

/** Results that have a name or tag, where their model has a run: the page of the newest one shows them. */
function resultCommands(
	results: ResultsAnswer,
	runs: readonly RunRecord[],
	labels: LabelBook
): Command[] {
	return results.flatMap(({ id, kind, model, words }) => {
		const { name, tags, note } = labels.of('results', id);
		const isShown = runs.some((run) => run.model.hash === model.hash);
		if (!isShown || (name === '' && tags.length === 0)) return [];
		return [
			{
				...{ id: `result-${id}`, group: 'Results', title: name === '' ? `${kind} ${id}` : name },
				about: `${model.name} · ${kind} · ${words}`,
				words: `${tags.join(' ')} ${note} ${id}`,
				run: () => goto(`/results/${id}`)
			}
		];
	});
}

/** Runs that share a tag, side by side. */
function comparisons(runs: readonly RunRecord[], labels: LabelBook): Command[] {
	return labels.tags.flatMap((tag) => {
		const ids = runs
			.filter(({ id }) => labels.of('runs', id).tags.includes(tag))
			.map(({ id }) => id);
		if (ids.length < 2) return [];
		const compared = ids.slice(0, MAX_RUNS);
		return [
			{
				...{ id: `compare-${tag}`, group: 'Comparisons', title: `Compare the runs tagged ${tag}` },
				about:
					ids.length > MAX_RUNS ? `the newest ${MAX_RUNS} of ${ids.length}` : `${ids.length} runs`,
				run: () => goto(`/compare?runs=${compared.join(',')}`)
			}
		];
	});
}
