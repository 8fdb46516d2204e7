import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { readTextFile } from '../edge/json.ts';

/** Places of Vulkan's parts on Linux. */
export interface VulkanPlaces {
	/** Folders of libraries. */
	libraries: readonly string[];
	/** Folders of the drivers' descriptions, or the descriptions themselves where they were named. */
	drivers: readonly string[];
}

const LIBRARY_FOLDERS = [
	'/usr/lib/x86_64-linux-gnu',
	'/usr/lib/aarch64-linux-gnu',
	'/lib/x86_64-linux-gnu',
	'/lib/aarch64-linux-gnu',
	'/usr/lib64',
	'/usr/lib',
	'/usr/local/lib'
];
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

const LOADER = 'libvulkan.so.1';
/** NVIDIA's driver, and the library without which it does not start, as in many containers. */
const NVIDIA_DRIVER = 'libGLX_nvidia';
const NVIDIA_NEEDS = 'libEGL.so.1';
/** The description of a driver has some hundred bytes. */
const MAX_DRIVER_BYTES = 100_000;

/** The places of this machine, by its environment. */
function placesHere(): VulkanPlaces {
	const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
	return {
		libraries: [...LIBRARY_FOLDERS, ...(process.env.LD_LIBRARY_PATH ?? '').split(delimiter)],
		drivers: named?.split(delimiter) ?? DRIVER_FOLDERS
	};
}

/** Finds a part that Vulkan needs on Linux and that is missing, with the package that has it; null: all is there. */
export async function vulkanProblem(places = placesHere()): Promise<string | null> {
	const libraries = (await Promise.all(places.libraries.map(namesIn))).flat();
	if (!libraries.includes(LOADER)) {
		return `the Vulkan loader ${LOADER} is missing; install libvulkan1 (Debian, Ubuntu) or vulkan-loader (Fedora, Arch: vulkan-icd-loader)`;
	}
	const drivers = (await Promise.all(places.drivers.map(descriptionsAt))).flat();
	if (drivers.length === 0) {
		return `no Vulkan driver is installed (${places.drivers.join(', ')}); NVIDIA's driver brings one, mesa-vulkan-drivers has those for AMD and Intel`;
	}
	const nvidia = drivers.some((text) => text.includes(NVIDIA_DRIVER));
	if (nvidia && !libraries.includes(NVIDIA_NEEDS)) {
		return `NVIDIA's Vulkan driver does not start without ${NVIDIA_NEEDS}; install libegl1 (Debian, Ubuntu) or libglvnd-egl (Fedora; Arch: libglvnd)`;
	}
	return null;
}

async function namesIn(folder: string): Promise<string[]> {
	return folder === '' ? [] : await readdir(folder).catch(() => []);
}

/** Descriptions of drivers in a folder, or the one that is named; what cannot be read is left aside. */
async function descriptionsAt(place: string): Promise<string[]> {
	const files = place.endsWith('.json')
		? [place]
		: (await namesIn(place))
				.filter((name) => name.endsWith('.json'))
				.map((name) => join(place, name));
	const texts = await Promise.all(
		files.map((file) => readTextFile(file, MAX_DRIVER_BYTES).catch(() => ''))
	);
	return texts.filter((text) => text !== '');
}
