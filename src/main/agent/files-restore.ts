/**
 * A restore that a server asked for: chosen paths of a snapshot into a new directory below a place
 * that this host's own file names. docs/format/files.md.
 */
import fs from 'node:fs';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { errnoOf } from '../../adapters/node/errno.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { listSnapshot } from '../../recover/shell/list-snapshot.ts';
import type { RestoreWant } from '../../watch/core/files/wants.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { LiveProgress } from '../cli/live-progress.ts';
import { openVaultOf } from '../cli/open.ts';
import { codeOfPut, putJson } from '../cli/restore-words.ts';
import { readsTarget, runRestore } from '../run-restore.ts';
import { type FilesVault, portsOf, snapshotHere } from './files-vault.ts';
import { stateOfTarget } from '../../recover/shell/restore-target.ts';

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** @throws Fault HF_FILES_PLACE, HF_TARGET_NOT_EMPTY, HF_DISK_FULL, and as a restore does */
export async function restoreHere(cli: Cli, want: RestoreWant): Promise<Answer> {
  const target = targetOf(want);
  const { session } = await openVaultOf(cli, {});
  const vault: FilesVault = { session, own: want.own };
  const { snapshot } = await snapshotHere(vault, want.snapshot);
  const { only, bytes } = await chosenOf(vault, want);
  const id = snapshot.record.id;
  if (stateOfTarget(readsTarget(session), { target, snapshot: id }) === 'taken') {
    throw notNew(want, 'is not empty: nothing is put over what is there');
  }
  demandRoom(want.place, bytes);
  cli.stop.note('The restore is not whole.');
  const progress = new LiveProgress(cli, { label: 'restore', word: 'restored' });
  try {
    const report = await runRestore(session, {
      ...{ snapshot, target, only },
      onProgress: (sample) => progress.update(sample),
    });
    const put = { target, report, isWhole: report.isWhole };
    return { code: codeOfPut(put), say: () => [], json: putJson(put) };
  } finally {
    progress.end();
  }
}

/**
 * A directory that is there and empty, or not there: no link, in a place where nobody else could put
 * one meanwhile.
 */
function targetOf(want: RestoreWant): ByteString {
  const { place, name } = want;
  makePlace(place);
  const real = fs.realpathSync(place);
  const { uid, mode } = fs.lstatSync(real);
  const isOurs = uid === 0 || uid === process.getuid?.();
  const isShut = (mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0;
  if (!isOurs || !isShut) {
    const instead = `Let root or the agent own ${place}, and nobody else write to it: chmod 700.`;
    throw new Fault('HF_FILES_PLACE', `others may write to ${place}`, { instead });
  }
  const target = `${real}/${name}`;
  const found = statOrNothing(target);
  if (found !== undefined && !found.isDirectory()) throw notNew(want, 'is there, and no directory');
  if (found !== undefined && found.uid !== process.getuid?.() && found.uid !== 0) {
    throw notNew(want, 'is there, and somebody else’s');
  }
  return byteString(Buffer.from(target, 'utf8').toString('latin1'));
}

/** Private where it is made here. @throws Fault HF_FILES_PLACE */
function makePlace(place: string): void {
  if (statOrNothing(place) !== undefined) return;
  try {
    nodeDisk().makeDir(byteString(Buffer.from(place, 'utf8').toString('latin1')));
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const instead = `Make the directory on that host, for the agent to write to: ${place}`;
    const message = `${place} cannot be made: ${cause.message}`;
    throw new Fault('HF_FILES_PLACE', message, { instead }, { cause });
  }
}

function statOrNothing(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function notNew({ place, name }: RestoreWant, why: string): Fault {
  const instead = 'Choose another name: it is made anew.';
  return new Fault('HF_FILES_PLACE', `${place}/${name} ${why}`, { instead });
}

/** As the snapshot itself calls them, each there; undefined: all of it. @throws Fault HF_PATH_ABSENT */
async function chosenOf(
  vault: FilesVault,
  want: RestoreWant,
): Promise<{ readonly only: readonly ByteString[] | undefined; readonly bytes: number }> {
  const { snapshot } = await snapshotHere(vault, want.snapshot);
  const ports = await portsOf(vault);
  const only = new Set<ByteString>();
  let bytes = 0;
  let isAll = false;
  for (const path of new Set(want.paths)) {
    const { at, totals } = listSnapshot(ports, { snapshot, path });
    bytes += Number(totals.bytes);
    if (at === undefined || at.path === '') isAll = true;
    else only.add(at.path);
  }
  return { only: isAll ? undefined : [...only], bytes };
}

/** Nothing is begun that does not fit. @throws Fault HF_DISK_FULL */
function demandRoom(place: string, bytes: number): void {
  const { bavail, bsize } = fs.statfsSync(place);
  const free = bavail * bsize;
  if (bytes <= free) return;
  const message = `${place} has ${formatBytes(free)} free, and ${formatBytes(bytes)} are to be restored`;
  throw new Fault('HF_DISK_FULL', message, { path: place });
}
