import { rgb } from 'd3-color';
import {
	interpolateCividis,
	interpolateMagma,
	interpolateRdBu,
	interpolateViridis
} from 'd3-scale-chromatic';
import { expect, it } from 'vitest';
import { TABLE_SIZE, type ColourMapName } from './colour.ts';

const interpolators: Record<ColourMapName, (t: number) => string> = {
	viridis: interpolateViridis,
	cividis: interpolateCividis,
	magma: interpolateMagma,
	// Red is high, as a reader of temperature maps expects; d3's runs the other way.
	difference: (t) => interpolateRdBu(1 - t)
};

function encoded(name: ColourMapName): string {
	const bytes = Array.from({ length: TABLE_SIZE }, (_, entry) => {
		const { r, g, b } = rgb(interpolators[name](entry / (TABLE_SIZE - 1)));
		return [r, g, b];
	});
	return Buffer.from(bytes.flat()).toString('base64');
}

it('colours.json holds the published maps; npm run colours writes it', async () => {
	const tables = Object.fromEntries(
		(['viridis', 'cividis', 'magma', 'difference'] as const).map((name) => [name, encoded(name)])
	);
	await expect(`${JSON.stringify(tables, null, '\t')}\n`).toMatchFileSnapshot('colours.json');
});
