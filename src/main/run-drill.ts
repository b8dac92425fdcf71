/** Composes a drill with the real world around it. */
import fs from 'node:fs';
import os from 'node:os';
import { onExit } from '../adapters/engines/program.ts';
import { ownedName, removeAtExit, removeLeft } from '../adapters/engines/scratch.ts';
import { fsPath } from '../adapters/node/syscalls-path.ts';
import { dropCached } from '../adapters/node/syscalls-extents.ts';
import { type ByteString, byteString } from '../base/bytes.ts';
import type { DrillResult } from '../recover/core/drill-result.ts';
import { drill, type DrillRequest } from '../recover/shell/drill.ts';
import { loadIndex } from '../vault/shell/vault-index.ts';
import type { RestoreCrew } from '../recover/shell/restore-crew.ts';
import { drillMeter } from './drill-meter.ts';
import { crewFor, restorePorts } from './run-restore.ts';
import type { VaultPlace } from './vault-place.ts';
import { directVault, type VaultSession } from './vault-session.ts';

export interface RunDrill
  extends Omit<DrillRequest, 'host' | 'mediumOfVault' | 'mediumOfScratch' | 'startEngines'> {
  /** By default engines are started on what needs one. */
  readonly withoutEngines?: boolean;
  /** `--min-free`, in bytes. */
  readonly minFree?: number | undefined;
}

export async function runDrill(session: VaultSession, request: RunDrill): Promise<DrillResult> {
  // It is the vault that is tried, and nothing that was kept of it here.
  const { withoutEngines = false, minFree, ...asked } = request;
  const { access, packs } = await loadIndex(directVault(session));
  const { place } = session.line;
  const crew = crewFor(session, access, request.snapshot);
  const ports = restorePorts(session, access);
  const { scratch } = request;
  const paths = [scratch, ...(place.kind === 'directory' ? [place.root] : [])];
  const scratchName = ownedName(SCRATCH);
  // However it is ended, nothing of it stays; what one that was killed has left goes now.
  const forget = onExit(() => removeAtExit(scratch, scratchName));
  try {
    ports.tree.makeTop(scratch);
    removeLeft(scratch, SCRATCH);
    return await drill(
      {
        ...ports,
        crew,
        disk: session.disk,
        forgetPacks: () => areForgotten(place, packs),
        meter: () => drillMeter({ line: session.line, paths, hands: handsOf(session, crew) }),
      },
      {
        ...{ scratchName, ...asked },
        host: os.hostname(),
        ...(withoutEngines ? {} : { startEngines: await starterIn(request.scratch, minFree) }),
        mediumOfVault: mediumOfPlace(place),
        mediumOfScratch: mediumOf(request.scratch),
      },
    );
  } finally {
    forget();
    await crew.close();
    session.line.packs.close();
  }
}

/** This thread or its crew, which it feeds; and the one that owns the connection. */
function handsOf({ line }: VaultSession, { size }: RestoreCrew): number {
  return (size === 1 ? 1 : size + 1) + (line.place.kind === 'ssh' ? 1 : 0);
}

const SCRATCH = 'drill';

/** What drills have left that were killed: databases of other hosts may be in it. */
export function removeLeftovers(scratch: ByteString): void {
  if (!fs.existsSync(fsPath(scratch))) return;
  for (const prefix of [SCRATCH, 'engine']) removeLeft(scratch, prefix);
}

/** Loaded by a drill only. */
async function starterIn(scratch: ByteString, minFree: number | undefined) {
  const { engineStarter } = await import('./engines/start-engines.ts');
  return engineStarter({ scratch, minFree });
}

/** Another machine cannot be made to forget what it has just sent or written: never past its cache. */
function areForgotten(place: VaultPlace, packs: readonly { readonly name: string }[]): boolean {
  if (place.kind === 'ssh') return false;
  return packs.every(({ name }) => isForgotten(byteString(`${place.root}/packs/${name}`)));
}

function mediumOfPlace(place: VaultPlace): string {
  return place.kind === 'ssh' ? `ssh:${place.place.host}` : mediumOf(place.root);
}

/** Only what is on the medium can be forgotten: a fresh pack was synced when it was written. */
function isForgotten(path: ByteString): boolean {
  if (!fs.existsSync(fsPath(path))) return true;
  const fd = fs.openSync(fsPath(path), fs.constants.O_RDONLY);
  try {
    return dropCached(fd).ok;
  } finally {
    fs.closeSync(fd);
  }
}

/** The device below a path as the kernel names it, or the kind of file system where it has none. */
export function mediumOf(path: ByteString): string {
  const { dev } = fs.statSync(fsPath(path), { bigint: true });
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  for (const line of fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    if (left.split(' ')[2] !== `${major}:${minor}`) continue;
    const [type = '', source = ''] = right.split(' ');
    return source.startsWith('/') ? `${source} (${type})` : type;
  }
  return 'unknown';
}
