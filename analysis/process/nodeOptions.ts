import { InputError } from '../errors.ts';

const MAX_PORT = 65_535;

/**
 * Options of Node for a process that runs a model: its stacks name the sources. With SPANWISE_INSPECT, a port, it waits
 * until a debugger has attached there; of several such processes at a time only the first does. Throws InputError where
 * that is no port.
 */
export function nodeOptions(env: Record<string, string | undefined> = process.env): string[] {
	const inspect = env.SPANWISE_INSPECT;
	if (inspect === undefined || inspect === '') return ['--enable-source-maps'];
	const port = Number(inspect);
	if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
		throw new InputError(`SPANWISE_INSPECT: ${inspect}; expected a port from 1 to ${MAX_PORT}`);
	}
	return ['--enable-source-maps', `--inspect-wait=127.0.0.1:${port}`];
}
