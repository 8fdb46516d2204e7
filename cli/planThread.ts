/** A thread of its own that runs plans on some of the windows, see analysis/engine/planTeam.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { servePlans, type PlanThreadSetup } from '../analysis/engine/planThread.ts';

if (parentPort === null) throw new Error('this program runs as a thread of another');
await servePlans(parentPort, workerData as PlanThreadSetup);
