/** The words of `capture`, each with who does it. What is not asked for is not loaded. */
import { readFileSync } from 'node:fs';
import type { EnginePorts } from '../../adapters/engines/engine-ports.ts';
import type { FrozenPath, SnapshotPorts } from '../../adapters/fs-snapshot/snapshot-ports.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Clock } from '../../host/clock.ts';
import type { FrozenSource } from '../../host/frozen-source.ts';
import type { CaptureConfig, CaptureWord } from '../../wire/config.ts';
import { absolutePath, bytesOfText, textOfBytes } from '../cli/places.ts';
import type { FreezePlan } from './capture-plan.ts';

export interface MethodPorts {
  readonly clock: Clock;
  /** State directory. */
  readonly state: ByteString;
  /** What stays free where a copy is put; undefined for the usual floor. */
  readonly minFree: number | undefined;
}

/** What is to be captured, and how. */
export interface Wanted {
  readonly dataSet: string;
  /** Empty where the engine knows by itself. */
  readonly roots: readonly FrozenPath[];
  readonly plan: FreezePlan;
}

type Method = (ports: MethodPorts, wanted: Wanted) => Promise<FrozenSource>;

const METHODS: Readonly<Record<CaptureWord, Method>> = {
  btrfs: async (ports, wanted) => {
    const { btrfsSnapshot } = await import('../../adapters/fs-snapshot/btrfs.ts');
    return btrfsSnapshot(await snapshotPorts(ports), wanted);
  },
  lvm: async (ports, wanted) => {
    const { lvmSnapshot } = await import('../../adapters/fs-snapshot/lvm.ts');
    const snapshotSize = wanted.plan.options['snapshot-size'];
    return lvmSnapshot(await snapshotPorts(ports), wanted, { snapshotSize });
  },
  zfs: async (ports, wanted) => {
    const { zfsSnapshot } = await import('../../adapters/fs-snapshot/zfs.ts');
    return zfsSnapshot(await snapshotPorts(ports), wanted);
  },
  command: async ({ clock }, { dataSet, roots, plan }) => {
    const { viewByCommand } = await import('../../adapters/hooks/view-command.ts');
    const { open = [], close } = plan.options.view ?? {};
    return viewByCommand(clock, { dataSet, roots, open, close, limit: plan.limit });
  },
  pg_dump: async (ports, { plan }) => {
    const { pgDump } = await import('../../adapters/postgres/pg-dump.ts');
    const { database } = plan.options;
    return pgDump(enginePorts(ports), { databases: database, ...postgresOptions(plan) });
  },
  pg_basebackup: async (ports, { plan }) => {
    const { pgBasebackup } = await import('../../adapters/postgres/pg-basebackup.ts');
    const { checkpoint } = plan.options;
    return pgBasebackup(enginePorts(ports), { checkpoint, ...postgresOptions(plan) });
  },
  'mariadb-dump': async (ports, { plan }) => {
    const { mariadbDump } = await import('../../adapters/mariadb/mariadb-dump.ts');
    const { options } = plan;
    return mariadbDump(enginePorts(ports), {
      databases: options.database,
      socket: fileOf(plan, 'socket'),
      host: options.host,
      port: options.port,
      role: options.role,
      defaultsFile: fileOf(plan, 'defaults-file'),
      user: options['run-as'],
      limitMs: options['capture-limit'],
    });
  },
  sqlite: async (ports, { roots, plan }) => {
    const { sqliteBackup } = await import('../../adapters/sqlite-source/sqlite-backup.ts');
    return sqliteBackup(enginePorts(ports), {
      paths: roots.map(({ path }) => path),
      limitMs: plan.options['capture-limit'],
    });
  },
  libvirt: async (ports, { plan }) => {
    const { libvirtBackup } = await import('../../adapters/libvirt/libvirt-backup.ts');
    const { options } = plan;
    return libvirtBackup(enginePorts(ports), {
      domain: options.domain ?? '',
      uri: options.uri,
      disks: options.disks,
      scratch: fileOf(plan, 'scratch'),
      limitMs: options['capture-limit'],
    });
  },
};

/** @throws Fault HF_CONFIG_INVALID */
export function frozenSource(ports: MethodPorts, wanted: Wanted): Promise<FrozenSource> {
  return METHODS[wanted.plan.word](ports, wanted);
}

function postgresOptions(plan: FreezePlan) {
  const { options } = plan;
  return {
    host: options.host,
    port: options.port,
    role: options.role,
    service: options['pg-service'],
    passwordFile: fileOf(plan, 'password-file'),
    user: options['run-as'],
    bin: fileOf(plan, 'programs'),
    limitMs: options['capture-limit'],
  };
}

type FileKey = 'socket' | 'defaults-file' | 'password-file' | 'programs' | 'scratch';

/** An option that is a path, relative to the configuration. */
function fileOf(
  { options, base }: { readonly options: CaptureConfig; readonly base: ByteString },
  key: FileKey,
): string | undefined {
  const given = options[key];
  return given === undefined ? undefined : textOfBytes(absolutePath(base, bytesOfText(given)));
}

function enginePorts({ clock, state, minFree }: MethodPorts): EnginePorts {
  return { clock, minFree, scratch: byteString(`${state}/frozen`) };
}

async function snapshotPorts({ clock, state }: MethodPorts): Promise<SnapshotPorts> {
  const { runTool } = await import('../../adapters/fs-snapshot/snapshot-ports.ts');
  return {
    clock,
    run: runTool,
    mountinfo: () => readFileSync('/proc/self/mountinfo', 'latin1'),
    mountDir: byteString(`${state}/frozen`),
  };
}
