import type { Command } from '../../controls/commands.svelte.ts';
import type { RunState } from '../../state/run.svelte.ts';

const LAYER = /^(?:layer|l)?\s*(\d+)$/i;
const PAIR = /^(?:pair|layers?|span)?\s*(\d+)\s*(?:[\s,:–-]|and|to)\s*(\d+)$/i;

/** Finds jumps in a line: "12", "layer 12" (open it and the layer before), "3 7", "span 3-7" (open or span a pair). */
export function layerJumps(page: RunState, text: string): Command[] {
	const pair = PAIR.exec(text);
	if (pair !== null) return pairJumps(page, Number(pair[1]), Number(pair[2]));
	const layer = LAYER.exec(text);
	if (layer === null) return [];
	const at = Number(layer[1]);
	if (at >= page.layers) return [refused(page, `Layer ${at}`)];
	const [row, column] = at === 0 ? [0, 1] : [at - 1, at];
	return [
		{
			...{ id: 'jump-layer', group: 'Layers', title: `Layer ${at}` },
			about: `opens the pair ${row}, ${column} on the map`,
			run: () => page.set({ tab: 'map', cell: { row, column }, heads: null })
		}
	];
}

function pairJumps(page: RunState, row: number, column: number): Command[] {
	const title = `Layers ${row} and ${column}`;
	if (Math.max(row, column) >= page.layers) return [refused(page, title)];
	const jump: Command = {
		...{ id: 'jump-pair', group: 'Layers', title, about: 'opens the pair on the map' },
		run: () => page.set({ tab: 'map', cell: { row, column }, heads: null })
	};
	if (row >= column) return [jump];
	const span: Command = {
		...{ id: 'jump-span', group: 'Layers', title: `Make span ${row}–${column}` },
		about: `layer ${row} is the source; can be undone`,
		run: () => {
			page.set({ tab: 'map' });
			page.edits.put({ first: row, last: column }, null);
		}
	};
	return [jump, span];
}

function refused(page: RunState, title: string): Command {
	return {
		...{ id: 'jump-none', group: 'Layers', title },
		refused: `this model has layers 0 to ${page.layers - 1}`,
		run: () => undefined
	};
}
