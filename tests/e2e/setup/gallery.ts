import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { build } from 'vite';

const FOLDER = 'test-results/gallery';
const TYPES: Readonly<Record<string, string>> = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript',
	'.css': 'text/css'
};

/** The gallery, built as a page by itself. */
export interface ServedGallery {
	url: string;
	/** Files that it is made from. */
	modules: string[];
	stop(): Promise<void>;
}

/** Builds the gallery of panels and serves it on a free port of 127.0.0.1. */
export async function serveGallery(): Promise<ServedGallery> {
	const built = await build({ configFile: 'vite.gallery.config.ts', logLevel: 'warn' });
	const outputs = [built].flat().flatMap((each) => ('output' in each ? each.output : []));
	const server = createServer((request, response) => {
		const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
		const file = join(FOLDER, normalize(pathname === '/' ? '/index.html' : pathname));
		readFile(file).then(
			(bytes) => {
				response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
				response.end(bytes);
			},
			() => {
				response.statusCode = 404;
				response.end();
			}
		);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	const port = address !== null && typeof address === 'object' ? address.port : 0;
	return {
		url: `http://127.0.0.1:${port}/`,
		modules: outputs.flatMap((output) => (output.type === 'chunk' ? output.moduleIds : [])),
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			})
	};
}
