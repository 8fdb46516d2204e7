import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeTinyCheckpoint } from '../builders/checkpoint.ts';
import { CONFIG, configMutants } from './targets/configMutants.ts';
import { figuresOf } from './targets/model.ts';

/** Writes what tests/fuzz/reference.py needs into a folder: the model, the windows' ids and the mutants. */
const folder = resolve(process.argv[2]);
const MUTANTS = 500;
await mkdir(folder, { recursive: true });
await writeTinyCheckpoint(join(folder, 'model'), { config: CONFIG });
const { ids } = await figuresOf(join(folder, 'model'));
await writeFile(join(folder, 'ids.json'), JSON.stringify(ids));
await writeFile(join(folder, 'mutants.json'), JSON.stringify(configMutants(MUTANTS)));
