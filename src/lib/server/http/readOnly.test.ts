import { expect, test } from 'vitest';
import { changesWorkspace } from './readOnly.ts';

test.each([
	['GET', '/api/runs'],
	['HEAD', '/'],
	['POST', '/api/estimate'],
	['POST', '/api/models/mini-llama2'],
	['POST', '/api/runs/a/report']
])('%s %s only looks', (method, path) => {
	expect(changesWorkspace(method, path)).toBe(false);
});

test.each([
	['DELETE', '/api/runs/a'],
	['POST', '/api/jobs'],
	['POST', '/api/jobs/a/retry'],
	['POST', '/api/measurements'],
	['POST', '/api/model-folders'],
	['POST', '/api/bundles'],
	['PUT', '/api/labels/runs/a'],
	['POST', '/v1/completions'],
	['POST', '/api/runs/a/report/x'],
	['POST', '/api/estimate/x']
])('%s %s may change something', (method, path) => {
	expect(changesWorkspace(method, path)).toBe(true);
});
