import { scriptValue } from './html.ts';
import type { PackedMap, PackedMaps, PackedShow } from './types.ts';

/*
 * Code that runs in the reader's browser. Every function here is put into the page as its own text, so that none may
 * use an import: only what it is given, the browser, and the other functions of SCRIPT.
 */

/** The script of a report: its functions, started with its maps. */
export function reportScript(maps: PackedMaps): string {
	const functions = [
		unpackedBytes,
		unpackedNumbers,
		numberText,
		showMaps,
		copyButtons,
		openForPrint
	];
	return `(() => {
'use strict';
${functions.map(String).join('\n')}
${showMaps.name}(${scriptValue(maps)});
${copyButtons.name}();
${openForPrint.name}();
})();`;
}

function unpackedBytes(base64: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function unpackedNumbers(base64: string | null): Float32Array | null {
	return base64 === null ? null : new Float32Array(unpackedBytes(base64).buffer);
}

/** "0.123", "−0.020"; with its sign "+0.021"; "–" for what is not there. */
function numberText(value: number | undefined, signed = false): string {
	if (value === undefined || Number.isNaN(value)) return '–';
	const text = Math.abs(value).toFixed(3);
	const zero = !/[1-9]/.test(text);
	return (zero ? '' : value < 0 ? '−' : signed ? '+' : '') + text;
}

/** Draws the maps, and says what lies under the pointer or was moved to by keys. */
function showMaps({ layers, tables, maps, plans }: PackedMaps): void {
	const part = (name: string): HTMLElement => {
		const found = document.querySelector<HTMLElement>(`[data-map="${name}"]`);
		if (found === null) throw new Error(`${name}: not in this report`);
		return found;
	};
	const canvasOf = (name: string): [HTMLCanvasElement, CanvasRenderingContext2D] => {
		const canvas = part(name);
		const context = canvas instanceof HTMLCanvasElement ? canvas.getContext('2d') : null;
		if (!(canvas instanceof HTMLCanvasElement) || context === null)
			throw new Error('this browser draws no canvas');
		return [canvas, context];
	};
	const select = (name: string): HTMLSelectElement | null =>
		document.querySelector<HTMLSelectElement>(`select[data-map="${name}"]`);
	const chosen = (name: string): string => select(name)?.value ?? '';
	const [canvas, context] = canvasOf('canvas');
	const [bar, barContext] = canvasOf('bar');
	const board = part('board');
	const cells = layers * layers;

	/** Arrays of a map, unpacked when it is first shown. */
	const unpacked = new Map<
		PackedMap,
		Record<'value' | 'null' | 'low' | 'high', Float32Array | null>
	>();
	const numbersOf = (map: PackedMap) => {
		const known = unpacked.get(map);
		if (known !== undefined) return known;
		const made = {
			value: unpackedNumbers(map.value),
			null: unpackedNumbers(map.null),
			low: unpackedNumbers(map.low),
			high: unpackedNumbers(map.high)
		};
		unpacked.set(map, made);
		return made;
	};
	const shownValue = (map: PackedMap, show: string, at: number): number => {
		const { value, null: none, low, high } = numbersOf(map);
		const is = value?.[at] ?? NaN;
		if (show === 'null') return none?.[at] ?? NaN;
		if (show === 'excess') {
			const left = 1 - (none?.[at] ?? NaN);
			// As `excess` has it, in float32.
			return left < 1e-6 ? 0 : (is - 1 + left) / left;
		}
		if (show === 'width') return (high?.[at] ?? NaN) - (low?.[at] ?? NaN);
		return is;
	};

	/** The map that is asked for, and the look at it; the first look where this map has no such one. */
	const current = (): { map: PackedMap; look: PackedShow } => {
		const kind = chosen('kind') || 'similarity';
		const map =
			maps.find(
				(each) =>
					each.map === kind &&
					(kind !== 'similarity' ||
						(each.metric === chosen('metric') && each.view === chosen('view')))
			) ?? maps[0];
		return { map, look: map.shows.find(({ show }) => show === chosen('show')) ?? map.shows[0] };
	};

	const entryOf = (value: number, [low, high]: readonly [number, number]): number =>
		Math.max(0, Math.min(255, Math.floor(((value - low) / (high - low || 1)) * 256)));

	const paint = (): void => {
		const { map, look } = current();
		const table = unpackedBytes(tables[look.table]);
		canvas.width = canvas.height = layers;
		const image = context.createImageData(layers, layers);
		for (let at = 0; at < cells; at++) {
			const value = shownValue(map, look.show, at);
			if (Number.isNaN(value)) continue;
			const from = entryOf(value, look.range) * 3;
			image.data.set([table[from], table[from + 1], table[from + 2], 255], at * 4);
		}
		context.putImageData(image, 0, 0);
		bar.width = 256;
		bar.height = 1;
		const line = barContext.createImageData(256, 1);
		for (let entry = 0; entry < 256; entry++)
			line.data.set([...table.subarray(entry * 3, entry * 3 + 3), 255], entry * 4);
		barContext.putImageData(line, 0, 0);
		part('low').textContent = numberText(look.range[0]);
		part('high').textContent = numberText(look.range[1]);
		part('legend').textContent = look.legend;
		part('key').textContent = look.key;
		part('about').textContent = `${map.about}.`;
		board.dataset.of = map.map;
		part('rows').textContent = map.directed ? 'source layer' : 'layer';
		part('columns').textContent = map.directed ? 'follower layer' : 'layer';
		board.setAttribute('aria-label', `${look.legend} of every two layers; arrow keys move`);
		const similarity = map.map === 'similarity';
		for (const name of ['metric', 'view', 'show']) part(`${name}-field`).hidden = !similarity;
		for (const option of select('show')?.options ?? [])
			option.disabled = !map.shows.some(({ show }) => show === option.value);
		const show = select('show');
		if (show !== null && similarity) show.value = look.show;
	};

	/** Squares of the spans of a plan and crosses on what it drops, in cells. */
	const drawPlan = (): void => {
		const marks = part('plan-marks');
		const plan = plans.at(Number(chosen('plan') || -1));
		const shape = (name: string, values: Record<string, number>): SVGElement => {
			const made = document.createElementNS('http://www.w3.org/2000/svg', name);
			for (const [key, value] of Object.entries(values)) made.setAttribute(key, String(value));
			return made;
		};
		const none = chosen('plan') === '' || plan === undefined;
		const shapes = (): SVGElement[] =>
			none
				? []
				: [
						...plan.spans.map(({ first, last }) => {
							const side = last - first + 1;
							return shape('rect', { x: first, y: first, width: side, height: side });
						}),
						...plan.dropped.flatMap((at) => [
							shape('line', { x1: at + 0.2, y1: at + 0.2, x2: at + 0.8, y2: at + 0.8 }),
							shape('line', { x1: at + 0.2, y1: at + 0.8, x2: at + 0.8, y2: at + 0.2 })
						])
					];
		// Twice, a dark edge below, so that they are seen on every colour.
		const edges = shapes();
		for (const edge of edges) edge.classList.add('edge');
		marks.replaceChildren(...edges, ...shapes());
	};

	let hover: [number, number] | null = null;
	let locked: [number, number] | null = null;
	const pairWords = (map: PackedMap, row: number, column: number): string => {
		if (row === column)
			return map.map === 'similarity' || map.map === 'output'
				? `Layer ${row} with itself`
				: `Attention of layer ${row} dropped`;
		return map.directed ? `Layer ${column} follows layer ${row}` : `Layers ${row} and ${column}`;
	};
	const valueWords = (map: PackedMap, at: number): string[] => {
		const { value, null: none, low, high } = numbersOf(map);
		const cost = map.map === 'damage' || map.map === 'recall';
		const is = value?.[at];
		if (is === undefined || Number.isNaN(is)) return ['not measured'];
		const [from, to] = [low?.[at], high?.[at]];
		const known = from !== undefined && to !== undefined && !Number.isNaN(from);
		const interval = known ? ` [${numberText(from, cost)}, ${numberText(to, cost)}]` : '';
		const unit = cost ? ' nats/token' : '';
		const name =
			map.map === 'similarity' ? `${map.metric} ` : map.map === 'output' ? 'output ' : '';
		const lines = [`${name}${numberText(is, cost)}${interval}${unit}`];
		if (known && map.interval !== '') lines.push(map.interval);
		if (none !== null)
			lines.push(
				`null ${numberText(none[at])}, excess ${numberText(shownValue(map, 'excess', at))}`
			);
		return lines;
	};
	const say = (): void => {
		const cell = hover ?? locked;
		const { map, look } = current();
		const marker = part('marker');
		const marks = board.querySelectorAll('.cell');
		for (const mark of marks) mark.toggleAttribute('hidden', cell === null);
		marker.hidden = cell === null;
		for (const label of board.querySelectorAll<HTMLElement>('[data-row], [data-column]'))
			label.classList.toggle(
				'on',
				cell !== null &&
					(label.dataset.row === String(cell[0]) || label.dataset.column === String(cell[1]))
			);
		if (cell === null) {
			part('pair').textContent = 'Point at a cell, or tap it.';
			part('value').replaceChildren();
			return;
		}
		const [row, column] = cell;
		const at = row * layers + column;
		for (const mark of marks) {
			mark.setAttribute('x', String(column));
			mark.setAttribute('y', String(row));
		}
		part('pair').textContent = pairWords(map, row, column);
		part('value').replaceChildren(
			...valueWords(map, at).map((line) => {
				const made = document.createElement('p');
				made.textContent = line;
				return made;
			})
		);
		const value = shownValue(map, look.show, at);
		marker.hidden = Number.isNaN(value);
		marker.style.left = `${((entryOf(value, look.range) + 0.5) / 256) * 100}%`;
	};
	const cellAt = (event: PointerEvent): [number, number] | null => {
		const box = canvas.getBoundingClientRect();
		const column = Math.floor(((event.clientX - box.left) / box.width) * layers);
		const row = Math.floor(((event.clientY - box.top) / box.height) * layers);
		const inside = row >= 0 && column >= 0 && row < layers && column < layers;
		return inside ? [row, column] : null;
	};

	board.addEventListener('pointermove', (event) => {
		hover = cellAt(event);
		say();
	});
	board.addEventListener('pointerleave', () => {
		hover = null;
		say();
	});
	board.addEventListener('pointerdown', (event) => {
		const cell = cellAt(event);
		locked = cell !== null && locked !== null && cell.join() === locked.join() ? null : cell;
		say();
	});
	board.addEventListener('keydown', (event) => {
		const steps: Record<string, [number, number]> = {
			ArrowUp: [-1, 0],
			ArrowDown: [1, 0],
			ArrowLeft: [0, -1],
			ArrowRight: [0, 1]
		};
		if (event.key === 'Escape') locked = null;
		else if (event.key in steps) {
			const [down, across] = steps[event.key];
			const within = (value: number) => Math.max(0, Math.min(layers - 1, value));
			locked = locked === null ? [0, 0] : [within(locked[0] + down), within(locked[1] + across)];
		} else return;
		hover = null;
		event.preventDefault();
		say();
	});
	for (const name of ['kind', 'metric', 'view', 'show', 'plan'])
		select(name)?.addEventListener('change', () => {
			paint();
			drawPlan();
			say();
		});
	paint();
	drawPlan();
	say();
}

/** Buttons that copy the text beside them; where a browser lets no file copy, the text is selected. */
function copyButtons(): void {
	for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
		button.hidden = false;
		button.addEventListener('click', () => {
			const from = document.getElementById(button.dataset.copy ?? '');
			if (from === null) return;
			const done = () => (button.textContent = 'Copied');
			const selected = () => {
				document.getSelection()?.selectAllChildren(from);
				button.textContent = 'Selected';
			};
			if (window.isSecureContext)
				navigator.clipboard.writeText(from.textContent).then(done, selected);
			else selected();
		});
	}
}

/** Opens folded details before printing, so that they are printed too, and folds them again afterwards. */
function openForPrint(): void {
	const folded: HTMLDetailsElement[] = [];
	addEventListener('beforeprint', () => {
		for (const each of document.querySelectorAll<HTMLDetailsElement>('details:not([open])')) {
			each.open = true;
			folded.push(each);
		}
	});
	addEventListener('afterprint', () => {
		for (const each of folded.splice(0)) each.open = false;
	});
}
