import os from 'node:os';

const NICENESS = 10;

/**
 * Steps back behind others who use disk and processor. To be called first thing: threads inherit
 * it. Where it cannot be, everything runs as everything else does.
 */
export async function stepBack(): Promise<void> {
  os.setPriority(Math.max(NICENESS, os.getPriority()));
  const { setIdleIoPriority } = await import('../adapters/node/syscalls-priority.ts');
  setIdleIoPriority();
}
