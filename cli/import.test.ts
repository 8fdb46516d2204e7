import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tasks } from '../analysis/measure/tasks/types.ts';
import { runCommand } from '../tests/builders/command.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-import-'));
	const write = (name: string, right: (id: number) => number) => {
		const lines = Array.from({ length: 40 }, (_, id) =>
			JSON.stringify({
				...{ doc_id: id, filter: 'none', metrics: ['acc'], acc: right(id) },
				...{ doc_hash: `d${id}`, prompt_hash: `p${id}`, target_hash: `t${id}` }
			})
		);
		return writeFile(join(scratch, name), lines.join('\n'));
	};
	await write('a.jsonl', (id) => Number(id % 2 === 0));
	await write('b.jsonl', (id) => Number(id % 4 === 0));
});
afterAll(() => rm(scratch, { recursive: true }));

const at = (name: string) => join(scratch, name);
const run = (...args: string[]) => runCommand([...args, '--home', at('home')]);

describe('spanwise import lm-eval', () => {
	it('prints the paired comparison and keeps it in the workspace', async () => {
		const files = [at('a.jsonl'), at('b.jsonl')];
		const { code, stdout, stderr } = await run('import', 'lm-eval', ...files);
		expect([code, stderr]).toEqual([0, expect.stringContaining('saved to the workspace as')]);
		expect(stdout).toMatch(/a +acc +40 +50\.0% +25\.0% +−25\.0% +\[/);
		expect(stdout).toContain('10 : 0, 0.0020');
		const listed = await run('results', '--format', 'json');
		expect(listed.stdout).toContain('acc −25.0%');
	});
	it('is about the model that is named', async () => {
		const files = [at('a.jsonl'), at('b.jsonl')];
		const { stdout } = await run('import', 'lm-eval', ...files, '--model', 'mini-llama2', '--json');
		const { model, rows } = JSON.parse(stdout) as Tasks;
		expect(model).toMatchObject({ name: 'mini-llama2' });
		expect(model.hash).toMatch(/^[0-9a-f]{64}$/);
		expect(rows).toHaveLength(1);
	});
	it('refuses what are no samples', async () => {
		const { code, stderr } = await run('import', 'lm-eval', at('a.jsonl'), at('none.jsonl'));
		expect([code, stderr]).toEqual([2, expect.stringContaining('none.jsonl: cannot be read')]);
	});
});
