import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import node from '@sveltejs/adapter-node';

/**
 * Adapter-node's own bound would cut bodies at 512 kB without a word; the endpoints have one of their own
 * (MAX_BODY_BYTES).
 */
const BODY_SIZE_LIMIT = '256M';

/** adapter-node, of which only the handler is used: `spanwise serve` looks at every request before it does. */
export default function adapter() {
	// scripts/build.js says where; see scripts/builds.js.
	const out = join(process.env.SPANWISE_BUILD ?? 'build', 'pages');
	const inner = node({ out });
	return {
		...inner,
		async adapt(builder) {
			await inner.adapt(builder);
			const limit = `process.env.BODY_SIZE_LIMIT ??= '${BODY_SIZE_LIMIT}';\n`;
			writeFileSync(join(out, 'defaults.js'), limit);
			const handler = join(out, 'handler.js');
			writeFileSync(handler, `import './defaults.js';\n${readFileSync(handler, 'utf8')}`);
			rmSync(join(out, 'index.js'));
		}
	};
}
