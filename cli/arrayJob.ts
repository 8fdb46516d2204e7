import { Option, type Command } from 'commander';
import {
	kubernetesJob,
	slurmScript,
	type ArrayJob,
	type KubernetesPlace
} from '../analysis/measure/shards/jobs.ts';
import { print, type Io } from './io.ts';
import { wholeNumber } from './options.ts';

interface Options extends Pick<ArrayJob, 'shards' | 'cpus'> {
	mem: string;
}

const HELP = `
Nothing is submitted. Every task runs the command with --shard and measures its own windows; the last one to end puts all
together, in a fixed order. Missing shards are named; the same command measures them, and those that are there are skipped.`;

/** Adds the subcommands that print a job array: `sbatch` for Slurm, `k8s` for Kubernetes. */
export function registerArrayJobs(program: Command, io: Io): void {
	jobCommand(program, 'sbatch', 'print a Slurm script that measures on several machines', '16G')
		.addHelpText(
			'after',
			`${HELP}

Example:
  spanwise sbatch --shards 8 analyze mini-llama2 --text static/samples/walden.txt --windows 64 > job.sh`
		)
		.action((words: string[], options: Options) => {
			print(io, slurmScript(jobOf(words, options)));
		});
	jobCommand(program, 'k8s', 'print a Kubernetes Job that measures on several machines', '16Gi')
		.requiredOption('--image <name>', 'image in which spanwise is installed')
		.requiredOption('--claim <name>', 'persistent volume claim that all tasks share, at /work')
		.addHelpText(
			'after',
			`${HELP} The manifest is JSON, which kubectl create -f takes.

Example:
  spanwise k8s --shards 8 --image spanwise:latest --claim work damage mini-llama2 --windows 64`
		)
		.action((words: string[], options: Options & KubernetesPlace) => {
			print(io, kubernetesJob(jobOf(words, options), options));
		});
}

function jobCommand(program: Command, name: string, about: string, memory: string): Command {
	return program
		.command(name)
		.description(about)
		.argument(
			'<command...>',
			'what to measure: analyze, damage, evaluate or search, with its options'
		)
		.passThroughOptions()
		.addOption(
			new Option('--shards <count>', 'tasks, each with its own windows')
				.argParser(wholeNumber(1))
				.makeOptionMandatory()
		)
		.addOption(
			new Option('--cpus <count>', 'cores of each task').argParser(wholeNumber(1)).default(8)
		)
		.addOption(new Option('--mem <size>', 'memory of each task').default(memory));
}

function jobOf(words: readonly string[], { shards, cpus, mem }: Options): ArrayJob {
	return { words: words[0] === 'spanwise' ? words.slice(1) : words, shards, cpus, memory: mem };
}
