import { useThreads } from '../../analysis/engine/session.ts';

// As many files run at a time as there are cores. Threads of their own would only take turns, and spin while they wait:
// small models then take nearly twice the CPU time.
useThreads(1);
