import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** What figures depend on. No host name and no path: results are published. */
export interface Machine {
  readonly cpu: string;
  readonly coreCount: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly fileSystem: string;
  readonly node: string;
}

export function describeMachine(scratch: string): Machine {
  const cores = cpus();
  const stat = spawnSync('stat', ['-f', '-c', '%T', scratch], { encoding: 'utf8' });
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    coreCount: cores.length,
    memoryBytes: totalmem(),
    kernel: release(),
    fileSystem: stat.stdout.trim(),
    node: process.version,
  };
}
