import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelsAnswer } from '../../src/lib/client/api.ts';
import { writeCrashingModel } from '../builders/crashingOnnx.ts';
import { queue, SHORT_ANALYSIS, untilJob } from './setup/api.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { useVisitor } from './setup/visitor.ts';
import { temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

const { visit } = useVisitor();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
/** Of two models that onnxruntime runs, and between them of one that ends its process. */
let jobs: string[];
beforeAll(async () => {
	home = await temporaryFolder();
	const zoo = join(home.path, 'zoo');
	const workspace = join(home.path, 'workspace');
	await writeMadeUpRun(workspace);
	await writeCrashingModel(join(zoo, 'odd'));
	server = await startBuild(workspace, undefined, zoo);
	const listed = (await (await fetch(`${server.url}/api/models`)).json()) as ModelsAnswer;
	const odd = listed.find(({ id }) => id.includes('odd'));
	const queued = await queue(server.url, {
		...SHORT_ANALYSIS,
		models: ['mini-llama2', odd?.id ?? '', 'mini-llama3']
	});
	jobs = queued.map(({ id }) => id);
});
afterAll(async () => {
	await server.stop();
	await home.remove();
});

describe('a model on which onnxruntime ends its process', () => {
	it('fails its own job, which says why, and its neighbours go on', async () => {
		const ended = await Promise.all(
			jobs.map((id) =>
				untilJob(server.url, id, ({ state }) => state !== 'queued' && state !== 'running')
			)
		);
		expect(ended.map(({ state }) => state)).toEqual(['done', 'failed', 'done']);
		expect(ended[1].reason).toBe(
			'the worker crashed (SIGSEGV): onnxruntime does not survive something in this model; export it again with another version of the exporter, or remove what it was changed by'
		);
	});

	it('leaves the server alive, which shows the reason', async () => {
		const page = await visit(server.url);
		const list = page.getByRole('region', { name: 'Jobs' });
		await list
			.getByRole('listitem', { name: 'Job odd, failed' })
			.getByText(/crashed \(SIGSEGV\)/)
			.waitFor();
	});
});
