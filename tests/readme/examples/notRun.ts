const ENDLESS = 'serves until it is ended';
const PYTORCH = 'takes PyTorch; tests/python/ runs the like';
const RUNTIMES = 'takes programs from elsewhere; npm run test:runtimes runs the like';
const TRAINING = 'takes the checkpoints of a training; cli/dynamics.test.ts runs the like';

/** Blocks that no example test runs: the document, the first line of the block, and the reason. */
export const NOT_RUN: readonly (readonly [path: string, first: string, reason: string])[] = [
	['README.md', 'npm ci && npm start', ENDLESS],
	['README.md', 'npm ci && npm test', 'runs the tests themselves'],
	[
		'docs/guide.md',
		'npm pack && npm install -g --ignore-scripts ./spanwise-0.1.0.tgz',
		'asks the package registry; tests/pack/package.test.ts tries the package'
	],
	['docs/guide.md', 'npx spanwise serve --models ~/checkpoints --open', ENDLESS],
	['docs/machines.md', 'sbatch job.sh', 'takes Slurm'],
	[
		'docs/dynamics.md',
		'npx spanwise dynamics out/checkpoint-* --text static/samples/walden.txt --out dynamics.pdf',
		TRAINING
	],
	[
		'docs/dynamics.md',
		'npx spanwise figure training-1a2b3c4d --kind dynamics --style double --out training.pdf',
		TRAINING
	],
	[
		'docs/dynamics.md',
		'python python/examples/train_miniature.py training',
		'takes PyTorch, and trains for minutes'
	],
	['docs/deployment.md', 'from transformers import AutoModelForCausalLM', PYTORCH],
	['docs/deployment.md', 'model = onnxruntime_genai.Model("planned-onnx")', RUNTIMES],
	[
		'docs/deployment.md',
		"const model = await AutoModelForCausalLM.from_pretrained('planned-onnx', {",
		RUNTIMES
	],
	['docs/python.md', 'python3 -m venv ~/.venvs/spanwise', 'installs PyTorch'],
	[
		'docs/python.md',
		'npx spanwise search mini-llama2 --followers 4 --engine torch --device cuda',
		'takes a GPU'
	],
	[
		'docs/python.md',
		'npx spanwise apply mini-llama2 --plan plan.json --to transformers --out planned',
		PYTORCH
	],
	['docs/python.md', 'from transformers import AutoModelForCausalLM, AutoTokenizer', PYTORCH],
	[
		'docs/python.md',
		'lm_eval --model hf --model_args pretrained=planned,trust_remote_code=True,dtype=float32 --tasks hellaswag \\',
		RUNTIMES
	],
	[
		'docs/python.md',
		'npx spanwise serve --completions mini-llama2 --plan plan.json --no-token --port 5178',
		ENDLESS
	],
	[
		'docs/python.md',
		'npx spanwise import lm-eval results/baseline/model results/planned/model --model mini-llama2',
		RUNTIMES
	],
	[
		'docs/python.md',
		'import spanwise',
		'takes a notebook; python/tests/test_notebook.py runs the like'
	],
	['docs/results.md', 'npm run results -- MODEL', 'measures for hours'],
	[
		'docs/results.md',
		'npx spanwise tune smollm2-135m --plan plan.json --text static/samples/*.txt \\',
		PYTORCH
	]
];
