import { createHash } from 'node:crypto';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync
} from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

/*
 * dist/<id>/ is one build: command/ (the command and its workers) and pages/ (the server and what browsers get). It is
 * never changed once it is there, because a running server reads from it until it ends. dist/spanwise.js and its
 * neighbours are small entries that name the newest build; replacing them is how a build takes over.
 */

/** Files and folders that a build is made from, relative to the project. */
const INPUTS = [
	'adapter.js',
	'analysis',
	'cli',
	'package-lock.json',
	'package.json',
	'scripts',
	'src',
	'static',
	'svelte.config.js',
	'vite.config.ts',
	'vite.node.config.ts'
];
const ID_LENGTH = 12;
/** Builds under way are named so, with the process that makes them. */
const UNFINISHED = '.unfinished-';
/** Pattern of the chunks that entries import, named by their hash. Nobody starts one by itself. */
const CHUNK = /-[\w-]{8}\.js$/;
/** Files named by process number: who runs from a build. */
const RUNNING = 'running';

/**
 * Names the build that the sources would give: a hash of every file that goes into one, tests left aside.
 * @param {string} root the project's folder
 */
export function buildId(root) {
	const hash = createHash('sha256');
	for (const input of INPUTS) {
		for (const file of filesOf(join(root, input))) {
			hash.update(`${relative(root, file).split(sep).join('/')}\0`);
			hash.update(createHash('sha256').update(readFileSync(file)).digest());
		}
	}
	return hash.digest('hex').slice(0, ID_LENGTH);
}

/**
 * @param {string} path a file or a folder
 * @returns {string[]}
 */
function filesOf(path) {
	if (!existsSync(path)) return [];
	const entries = readdirSync(dirname(path), { withFileTypes: true });
	if (entries.find(({ name }) => name === basename(path))?.isFile()) return [path];
	return readdirSync(path, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && !/\.test\.ts$/.test(entry.name))
		.map((entry) => join(entry.parentPath, entry.name))
		.sort();
}

/**
 * The build that `dist/spanwise.js` runs; null: none is whole.
 * @param {string} root
 */
export function currentBuild(root) {
	const dist = join(root, 'dist');
	const entry = join(dist, 'spanwise.js');
	const id = existsSync(entry) ? buildNamedIn(entry) : null;
	return id !== null && existsSync(join(dist, id)) ? id : null;
}

/** @param {string} file */
function buildNamedIn(file) {
	return /^const build = '([0-9a-f]+)';$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? null;
}

/**
 * An empty folder to build into. Those of builds that were killed are removed.
 * @param {string} root
 */
export function unfinishedFolder(root) {
	const dist = join(root, 'dist');
	mkdirSync(dist, { recursive: true });
	for (const name of readdirSync(dist)) {
		const owner = name.startsWith(UNFINISHED) ? Number(name.slice(UNFINISHED.length)) : NaN;
		if (owner === process.pid || (owner > 0 && !isAlive(owner))) remove(join(dist, name));
	}
	const folder = join(dist, `${UNFINISHED}${process.pid}`);
	mkdirSync(folder);
	return folder;
}

/**
 * Lets a finished build take over. Earlier ones go when nobody runs from them, the one before this not yet: someone may
 * just be starting from it.
 * @param {string} root
 * @param {string} folder where it was built
 * @param {string} id its name from now on
 */
export function publish(root, folder, id) {
	const dist = join(root, 'dist');
	const before = currentBuild(root);
	mkdirSync(join(folder, RUNNING), { recursive: true });
	// Somebody else may have finished the same build, and its entries may be those of another.
	if (existsSync(join(dist, id))) remove(folder);
	else renameSync(folder, join(dist, id));

	for (const name of readdirSync(dist, { withFileTypes: true })) {
		if (!name.isDirectory() || name.name.startsWith(UNFINISHED)) continue;
		if (name.name === id || name.name === before || isInUse(join(dist, name.name))) continue;
		remove(join(dist, name.name));
	}
	const entries = readdirSync(join(dist, id, 'command')).filter(
		(name) => name.endsWith('.js') && !CHUNK.test(name)
	);
	for (const name of entries) writeEntry(join(dist, name), id, '.', `command/${name}`);
	for (const name of readdirSync(dist)) {
		if (name.endsWith('.js') && !entries.includes(name)) remove(join(dist, name));
	}
	// The package holds the newest build alone.
	writeWhole(join(dist, '.npmignore'), `/*/\n!/${id}/\n${RUNNING}/\n`);
}

/**
 * Writes a file that runs `script` of a build. The mark that it leaves while it runs keeps the build from being removed.
 * @param {string} file
 * @param {string} id
 * @param {string} dist from the file's folder
 * @param {string} script
 */
function writeEntry(file, id, dist, script) {
	mkdirSync(dirname(file), { recursive: true });
	writeWhole(
		file,
		`#!/usr/bin/env node
// Written by scripts/build.js.
import { rmSync, writeFileSync } from 'node:fs';

const build = '${id}';
const mark = new URL(\`${dist}/\${build}/${RUNNING}/\${process.pid}\`, import.meta.url);
try {
	writeFileSync(mark, '');
	process.on('exit', () => rmSync(mark, { force: true }));
} catch {
	// Installed as a package, it is never built anew.
}
await import(\`${dist}/\${build}/${script}\`);
`
	);
	chmodSync(file, 0o755);
}

/**
 * @param {string} file
 * @param {string} text
 */
function writeWhole(file, text) {
	const temporary = `${file}.${process.pid}`;
	writeFileSync(temporary, text);
	renameSync(temporary, file);
}

/** @param {string} build its folder */
function isInUse(build) {
	const marks = join(build, RUNNING);
	return existsSync(marks) && readdirSync(marks).some((pid) => isAlive(Number(pid)));
}

/** @param {number} pid */
function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error instanceof Error && 'code' in error && error.code === 'EPERM';
	}
}

/** @param {string} folder */
function remove(folder) {
	rmSync(folder, { recursive: true, force: true });
}
