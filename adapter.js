import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import node from '@sveltejs/adapter-node';

/**
 * What adapter-node's server takes unless the environment says otherwise. Its own defaults would listen on every
 * address, and cut bodies at 512 kB without a word; the endpoints have a bound of their own (MAX_BODY_BYTES).
 * Told to end, it would wait half a minute for the connections of pages that are open.
 */
const DEFAULTS = { HOST: '127.0.0.1', BODY_SIZE_LIMIT: '256M', SHUTDOWN_TIMEOUT: '2' };

/** adapter-node, whose entries first set the defaults above. */
export default function adapter() {
	// scripts/build.js says where; see scripts/builds.js.
	const out = join(process.env.SPANWISE_BUILD ?? 'build', 'pages');
	const inner = node({ out });
	return {
		...inner,
		async adapt(builder) {
			await inner.adapt(builder);
			writeFileSync(
				join(out, 'defaults.js'),
				Object.entries(DEFAULTS)
					.map(([name, value]) => `process.env.${name} ??= '${value}';\n`)
					.join('')
			);
			for (const entry of [join(out, 'index.js'), join(out, 'handler.js')]) {
				writeFileSync(entry, `import './defaults.js';\n${readFileSync(entry, 'utf8')}`);
			}
		}
	};
}
