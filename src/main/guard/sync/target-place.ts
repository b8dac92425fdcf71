/** Which directory a sync may change: none that Holdfast itself lives in, none within its own source. */
import fs from 'node:fs';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { parentPath, textOfBytes } from '../../cli/places.ts';
import type { SyncNode } from '../../../recover/core/sync-node.ts';
import type { GuardSession } from '../guard-session.ts';
import type { SyncOffer } from './sync-offer.ts';

/**
 * The directory itself, without links; a new one is made, for a plan that is only shown not.
 * @throws Fault HF_SYNC_SOURCE
 */
export function targetAt(guard: GuardSession, offer: SyncOffer, given: ByteString): ByteString {
  demandApart(realPath(given), ownPlaces(guard, offer), offer.keepsOthers === true);
  demandBeside(realPath(given), offer);
  const stat = fs.statSync(fsPath(given), { throwIfNoEntry: false });
  if (stat === undefined) {
    demandNoLink(given);
    if (offer.options.dryRun) {
      const instead = `Make it first: mkdir ${textOfBytes(given)}`;
      throw new Fault('HF_SYNC_SOURCE', `${textOfBytes(given)} is not there yet`, { instead });
    }
    guard.ports.tree.makeTop(given);
  } else if (!stat.isDirectory()) {
    const instead = 'Name a directory; what a file holds is put back by `holdfast restore`.';
    throw new Fault('HF_SYNC_SOURCE', `${textOfBytes(given)} is no directory`, { instead });
  }
  return realPath(given);
}

function demandNoLink(given: ByteString): void {
  const link = fs.lstatSync(fsPath(given), { throwIfNoEntry: false });
  if (link === undefined) return;
  const why = `${textOfBytes(given)} is a link to something that is not there`;
  throw new Fault('HF_SYNC_SOURCE', why, { instead: 'Make what it leads to, or name another.' });
}

/** What of Holdfast's own lies below a target: paths in it. */
export function ownBelow(
  guard: GuardSession,
  offer: SyncOffer,
  target: ByteString,
): readonly ByteString[] {
  return ownPlaces(guard, offer).flatMap(({ path }) => {
    const own = realPath(path);
    if (own === target || !isWithin(own, target)) return [];
    return [byteString(own.slice(target === '/' ? 1 : target.length + 1))];
  });
}

/** @throws Fault HF_SYNC_SOURCE where something else would take the place of a directory around them */
export function demandKept(
  nodes: readonly SyncNode[],
  own: readonly ByteString[],
  target: ByteString,
): void {
  if (own.length === 0) return;
  for (const node of nodes) {
    if (node.change !== 'replace' || !own.some((path) => isWithin(path, node.path))) continue;
    const why = `${textOfBytes(target)}/${textOfBytes(node.path)} would be replaced, and Holdfast keeps its own in it`;
    throw new Fault('HF_SYNC_SOURCE', why, { instead: 'Name another directory as TARGET.' });
  }
}

interface OwnPlace {
  readonly path: ByteString;
  readonly what: string;
}

function ownPlaces(guard: GuardSession, { vaults }: SyncOffer): readonly OwnPlace[] {
  return [
    { path: guard.stateDir, what: 'the state directory of Holdfast' },
    ...(vaults ?? []).map((path) => ({ path, what: 'the vault' })),
  ];
}

/** What undoes a sync, and what it is read from, are not to be changed by it. */
function demandApart(target: ByteString, places: readonly OwnPlace[], mayHold: boolean): void {
  for (const { path, what } of places) {
    const own = realPath(path);
    const isAround = isWithin(own, target) && own !== target;
    if ((mayHold || !isAround) && !isWithin(target, own)) continue;
    const how = own === target ? 'is' : isWithin(target, own) ? 'lies in' : 'holds';
    const why = `${textOfBytes(target)} ${how} ${what}${own === target ? '' : ` (${textOfBytes(own)})`}`;
    throw new Fault('HF_SYNC_SOURCE', why, { instead: 'Name another directory as TARGET.' });
  }
}

/** One within the other would grow with every run, or take its own source away. */
function demandBeside(target: ByteString, { from, isNamed }: SyncOffer): void {
  if (isNamed || from.path === undefined || from.hosts.length > 0) return;
  const source = realPath(from.path);
  if (source === target) return;
  const how = isWithin(target, source) ? 'in' : isWithin(source, target) ? 'around' : undefined;
  if (how === undefined) return;
  const why = `${textOfBytes(target)} lies ${how} its source, ${textOfBytes(source)}`;
  throw new Fault('HF_SYNC_SOURCE', why, { instead: 'Name a directory beside the source.' });
}

function isWithin(path: ByteString, above: ByteString): boolean {
  return path === above || path.startsWith(above === '/' ? '/' : `${above}/`);
}

/** Without links, also of what is not there yet. */
function realPath(path: ByteString): ByteString {
  try {
    return byteString(fs.realpathSync(fsPath(path), 'buffer').toString('latin1'));
  } catch (error) {
    const above = parentPath(path);
    if (!isAbsent(error) || above === path) throw error;
    const name = path.slice(path.lastIndexOf('/'));
    const real = realPath(above);
    return byteString(real === '/' ? name : real + name);
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
