/** What a restore used while it was timed, as evidence keeps it: docs/format/ledger-report.md. */
import type { Evidence } from '../../../base/evidence.ts';

export interface SpentOn {
  /** To and from the store, before it was encrypted; undefined: not counted. */
  readonly linkBytes: number | undefined;
  /** Of all threads. */
  readonly cpuMs: number;
  /** Processors that it could keep busy. */
  readonly cpus: number;
  /** The busiest disk of the host that restored. */
  readonly disk: { readonly name: string; readonly busyMs: number } | undefined;
}

export function spentDetail(spent: SpentOn | undefined): Evidence['detail'] {
  if (spent === undefined) return {};
  const { linkBytes, cpuMs, cpus, disk } = spent;
  return {
    ...{ cpuMs, cpus },
    ...(linkBytes === undefined ? {} : { linkBytes }),
    ...(disk === undefined ? {} : { disk: disk.name, diskBusyMs: disk.busyMs }),
  };
}

/** Undefined where it does not say so. */
export function spentIn({ detail }: Pick<Evidence, 'detail'>): SpentOn | undefined {
  const { linkBytes, cpuMs, cpus, disk, diskBusyMs } = detail;
  if (typeof cpuMs !== 'number' || typeof cpus !== 'number') return undefined;
  const isDisk = typeof disk === 'string' && typeof diskBusyMs === 'number';
  return {
    ...{ linkBytes: typeof linkBytes === 'number' ? linkBytes : undefined, cpuMs, cpus },
    disk: isDisk ? { name: disk, busyMs: diskBusyMs } : undefined,
  };
}
