import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
	interface ProvidedContext {
		/** Programs that run what was written: four Pythons, and a folder with transformers.js in its node_modules. */
		runtimes: Record<'genai' | 'optimum' | 'lmEval' | 'llamaCpp' | 'transformersJs', string>;
	}
}

/** The versions that the tests were passed with. */
const GENAI = ['onnxruntime-genai==0.18.0', 'numpy'];
/** Of transformers 4, as optimum-onnx wants it, beside the torch of another environment: hence no dependencies. */
const OPTIMUM = ['optimum==2.3.0', 'optimum-onnx==0.1.0', 'transformers==4.57.6'];
const OPTIMUM_NEEDS = ['tokenizers<0.23', 'huggingface_hub<1'];
/** The harness beside the torch and transformers of another environment: what it names itself holds back transformers 5. */
const LM_EVAL = ['lm-eval==0.4.13', 'datasets==5.2.0', 'evaluate==0.4.6', 'pytablewriter==1.2.1'];
/** Packages that these import; ones that the other environment has are not among them. */
const LM_EVAL_NEEDS = [
	...['DataProperty', 'mbstrdecoder', 'pathvalidate', 'tabledata', 'tcolorpy', 'typepy', 'chardet'],
	...[
		'pyarrow',
		'pandas',
		'python-dateutil',
		'pytz',
		'tzdata',
		'six',
		'dill',
		'multiprocess',
		'xxhash'
	],
	...[
		'aiohttp',
		'aiohappyeyeballs',
		'aiosignal',
		'attrs',
		'frozenlist',
		'multidict',
		'propcache',
		'yarl'
	],
	...[
		'requests',
		'charset-normalizer',
		'urllib3',
		'certifi',
		'tenacity',
		'tiktoken',
		'python-dotenv'
	],
	...[
		'sacrebleu',
		'portalocker',
		'tabulate',
		'colorama',
		'lxml',
		'rouge-score',
		'absl-py',
		'nltk',
		'joblib'
	],
	...[
		'scikit-learn',
		'scipy',
		'threadpoolctl',
		'narwhals',
		'sqlitedict',
		'word2number',
		'more-itertools'
	],
	...['jsonlines', 'zstandard']
];
/** llama.cpp itself, built for Python. */
const LLAMA_CPP = ['xllamacpp==2026.10.11549'];
const TRANSFORMERS_JS = '@huggingface/transformers@4.3.2';
/** Packages that optimum imports besides, onnxruntime among them; small. */
const SMALL = ['onnxruntime', 'onnx', 'onnx-ir', 'requests'];

/**
 * Makes environments with the runtimes in the user's cache where they are not there. Throws where they cannot be made,
 * and where SPANWISE_PYTHON names no Python with torch, which optimum's environment borrows: it is large.
 */
export default function setup(project: TestProject): void {
	const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
	const home = join(cache, 'spanwise', 'runtimes');
	mkdirSync(home, { recursive: true });
	const torch = process.env.SPANWISE_PYTHON;
	if (!torch) throw new Error('SPANWISE_PYTHON: not set; expected a Python with torch');
	const genai = made(join(home, 'genai'), [GENAI]);
	const optimum = made(join(home, 'optimum'), [['--no-deps', ...OPTIMUM, ...OPTIMUM_NEEDS], SMALL]);
	const lmEval = made(join(home, 'lm-eval'), [['--no-deps', ...LM_EVAL, ...LM_EVAL_NEEDS]]);
	const llamaCpp = made(join(home, 'llama-cpp'), [LLAMA_CPP]);
	// Each time: the other environment may have moved.
	borrow(optimum, torch);
	borrow(lmEval, torch);
	const transformersJs = made(join(home, 'transformers-js'), [[TRANSFORMERS_JS]], npm);
	const python = (folder: string): string => join(folder, 'bin', 'python');
	project.provide('runtimes', {
		...{ genai: python(genai), optimum: python(optimum), lmEval: python(lmEval) },
		...{ llamaCpp: python(llamaCpp), transformersJs }
	});
}

/** A folder with these packages, installed by as many calls, now or before: a mark says which came to their end. */
function made(
	folder: string,
	packages: readonly (readonly string[])[],
	install: (folder: string, packages: readonly string[]) => void = pip
): string {
	const mark = join(folder, 'made');
	const words = packages.map((names) => `${names.join(' ')}\n`).join('');
	if (existsSync(mark) && readFileSync(mark, 'utf8') === words) return folder;
	process.stdout.write(`Making ${folder} …\n`);
	for (const names of packages) install(folder, names);
	writeFileSync(mark, words);
	return folder;
}

function pip(folder: string, packages: readonly string[]): void {
	const python = join(folder, 'bin', 'python');
	if (!existsSync(python)) ran('python3', ['-m', 'venv', folder]);
	ran(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
}

function npm(folder: string, packages: readonly string[]): void {
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
	ran('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], folder);
}

/** Lets an environment import, after its own, what is installed in another Python's. */
function borrow(folder: string, python: string): void {
	const code = 'import sysconfig; print(sysconfig.get_path("purelib"))';
	const { stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
	const [version = ''] = readdirSync(join(folder, 'lib'));
	writeFileSync(join(folder, 'lib', version, 'site-packages', 'borrowed.pth'), stdout);
}

function ran(command: string, args: readonly string[], cwd?: string): void {
	const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd });
	if (status === 0) return;
	const why = error === undefined ? `ended with ${status ?? 'a signal'}` : error.message;
	throw new Error(`${command} ${args.join(' ')}: ${why}`);
}
