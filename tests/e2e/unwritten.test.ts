import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planFor } from '../builders/deployed.ts';
import { writeGguf } from '../builders/gguf.ts';
import { ggufOf } from '../builders/ggufOf.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

const { visit } = useVisitor();
const MODEL = 'models/mini-llama2';
const LAYERS = 16;

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
beforeAll(async () => {
	home = await temporaryFolder();
	const zoo = join(home.path, 'zoo');
	await mkdir(join(zoo, 'mini'), { recursive: true });
	// A GGUF file is written as one again, and llama.cpp knows no layer that follows another.
	const { metadata, tensors } = await ggufOf(MODEL, 'sentencepiece');
	await writeGguf(join(zoo, 'mini', 'plain.gguf'), metadata, tensors);
	const workspace = join(home.path, 'workspace');
	// Not empty, so that its server starts nothing by itself.
	await writeMadeUpRun(workspace);
	server = await startBuild(workspace, undefined, zoo);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

it('a plan of which no form can be written can be evaluated, and the model’s page says so', async () => {
	const page = await visit(`${server.url}/models/mini/plain`);
	const sources = Array.from({ length: LAYERS }, (_, layer) => (layer === 1 ? 0 : layer));
	const plan = await planFor(MODEL, sources);
	const buffer = Buffer.from(JSON.stringify(plan));
	await page
		.getByLabel('a plan.json')
		.setInputFiles({ name: 'plan.json', mimeType: 'application/json', buffer });
	const verdict = page.getByRole('status').filter({ hasText: 'plan.json can be' });
	await expect
		.poll(() => verdict.innerText())
		.toMatch(
			/^plan\.json can be evaluated, but not applied: onnx: .*is a GGUF file.*; transformers: .*is a GGUF file.*; gguf: .*layer 1 follows layer 0/
		);
	await page
		.getByRole('table', { name: 'layers' })
		.getByRole('row', { name: /^1 .* follows 0$/ })
		.waitFor();
	for (const said of ['can be applied', 'cannot be applied'])
		expect(await page.getByText(said).count()).toBe(0);
	expect(await page.getByRole('list', { name: 'Forms that spanwise apply writes' }).count()).toBe(
		0
	);
});
