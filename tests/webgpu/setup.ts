import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { browserOfThisMachine } from '../browser/machine.ts';

declare module 'vitest' {
	interface ProvidedContext {
		/** Description of a Vulkan driver that computes on the CPU. */
		vulkanDriver: string;
	}
}

const DRIVER = 'vk_swiftshader_icd.json';
const LOADERS = [
	'/usr/lib/x86_64-linux-gnu',
	'/usr/lib/aarch64-linux-gnu',
	'/usr/lib64',
	'/usr/lib'
];

/**
 * SwiftShader, the software Vulkan driver that Chromium brings, and the Vulkan loader, installed if need be. Throws where
 * either cannot be had.
 */
export default async function setup(project: TestProject): Promise<void> {
	const { executablePath } = await browserOfThisMachine();
	const folders = [dirname(realpathSync(executablePath)), '/usr/lib/chromium'];
	const driver = folders.map((folder) => join(folder, DRIVER)).find((file) => existsSync(file));
	if (driver === undefined) throw new Error(`${DRIVER}: not found in ${folders.join(', ')}`);
	if (!hasLoader()) {
		for (const args of [['update'], ['install', '-y', 'libvulkan1']])
			spawnSync('apt-get', args, { stdio: 'inherit' });
	}
	if (!hasLoader()) throw new Error('libvulkan.so.1: not found; install libvulkan1');
	project.provide('vulkanDriver', driver);
}

function hasLoader(): boolean {
	return LOADERS.some((folder) => existsSync(join(folder, 'libvulkan.so.1')));
}
