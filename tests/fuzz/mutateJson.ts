import type { Random } from './random.ts';

/** A changed copy of a JSON value, still well-formed, and how it was changed. */
export interface MutatedJson {
	value: unknown;
	change: string;
}

type Container = unknown[] | Record<string, unknown>;

const ODD_VALUES: readonly unknown[] = [
	null,
	true,
	false,
	-1,
	0,
	1,
	1.5,
	2 ** 31,
	2 ** 53,
	1e308,
	'',
	'x',
	'../../etc/passwd',
	'\u001b[31m\n',
	'x'.repeat(10_000),
	[],
	[0],
	{},
	{ length: 3 }
];

/** Changes one meaning of a JSON value: a value, a type, a key, an order. `within`: only below this key. */
export function mutateJson(original: unknown, random: Random, within?: string): MutatedJson {
	const value = structuredClone(original);
	const all = containersOf(value, '');
	const places = within === undefined ? all : all.filter(({ path }) => path.startsWith(within));
	const { container, path } = random.pick(places.length > 0 ? places : all);
	return { value, change: `${path || 'the whole'}: ${mutateContainer(container, random)}` };
}

function mutateContainer(container: Container, random: Random): string {
	const keys = Object.keys(container);
	if (keys.length === 0) return addTo(container, random);
	const key = random.pick(keys);
	const entries = container as Record<string, unknown>;
	switch (random.pick(['odd', 'near', 'near', 'remove', 'swap', 'add', 'copy'])) {
		case 'odd':
			entries[key] = structuredClone(random.pick(ODD_VALUES));
			return `${key} became ${short(entries[key])}`;
		case 'near':
			entries[key] = near(entries[key], random);
			return `${key} became ${short(entries[key])}`;
		case 'remove':
			if (Array.isArray(container)) container.splice(Number(key), 1);
			else Reflect.deleteProperty(container, key);
			return `${key} removed`;
		case 'swap': {
			const other = random.pick(keys);
			[entries[key], entries[other]] = [entries[other], entries[key]];
			return `${key} and ${other} swapped`;
		}
		case 'copy': {
			const other = random.pick(keys);
			entries[key] = structuredClone(entries[other]);
			return `${key} became a copy of ${other}`;
		}
		default:
			return addTo(container, random);
	}
}

function addTo(container: Container, random: Random): string {
	const value = structuredClone(random.pick(ODD_VALUES));
	if (Array.isArray(container)) {
		container.push(value);
		return `${short(value)} appended`;
	}
	const key = random.pick(['extra', '__proto__', 'constructor', 'length']);
	Object.defineProperty(container, key, { value, enumerable: true, configurable: true });
	return `${key} added: ${short(value)}`;
}

/** Another value of the same type, close by. */
function near(value: unknown, random: Random): unknown {
	if (typeof value === 'number') {
		return random.pick([value + 1, value - 1, -value, value * 2, value / 2, value + 1e-3]);
	}
	if (typeof value === 'string') {
		return random.pick([
			`${value}x`,
			value.slice(1),
			value.toUpperCase(),
			` ${value}`,
			`${value}\n`
		]);
	}
	if (typeof value === 'boolean') return !value;
	if (Array.isArray(value)) {
		const list: unknown[] = value;
		return random.pick([[...list].reverse(), [...list, ...list], list.slice(1)]);
	}
	return random.pick(ODD_VALUES);
}

function containersOf(value: unknown, path: string): { container: Container; path: string }[] {
	if (typeof value !== 'object' || value === null) return [];
	const container = value as Container;
	return [
		{ container, path },
		...Object.entries(container).flatMap(([key, each]) =>
			containersOf(each, path === '' ? key : `${path}.${key}`)
		)
	];
}

function short(value: unknown): string {
	const text = JSON.stringify(value);
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
