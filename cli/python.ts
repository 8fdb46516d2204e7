import { Option } from 'commander';

/** The Python that runs PyTorch, for every subcommand that may start it. */
export const pythonOption = (of: string): Option =>
	new Option('--python <path>', `the Python ${of} (default: SPANWISE_PYTHON, else python3)`);

/** Takes over --python. */
export function usePython(python: unknown): void {
	if (typeof python === 'string') process.env.SPANWISE_PYTHON = python;
}
