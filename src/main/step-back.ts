import os from 'node:os';
import { setIdleIoPriority } from '../adapters/node/syscalls-priority.ts';

const NICENESS = 10;

/**
 * Steps back behind others who use disk and processor. To be called first thing: threads inherit
 * it. Where it cannot be, everything runs as everything else does.
 */
export function stepBack(): void {
  os.setPriority(Math.max(NICENESS, os.getPriority()));
  setIdleIoPriority();
}
