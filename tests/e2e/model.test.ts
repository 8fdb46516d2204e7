import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelReport, PlanReport } from '../../src/lib/client/api.ts';
import { runCommand } from '../builders/command.ts';
import { SIZES, smallDecoderBytes } from '../builders/onnxDecoder.ts';
import { smallDecoderPlan } from '../builders/onnxPlan.ts';
import { tinyTokenizer } from '../builders/tokenizer.ts';
import { runsOf } from './setup/api.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { hydrated, useVisitor } from './setup/visitor.ts';
import { temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
/** The folder with two variants of one ONNX model, as onnx-community lays them out. */
let zoo: string;
beforeAll(async () => {
	home = await temporaryFolder();
	zoo = join(home.path, 'zoo');
	const folder = join(zoo, 'small');
	await mkdir(join(folder, 'onnx'), { recursive: true });
	const files = {
		'onnx/model.onnx': smallDecoderBytes({ form: 'GroupQueryAttention' }),
		'onnx/model_cut.onnx': smallDecoderBytes().subarray(0, 999),
		'tokenizer.json': JSON.stringify(tinyTokenizer(true)),
		'config.json': JSON.stringify({
			architectures: ['LlamaForCausalLM'],
			num_hidden_layers: SIZES.layers,
			num_attention_heads: SIZES.heads,
			num_key_value_heads: SIZES.kvHeads,
			hidden_size: SIZES.hidden,
			intermediate_size: 64
		})
	};
	for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
	const workspace = join(home.path, 'workspace');
	await writeMadeUpRun(workspace);
	server = await startBuild(workspace, undefined, zoo);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});
const { visit, expectProblem } = useVisitor();

const form = (page: Page) => page.getByRole('form', { name: 'New analysis' });
const models = (page: Page) => page.getByRole('table', { name: 'models' });
const layers = (page: Page) => page.getByRole('table', { name: 'layers' });

/** Returns a plan of the small decoder as a file to be chosen. */
function planFile(sources: (number | null)[], name = 'plan.json') {
	const buffer = Buffer.from(JSON.stringify(smallDecoderPlan(sources)));
	return { name, mimeType: 'application/json', buffer };
}

describe('an ONNX model in a --models folder', () => {
	it('is listed, described on its page, analysed from there, and its run leads back', async () => {
		const page = await visit(server.url);
		await models(page)
			.getByRole('row', { name: /^small ONNX, folder .*3 × 4 \(2 kv\)/ })
			.getByRole('link', { name: 'small', exact: true })
			.click();
		await page.getByRole('heading', { name: 'small', level: 1 }).waitFor();
		await layers(page)
			.getByRole('row', {
				name: /^0–2 .*\{layer\}.* com\.microsoft\.GroupQueryAttention 4 \(2\) none 4th output/
			})
			.waitFor();
		await page
			.getByRole('table', { name: 'inputs' })
			.getByRole('row', { name: /^input_ids int64/ })
			.waitFor();
		await page.getByText('None yet.').waitFor();

		await page.getByRole('link', { name: 'Analyse …' }).click();
		await form(page)
			.getByRole('checkbox', { name: /^small ONNX 3 × 4/, checked: true })
			.waitFor();
		await expect.poll(() => form(page).getByRole('checkbox', { checked: true }).count()).toBe(2);
		await form(page).getByText('Paste', { exact: true }).click();
		await form(page)
			.getByRole('textbox', { name: 'Text to read' })
			.fill('the cat sat on the mat and the dog lay by the door '.repeat(40));
		await form(page)
			.getByRole('spinbutton', { name: /^Context/ })
			.fill('24');
		await form(page).getByRole('spinbutton', { name: 'Windows' }).fill('3');
		await form(page)
			.getByRole('region', { name: 'Estimate' })
			.getByRole('row', { name: /^small .*MB .*72$/ })
			.waitFor();
		await form(page).getByRole('button', { name: 'Analyse' }).click();
		const job = page.getByRole('listitem', { name: 'Job small, done' });
		await job.waitFor({ timeout: 60_000 });
		const run = (await runsOf(server.url)).runs.find(({ model }) => model.name === 'small');
		expect(run?.model.folder).toBe(join(zoo, 'small', 'onnx', 'model.onnx'));
		// The pasted text is kept where the command reads it.
		const [, kept = ''] =
			/^spanwise analyze small --text (\S+\/texts\/\w+\/pasted_text\.txt) --context 24 --windows 3 --models \S+$/.exec(
				run?.command ?? ''
			) ?? [];
		expect(await readFile(kept, 'utf8')).toMatch(/^the cat sat on the mat/);
		const again = await runCommand([
			...(run?.command ?? '').split(' ').slice(1),
			...['--home', join(home.path, 'again')]
		]);
		expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('small')]);

		await job.getByRole('link', { name: 'Open the run' }).click();
		await page.getByRole('grid', { name: /every two layers of small/ }).waitFor();
		await page.goto(`${server.url}/runs/${run?.id ?? ''}?cell=0,2&heads=1,3`);
		await hydrated(page);
		const tokens = page.getByRole('region', { name: 'Token maps' });
		await tokens.getByRole('radio', { name: 'maps' }).check({ force: true });
		await tokens
			.getByRole('grid', { name: /^Layer 2 head 3: probability/ })
			.first()
			.waitFor();

		await page.getByRole('heading', { level: 1 }).getByRole('link', { name: 'small' }).click();
		const made = page.getByRole('table', { name: 'runs of this model' });
		await made.getByRole('link', { name: run?.id ?? '' }).waitFor();
		await expect.poll(() => made.getByRole('link').count()).toBe(1);
		await layers(page).waitFor();
	});

	it('says of a plan, layer by layer, whether it can be applied', async () => {
		const page = await visit(`${server.url}/models/small`);
		const choose = page.getByLabel('a plan.json');
		await choose.setInputFiles(planFile([0, 0, null]));
		await page.getByText('can be applied', { exact: true }).waitFor();
		const forms = page.getByRole('list', { name: 'Forms that spanwise apply writes' });
		await expect
			.poll(() => forms.getByRole('listitem').allTextContents())
			.toEqual([
				'--to onnx yes',
				expect.stringMatching(/^--to transformers .* an ONNX model, which is written as one/),
				expect.stringMatching(/^--to gguf .* an ONNX model, which is written as one/)
			]);
		await layers(page)
			.getByRole('row', { name: /^1 .* follows 0$/ })
			.waitFor();
		await layers(page)
			.getByRole('row', { name: /^2 .* dropped$/ })
			.waitFor();

		await choose.setInputFiles(planFile([0, 0, 2, 3], 'four.json'));
		await page.getByText('four.json cannot be applied:').waitFor();
		await page.getByText(/plan for small: 4 layers; small has 3/).waitFor();
		expect(await layers(page).getByText('dropped').count()).toBe(0);

		expectProblem(/400/);
		const other = { name: 'notes.json', mimeType: 'application/json', buffer: Buffer.from('{}') };
		await choose.setInputFiles(other);
		await page
			.getByRole('alert')
			.getByText(/not a plan; expected format "spanwise\/plan"/)
			.waitFor();
	});

	it('that is cut short says so on its page, and is not offered', async () => {
		const page = await visit(server.url);
		await models(page)
			.getByRole('row', { name: /^small\/model_cut .*not usable/ })
			.getByRole('link')
			.click();
		await page.getByRole('heading', { name: 'small/model_cut', level: 1 }).waitFor();
		await page.getByText(/^It cannot be analysed: cannot be read .*cut short/).waitFor();
		expect(await page.getByRole('link', { name: 'Analyse …' }).count()).toBe(0);
		expect(await layers(page).count()).toBe(0);
	});
});

it('a checkpoint has a page with its layers', async () => {
	const page = await visit(`${server.url}/models/mini-llama3`);
	await layers(page)
		.getByRole('row', { name: /^0–15 model\.layers\.\{layer\}\.self_attn checkpoint 6 \(2\) none/ })
		.waitFor();
	await page
		.getByRole('table', { name: 'files' })
		.getByRole('row', { name: /^model\.safetensors/ })
		.waitFor();

	const sources = Array.from({ length: 16 }, (_, layer) => (layer === 1 ? 0 : layer));
	const plan = smallDecoderPlan(sources);
	const repaired = {
		...plan,
		model: { ...plan.model, heads: 6, kvHeads: 2 },
		repair: { file: 'repair.safetensors', sha256: '0'.repeat(64), strength: 1 }
	};
	const buffer = Buffer.from(JSON.stringify(repaired));
	await page
		.getByLabel('a plan.json')
		.setInputFiles({ name: 'plan.json', mimeType: 'application/json', buffer });
	await page
		.getByText('1←0; its refitted weights, repair.safetensors, were not looked for')
		.waitFor();
});

it('a model that is not known has a page that says what to do', async () => {
	expectProblem(/404/);
	const page = await visit(`${server.url}/models/nobody%2Fnothing`);
	await page
		.getByRole('heading', { name: 'model nobody/nothing: not among the models found' })
		.waitFor();
	await page.getByText(/add its folder on the first page, or choose one from the list/).waitFor();
	await expect
		.poll(() => page.getByRole('link', { name: 'All models' }).getAttribute('href'))
		.toBe('/');
});

describe('/api/models/[id]', () => {
	const post = (id: string, body: unknown) =>
		fetch(`${server.url}/api/models/${id}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body)
		});

	it('describes a model, and checks a plan against it; ids may hold slashes', async () => {
		const report = (await (await fetch(`${server.url}/api/models/small`)).json()) as ModelReport;
		expect(report).toMatchObject({
			listing: { id: 'small', form: 'onnx', problem: null },
			layers: [{ heads: 4 }, { kvHeads: 2 }, { shareable: { possible: true } }],
			files: [{ name: 'model.onnx' }],
			problem: null
		});
		const cut = (await (
			await fetch(`${server.url}/api/models/small%2Fmodel_cut`)
		).json()) as ModelReport;
		expect(cut).toMatchObject({ listing: { id: 'small/model_cut' }, layers: [], graph: null });

		const checked = await post('small', { plan: smallDecoderPlan([0, 0, 2]) });
		expect((await checked.json()) as PlanReport).toEqual({
			layers: [0, 0, 2].map((source, layer) => ({ layer, source, problem: null })),
			problem: null,
			// The first test has run it, so that its hash is known.
			warning: expect.stringContaining('different weights') as unknown,
			unseen: null,
			targets: [
				{ target: 'onnx', problem: null },
				{
					target: 'transformers',
					problem: expect.stringContaining('an ONNX model, which is written as one') as unknown
				},
				{
					target: 'gguf',
					problem: expect.stringContaining('an ONNX model, which is written as one') as unknown
				}
			],
			unwritten: null
		});
	});

	it('refuses an unknown model and what is no plan', async () => {
		const unknown = await fetch(`${server.url}/api/models/nobody%2Fnothing`);
		expect([unknown.status, await unknown.json()]).toEqual([
			404,
			{ message: 'model nobody/nothing: not among the models found' }
		]);
		const refused = await post('small', { plan: {} });
		expect([refused.status, await refused.json()]).toEqual([
			400,
			{ message: 'plan: not a plan; expected format "spanwise/plan"' }
		]);
	});
});
