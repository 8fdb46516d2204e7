import { describe, expect, it } from 'vitest';
import { VERSION } from '../analysis/version.ts';
import { runCommand } from '../tests/builders/command.ts';

const SUBCOMMANDS = [
	'models',
	'analyze',
	'similarity',
	'plan',
	'evaluate',
	'damage',
	'compare',
	'export',
	'savings',
	'serve'
];

describe('the command', () => {
	it('prints its version on stdout', async () => {
		expect(await runCommand(['--version'])).toEqual({
			code: 0,
			stdout: `${VERSION}\n`,
			stderr: ''
		});
	});

	it('without a subcommand prints the help on stderr and exits 2', async () => {
		const { code, stdout, stderr } = await runCommand([]);
		expect([code, stdout]).toEqual([2, '']);
		for (const name of SUBCOMMANDS) expect(stderr).toContain(`  ${name} `);
	});

	it.each(SUBCOMMANDS)('%s --help goes to stdout, with an example and --json', async (name) => {
		const { code, stdout, stderr } = await runCommand([name, '--help']);
		expect([code, stderr]).toEqual([0, '']);
		expect(stdout).toContain('--json');
		expect(stdout).toMatch(new RegExp(`Examples?.*:\\n +.*spanwise ${name}`, 's'));
	});

	it.each(SUBCOMMANDS)('%s takes those of the shared options that it uses', async (name) => {
		const { stdout } = await runCommand([name, '--help']);
		const looks = !['similarity', 'plan', 'results', 'compare', 'export'].includes(name);
		const runs = looks && !['models', 'inspect', 'savings', 'apply'].includes(name);
		expect(stdout).toContain('--home');
		expect(stdout.includes('--models <')).toBe(looks);
		expect(stdout.includes('--memory <')).toBe(runs);
	});

	it.each([
		[['nope'], "error: unknown command 'nope'; see --help\n"],
		[['models', '--qqqqqq'], "error: unknown option '--qqqqqq'; see --help\n"],
		[['plan', 'r', '--followrs', '3'], 'Did you mean --followers?'],
		[['analyze', 'm'], "error: required option '--text <file...>' not specified; see --help\n"],
		[['similarity', 'r', '--memory', '4GB'], "error: unknown option '--memory'"],
		[['--memory', '4GB', 'similarity', 'r'], 'error: --memory: not an option of similarity'],
		[['similarity'], "error: missing required argument 'run'; see --help\n"],
		[['similarity', 'a', 'b'], "error: too many arguments for 'similarity'"],
		[['similarity', 'r', '--metric', 'x'], 'Allowed choices are cosine, cosine-mean'],
		[['similarity', 'r', '--heads', '3'], 'expected two layers such as 3,4'],
		[['plan', 'r', '--followers', '-1'], 'expected a whole number of at least 0'],
		[['plan', 'r', '--min-similarity', 'high'], 'expected a number such as 0.8'],
		[['plan', 'r', '--followers', '2', '--protect', '0,x'], 'expected a whole number'],
		[['analyze', 'm', '--text', 't', '--metrics', 'cosine,x'], 'found "x"; allowed: cosine, '],
		[['analyze', 'm', '--text', 't', '--memory', 'lots'], 'expected a size such as 4GB'],
		[['analyze', 'm', '--text', 't', '--memory', '101%'], 'expected a size such as 4GB'],
		[['analyze', 'm', '--text', 't', '--js-rows', '0'], 'expected a whole number of at least 1'],
		[['evaluate', 'm', '--plan', 'p', '--text', 't', '--min-agreement', '90'], 'from 0 to 1'],
		[
			['evaluate', 'm', '--text', 't'],
			'--plan: missing; evaluate compares a model with and without a plan'
		],
		[['damage', 'm', '--text', 't', '--max-span', '1'], 'expected a whole number of at least 2'],
		[['export', 'p', '--to', 'vllm'], 'Allowed choices are json, csv, shareatt']
	])('%j is bad usage: one line on stderr, nothing on stdout, exit 2', async (args, message) => {
		const { code, stdout, stderr } = await runCommand(args);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toContain(message);
		expect(stderr.match(/\n/g)).toHaveLength(1);
	});
});
