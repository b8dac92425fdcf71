import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import type { ByteRange, StoredObject } from './store.ts';

/** What every store can hold: file systems without case, URLs, S3 keys. */
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const NAME_SIZE_MAX = 512;
const SEGMENT_SIZE_MAX = 200;
/** Where a directory store keeps what is not finished; no object may lie there. */
export const TEMPORARY = 'tmp';
/** What a repair set aside lies below it; no object of a vault begins so. */
export const ASIDE = 'damaged';
/** Names have a few segments; a loop of symbolic links below a store has no end. */
export const DEPTH_MAX = 16;

/**
 * A name may come from a hostile vault: it must not lead out of the store, nor hide in it. That no
 * name is also the folder of another is left to those who choose names; directories enforce it.
 */
export function isObjectName(name: string): boolean {
  const segments = name.split('/');
  if (name.length > NAME_SIZE_MAX || segments[0] === TEMPORARY) return false;
  return segments.every(isSegment);
}

function isSegment(segment: string): boolean {
  return segment.length <= SEGMENT_SIZE_MAX && SEGMENT.test(segment);
}

/** `isObjectName` of `folder` and this, where `folder` is the beginning of such names: it is not looked at again. */
export function isNameIn(folder: string, segment: string): boolean {
  if (folder === '' && segment === TEMPORARY) return false;
  return folder.length + segment.length <= NAME_SIZE_MAX && isSegment(segment);
}

/** @throws Fault HF_STORE_NAME */
export function checkName(name: string): void {
  // What lies deeper is taken for a loop, and ends every list above it.
  if (!isObjectName(name) || name.split('/').length > DEPTH_MAX) throw refused(name);
}

/**
 * A prefix is any beginning of a name, the empty one too.
 *
 * @throws Fault HF_STORE_NAME
 */
export function checkPrefix(prefix: string): void {
  // Completed by a letter it must be a name. `tmp` alone may begin `tmpfoo`.
  if (prefix !== '' && !isObjectName(`${prefix}x`)) throw refused(prefix);
}

/** A range comes from code, which parsed it; a wrong one is a bug. */
export function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return;
  const isSound = (value: number) => Number.isSafeInteger(value) && value >= 0;
  assert(isSound(range.offset) && isSound(range.length), 'a range is two counts of bytes');
}

/** Whether `name`, or what lies below it, may begin with `prefix`. */
export function mayHold(name: string, prefix: string): boolean {
  return name.startsWith(prefix) || prefix.startsWith(`${name}/`);
}

/** The order of a list. */
export function byName(a: Pick<StoredObject, 'name'>, b: Pick<StoredObject, 'name'>): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

function refused(name: string): Fault {
  return new Fault('HF_STORE_NAME', `no object may be called ${JSON.stringify(name)}`, { name });
}
