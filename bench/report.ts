import { mkdir, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { VERSION } from '../analysis/version.ts';

/** One line of the report: what was measured, and the aim where there is one. */
export interface Line {
	id: string;
	what: string;
	value: number | null;
	unit: string;
	aim: { atMost: number } | { atLeast: number } | null;
	/** Way in which the value was measured, or the reason why there is none. */
	detail: string;
}

/** Prints lines as they come and keeps them for results.json. */
export class Report {
	readonly #lines: Line[] = [];

	add(line: Line): void {
		this.#lines.push(line);
		const value = line.value === null ? '—' : `${round(line.value)} ${line.unit}`.trim();
		const missed = met(line) === false ? '  MISSED' : '';
		console.log(`(${line.id}) ${line.what}: ${value}${aimText(line)}${missed}\n    ${line.detail}`);
	}

	async write(folder: string): Promise<void> {
		const results = {
			measuredAt: new Date().toISOString(),
			spanwise: VERSION,
			machine: {
				platform: `${platform()} ${arch()}`,
				processor: cpus()[0]?.model ?? 'unknown',
				cores: availableParallelism(),
				memoryBytes: totalmem(),
				node: process.version
			},
			lines: this.#lines.map((line) => ({ ...line, met: met(line) }))
		};
		await mkdir(folder, { recursive: true });
		await writeFile(join(folder, 'results.json'), `${JSON.stringify(results, null, '\t')}\n`);
	}
}

/** Tests if a value meets its aim; null: there is no value or no aim. */
export function met({ value, aim }: Pick<Line, 'value' | 'aim'>): boolean | null {
	if (value === null || aim === null) return null;
	return 'atMost' in aim ? value <= aim.atMost : value >= aim.atLeast;
}

function aimText({ aim, unit }: Line): string {
	if (aim === null) return '';
	const text = 'atMost' in aim ? `at most ${aim.atMost}` : `at least ${aim.atLeast}`;
	return ` (aim: ${text} ${unit}`.trimEnd() + ')';
}

function round(value: number): string {
	return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
