/** Descriptions of a job array that runs every shard of a measurement; they are printed, and nothing is submitted. */
import { InputError } from '../../errors.ts';
import { shellLine } from '../../text/shell.ts';
import { kinds } from '../lookup.ts';

/** Command that is cut into shards, one for each task of an array job, and the CPUs and memory of each task. */
export interface ArrayJob {
	/** The command without "spanwise": ["analyze", "mini-llama2", "--text", "walden.txt"]. */
	words: readonly string[];
	shards: number;
	cpus: number;
	/** As the scheduler writes it: 16G for Slurm, 16Gi for Kubernetes. */
	memory: string;
}

/** Image and shared volume of a Kubernetes Job. */
export interface KubernetesPlace {
	/** Image in which `spanwise` is installed. */
	image: string;
	/** Persistent volume claim that all tasks share; it holds texts, models and the workspace. */
	claim: string;
}

/** Mount point of the shared volume, and working directory of the command. */
const MOUNT = '/work';
/** A task that failed so often is given up; the others go on. */
const RETRIES = 2;

/** A batch script for sbatch. Throws InputError where the command is not one that is cut into shards. */
export function slurmScript({ words, shards, cpus, memory }: ArrayJob): string {
	const command = shardedCommand(words, shards);
	return `${[
		'#!/bin/bash',
		`#SBATCH --job-name=spanwise-${words[0]}`,
		`#SBATCH --array=0-${shards - 1}`,
		`#SBATCH --cpus-per-task=${cpus}`,
		`#SBATCH --mem=${memory}`,
		'#SBATCH --output=spanwise-%A_%a.log',
		'# Each task measures its own windows; the last one to end puts all together. The workspace must be on a disk that all',
		'# tasks share. Tasks that failed are run again with sbatch --array=INDEX and this script.',
		'set -euo pipefail',
		shellLine(['spanwise', ...command])
	].join('\n')}\n`;
}

/** The manifest of an indexed Job, as JSON, which kubectl takes. Throws InputError as `slurmScript`. */
export function kubernetesJob(
	{ words, shards, cpus, memory }: ArrayJob,
	{ image, claim }: KubernetesPlace
): string {
	const resources = { cpu: `${cpus}`, memory };
	const manifest = {
		apiVersion: 'batch/v1',
		kind: 'Job',
		metadata: { generateName: `spanwise-${words[0]}-` },
		spec: {
			completionMode: 'Indexed',
			completions: shards,
			parallelism: shards,
			backoffLimitPerIndex: RETRIES,
			template: {
				spec: {
					restartPolicy: 'Never',
					containers: [
						{
							name: 'spanwise',
							image,
							command: ['spanwise', ...shardedCommand(words, shards)],
							workingDir: MOUNT,
							resources: { requests: resources, limits: { memory } },
							volumeMounts: [{ name: 'work', mountPath: MOUNT }]
						}
					],
					volumes: [{ name: 'work', persistentVolumeClaim: { claimName: claim } }]
				}
			}
		}
	};
	return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The command of every task. */
function shardedCommand(words: readonly string[], shards: number): string[] {
	const names = kinds().flatMap((each) => ('measureShard' in each ? [each.kind] : []));
	const [name] = words;
	if (!names.includes(name))
		throw new InputError(`${name}: not cut into shards; allowed: ${names.join(', ')}`);
	if (words.some((word) => /^--shard(=|$)/.test(word)))
		throw new InputError('--shard: given twice; leave it out of the command, --shards says it');
	return [...words, '--shard', `auto/${shards}`];
}
