import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

const BASELINES = 'tests/e2e/baselines';
const RESULTS = 'test-results';
/** Fraction of pixels that may differ: the edges of cells may fall a pixel off. */
const TOLERANCE = 0.01;
/** Largest difference of a pixel's colour that does not count; pixelmatch's own measure, 0 to 1. */
const COLOUR_THRESHOLD = 0.05;

/**
 * Compares a picture with `tests/e2e/baselines/<name>.png` and returns what is wrong, or null. A picture that
 * differs is left in test-results/, to be looked at and, if the change was intended, to be the new baseline.
 */
export function differenceFromBaseline(name: string, picture: PNG): string | null {
	mkdirSync(RESULTS, { recursive: true });
	const file = join(BASELINES, `${name}.png`);
	const result = join(RESULTS, `${name}.png`);
	const leave = (reason: string) => {
		writeFileSync(result, PNG.sync.write(picture));
		return `${reason}; the picture is ${result}`;
	};
	if (!existsSync(file)) return leave(`no baseline ${file}`);
	const baseline = PNG.sync.read(readFileSync(file));
	const { width, height } = baseline;
	if (picture.width !== width || picture.height !== height) {
		return leave(`${picture.width} × ${picture.height} pixels; ${file} has ${width} × ${height}`);
	}
	const differing = pixelmatch(picture.data, baseline.data, undefined, width, height, {
		threshold: COLOUR_THRESHOLD
	});
	return differing <= TOLERANCE * width * height
		? null
		: leave(`${differing} pixels differ from ${file}`);
}
