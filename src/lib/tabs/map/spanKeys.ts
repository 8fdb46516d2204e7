import type { RunState } from '../../state/run.svelte.ts';
import type { Range } from '../../state/url.ts';

/** Changes the plan by a key pressed over the map. Returns whether the key is one that does. */
export function editSpan(key: string, page: RunState): boolean {
	switch (key) {
		case 's':
			createSpan(page);
			return true;
		case '[':
		case ']':
			withSpan(page, ({ first }) => page.edits.resize(first, key === ']' ? 1 : -1));
			return true;
		case '{':
		case '}':
			withSpan(page, ({ first }) => moveSpan(page, first, key === '}' ? 1 : -1));
			return true;
		case 'Delete':
		case 'Backspace':
			withSpan(page, ({ first }) => page.edits.remove(first));
			return true;
		default:
			return false;
	}
}

/** Makes a span from the one layer of the cell under the cursor to the other; on the diagonal, of it and the next. */
function createSpan(page: RunState): void {
	const cell = page.hover ?? page.url.cell;
	if (cell === null) {
		page.refuse(
			'Point at a cell of the map first, or move there by the arrow keys: s makes a span.'
		);
		return;
	}
	const first = Math.min(cell.row, cell.column);
	const last = Math.max(cell.row, cell.column, Math.min(first + 1, page.layers - 1));
	if (first === last) page.refuse(`Layer ${first} is the last: no layer can follow it.`);
	else page.edits.put({ first, last }, null);
}

/** Does something to the span under the cursor, or else to the chosen one. */
function withSpan(page: RunState, edit: (span: Range) => void): void {
	const cell = page.hover ?? page.url.cell;
	const under = cell && page.edits.at(cell);
	const span = under ?? page.ranges.find(({ first }) => first === page.chosen);
	if (span !== undefined) edit(span);
	else page.refuse('No span here: move to a cell of one, or choose one in the plan.');
}

/** The cursor goes with the span, so that the next key still means it. */
function moveSpan(page: RunState, first: number, by: 1 | -1): void {
	const { hover } = page;
	const along = hover !== null && page.edits.at(hover)?.first === first;
	page.edits.move(first, by);
	if (along && page.chosen === first + by)
		page.hover = { row: hover.row + by, column: hover.column + by };
}
