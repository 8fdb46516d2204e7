import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planFor } from '../builders/deployed.ts';
import { tinyTokenizer } from '../builders/tokenizer.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

const { visit } = useVisitor();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
/** A model whose quantised experts are in one tensor a layer, so that it is written in no form. */
let model: string;
beforeAll(async () => {
	home = await temporaryFolder();
	const zoo = join(home.path, 'zoo');
	model = join(zoo, 'experts');
	await cp('tests/fixtures/quantised/gpt-oss', model, { recursive: true });
	await writeFile(join(model, 'tokenizer.json'), JSON.stringify(tinyTokenizer(true)));
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
	const page = await visit(`${server.url}/models/experts`);
	const plan = await planFor(model, [0, 0]);
	const buffer = Buffer.from(JSON.stringify(plan));
	await page
		.getByLabel('a plan.json')
		.setInputFiles({ name: 'plan.json', mimeType: 'application/json', buffer });
	const verdict = page.getByRole('status').filter({ hasText: 'plan.json can be' });
	await expect
		.poll(() => verdict.innerText())
		.toMatch(
			/^plan\.json can be evaluated, but not applied: onnx: .*not written as an ONNX decoder.*; transformers: .*keeps its quantised experts in one tensor a layer.*; gguf: /
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
