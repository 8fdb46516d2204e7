import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { vulkanProblem, type VulkanPlaces } from './vulkan.ts';

let root: string;
let places: VulkanPlaces;
beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), 'spanwise-vulkan-'));
	places = {
		libraries: [join(root, 'lib'), ''],
		drivers: [join(root, 'icd.d'), join(root, 'none')]
	};
	await mkdir(places.libraries[0]);
	await mkdir(places.drivers[0]);
});
afterEach(() => rm(root, { recursive: true }));

const library = (name: string) => writeFile(join(places.libraries[0], name), '');
const driver = (path: string) =>
	writeFile(
		join(places.drivers[0], 'one.json'),
		JSON.stringify({ ICD: { library_path: path, api_version: '1.3' } })
	);

it('names the loader, a driver and what NVIDIA’s driver needs, one after the other, with their packages', async () => {
	expect(await vulkanProblem(places)).toMatch(
		/^the Vulkan loader libvulkan.so.1 is missing; install/
	);
	await library('libvulkan.so.1');
	expect(await vulkanProblem(places)).toMatch(/^no Vulkan driver is installed/);
	await driver('libGLX_nvidia.so.0');
	expect(await vulkanProblem(places)).toMatch(
		/does not start without libEGL.so.1; install libegl1/
	);
	await library('libEGL.so.1');
	expect(await vulkanProblem(places)).toBeNull();
});

it('takes a driver that is named, and does not ask for EGL where it is not NVIDIA’s', async () => {
	await library('libvulkan.so.1');
	await driver('libvulkan_lvp.so');
	const named = join(places.drivers[0], 'one.json');
	expect(await vulkanProblem({ ...places, drivers: [named] })).toBeNull();
	expect(await vulkanProblem({ ...places, drivers: [join(root, 'other.json')] })).toMatch(
		/^no Vulkan driver is installed/
	);
});
