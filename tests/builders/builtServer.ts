import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A server of the production build in a process of its own. */
export interface BuiltServer {
	/** Address that it printed, with the token where there is one. */
	url: string;
	/** Returns its stderr so far. */
	said: () => string;
	/** Ends the process and settles with its exit code when it is gone. */
	end: (signal: NodeJS.Signals) => Promise<number | null>;
}

/** `spanwise serve` with any options, or `node build`, once it listens. Rejects with its stderr where it ends. */
export async function startBuilt(args: string[], env: NodeJS.ProcessEnv): Promise<BuiltServer> {
	const child = spawn(process.execPath, args, {
		env: { ...process.env, ...env },
		stdio: ['ignore', 'pipe', 'pipe']
	});
	let stderr = '';
	child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
	const url = await new Promise<string>((resolve, reject) => {
		let stdout = '';
		child.stdout.on('data', (chunk: Buffer) => {
			stdout += chunk.toString();
			const address = /http:\/\/\S+(?=\s)/.exec(stdout);
			if (address) resolve(address[0]);
		});
		child.once('close', (code) => reject(new Error(`ended with ${code ?? 'a signal'}: ${stderr}`)));
	});
	return {
		url,
		said: () => stderr,
		end: async (signal) => {
			if (child.exitCode === null && child.signalCode === null) {
				const closed = once(child, 'close');
				child.kill(signal);
				await closed;
			}
			return child.exitCode;
		}
	};
}
