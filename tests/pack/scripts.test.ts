import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Lock {
	packages: Record<string, { hasInstallScript?: boolean; dev?: boolean; optional?: boolean }>;
}

const project = JSON.parse(readFileSync('package.json', 'utf8')) as {
	allowScripts: Record<string, boolean>;
};
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;

// npm 11.16 and later ask allowScripts. Earlier ones run what the lock file says has a script, which for onnxruntime-node
// fetches GPU libraries from elsewhere.
it('npm ci runs no script of a dependency, whatever version of npm it is', () => {
	expect(project.allowScripts).toEqual({ 'onnxruntime-node': false });
	const withScripts = Object.entries(lock.packages)
		.filter(([, { hasInstallScript }]) => hasInstallScript)
		.map(([path]) => path);
	expect(withScripts, 'remove hasInstallScript from the lock file').toEqual([]);
});
