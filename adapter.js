import { readFileSync, writeFileSync } from 'node:fs';
import node from '@sveltejs/adapter-node';

/**
 * What adapter-node's server assumes unless the environment says otherwise. Its own defaults would listen on
 * every address and cut bodies at 512 kB; texts of 16 MB, escaped as JSON, take up to 32 MB, and a body over
 * the server's own bound should get its message.
 */
const DEFAULTS = { HOST: '127.0.0.1', BODY_SIZE_LIMIT: '64M' };

/** adapter-node, whose entries first set the defaults above. */
export default function adapter() {
	const inner = node();
	return {
		...inner,
		async adapt(builder) {
			await inner.adapt(builder);
			writeFileSync(
				'build/defaults.js',
				Object.entries(DEFAULTS)
					.map(([name, value]) => `process.env.${name} ??= '${value}';\n`)
					.join('')
			);
			for (const entry of ['build/index.js', 'build/handler.js']) {
				writeFileSync(entry, `import './defaults.js';\n${readFileSync(entry, 'utf8')}`);
			}
		}
	};
}
