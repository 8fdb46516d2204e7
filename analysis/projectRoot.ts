import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of Spanwise's package.json, with the bundled models and texts; the same for source, build and package. */
export function projectRoot(): string {
	let folder = dirname(fileURLToPath(import.meta.url));
	while (!isProject(join(folder, 'package.json'))) {
		const parent = dirname(folder);
		if (parent === folder) throw new Error(`no package.json of spanwise above ${import.meta.url}`);
		folder = parent;
	}
	return folder;
}

function isProject(file: string): boolean {
	return existsSync(file) && /"name"\s*:\s*"spanwise"/.test(readFileSync(file, 'utf8'));
}
