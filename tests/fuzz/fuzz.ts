import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fuzzTarget, type TargetReport } from './supervise.ts';
import { TARGETS } from './targets/targets.ts';

/**
 * Throws changed files at every reader and counts what becomes of them:
 *
 *     npm run fuzz -- [--minutes N] [--mutants N] [--seed N] [--target NAME]
 *
 * Mutants come from seeds one after another, so that `--target NAME --seed N --mutants 1` tries one again. Ends with 1
 * where a promise was broken.
 */
const { values } = parseArgs({
	options: {
		minutes: { type: 'string', default: '10' },
		mutants: { type: 'string' },
		seed: { type: 'string', default: '1' },
		target: { type: 'string' }
	}
});
const chosen = [...TARGETS.keys()].filter((name) => [undefined, name].includes(values.target));
const minutes = Number(values.minutes);
const first = Number(values.seed);
const mutants = Number(values.mutants ?? Infinity);
if (chosen.length === 0 || !(minutes > 0) || !Number.isInteger(first) || !(mutants > 0)) {
	process.stderr.write(
		`--target: one of ${[...TARGETS.keys()].join(', ')}; --minutes, --mutants: above 0; --seed: a whole number\n`
	);
	process.exit(2);
}
const script = fileURLToPath(new URL('child.js', import.meta.url));
const started = Date.now();
const reports: TargetReport[] = [];
for (const [at, target] of chosen.entries()) {
	process.stderr.write(`${target} …\n`);
	const until = started + (minutes * 60_000 * (at + 1)) / chosen.length;
	reports.push(await fuzzTarget(script, target, { first, mutants, until }));
}
for (const { target, mutants: count, wellFormed, refused, right, findings } of reports) {
	process.stdout.write(
		`${target}: ${count} mutants, ${wellFormed} well-formed; ${refused} refused, ${right} right, ${findings.length} findings\n`
	);
	for (const { seed, what } of findings) process.stdout.write(`  --seed ${seed}: ${what}\n`);
}
process.exitCode = reports.some(({ findings }) => findings.length > 0) ? 1 : 0;
