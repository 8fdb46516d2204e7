import type { ResultParts } from './folder.ts';
import type { StoredResult } from './types.ts';

/** A measurement as it is stored: what it is about is taken from its figures. */
export function partsOf(
	result: StoredResult['result'],
	{ command, telemetry }: Pick<StoredResult, 'command' | 'telemetry'>
): ResultParts {
	const { model, texts, context } = figuresOf(result);
	return { model, texts, context, windows: windowsOf(result), command, telemetry, result };
}

function figuresOf(result: StoredResult['result']) {
	switch (result.kind) {
		case 'damage':
			return result.damage;
		case 'evaluate':
			return result.evaluation;
		case 'search':
			return result.search;
		case 'bench': {
			const { model, modelHash, setting } = result.bench;
			return { model: { name: model, hash: modelHash }, texts: [], context: setting.prompt };
		}
	}
}

function windowsOf(result: StoredResult['result']): number {
	switch (result.kind) {
		case 'damage':
			return result.damage.windows;
		case 'evaluate':
			return result.evaluation.report.windows.length;
		case 'search':
			return result.search.report.parts.report.windows;
		case 'bench':
			return result.bench.setting.repeats;
	}
}
