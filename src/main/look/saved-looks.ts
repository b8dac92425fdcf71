/** Looks that are kept in the state directory: docs/format/saved-look.md. */
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { days, MIB, type UnixMs, unixMs } from '../../base/units.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import { SAVED_LOOKS_MAX, type SavedLook } from '../../watch/core/look/saved-look.ts';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import { savedLookOf, savedLookText } from '../../wire/saved-look.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';

const TEXT_SIZE_MAX = 256 * MIB;
const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z-[0-9a-f]{6}\.look$/;
const LEFT_OVER = /^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6}\.look\.[0-9a-f]+\.tmp$/;
/** A look that is still written is younger. */
const LEFT_OVER_AFTER = days(1);

export interface LookStore {
  readonly disk: Disk;
  readonly tools: Tools;
  readonly state: ByteString;
}

/** A look that can be read, by the name of its file. */
export interface KeptLook {
  readonly path: ByteString;
  readonly at: UnixMs;
}

/** A file that is no look, and why. */
export interface DamagedLook {
  readonly path: ByteString;
  readonly why: string;
}

/**
 * Keeps `look` and lets go of all but the newest ones. Durable when it returns.
 *
 * @throws Fault as a Disk throws; HF_LOOK_TOO_LARGE
 */
export function keepLook(store: LookStore, look: SavedLook): ByteString {
  const { disk, tools } = store;
  const folder = folderOf(store);
  const text = savedLookText(look, tools.hash);
  if (text.length > TEXT_SIZE_MAX) {
    const message = `what ${look.looks.length} hosts sent is too large to be kept`;
    throw new Fault('HF_LOOK_TOO_LARGE', message, { limit: '256 MiB' });
  }
  const name = nameOf(look.at, hexOf(tools.codec.textOf(tools.random.bytes(3))));
  const path = byteString(`${folder}/${name}`);
  replaceFile(store, path, tools.codec.compress(tools.codec.bytesOf(byteString(text))));
  letGo(disk, folder, { keep: name, now: look.at });
  return path;
}

/** Those that are kept, oldest first; whether they can be read is seen by reading them. */
export function keptLooks(store: Pick<LookStore, 'disk' | 'state'>): readonly KeptLook[] {
  const folder = folderOf(store);
  return (store.disk.list(folder) ?? []).flatMap((name) => {
    const at = timeOf(name);
    return at === undefined ? [] : [{ path: byteString(`${folder}/${name}`), at }];
  });
}

export function readLook(store: LookStore, path: ByteString): SavedLook | DamagedLook {
  const { codec, hash } = store.tools;
  try {
    if ((store.disk.size(path) ?? 0) > TEXT_SIZE_MAX) return { path, why: 'it is too large' };
    const bytes = codec.decompress(store.disk.read(path), TEXT_SIZE_MAX);
    const read = savedLookOf(codec.textOf(bytes), hash);
    return read.ok ? read.value : { path, why: read.error };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { path, why: error.message };
  }
}

/**
 * What was seen last of each host, so far as it still holds: to look at one again lets go of no other.
 * With files of that time that are no look.
 */
export function newestLook(store: LookStore): {
  readonly look: SavedLook | undefined;
  readonly damaged: readonly DamagedLook[];
} {
  const damaged: DamagedLook[] = [];
  const looks = new Map<string, HostLook>();
  let newest: UnixMs | undefined;
  for (const { path, at } of keptLooks(store).toReversed()) {
    if (newest !== undefined && at < newest - PROOF_LIMITS.discovery) break;
    const read = readLook(store, path);
    if ('why' in read) {
      damaged.push(read);
      continue;
    }
    newest ??= read.at;
    for (const look of read.looks) {
      const isBetter = looks.get(look.host)?.kind !== 'answered' && look.kind === 'answered';
      if (isBetter || !looks.has(look.host)) looks.set(look.host, look);
    }
  }
  return { look: newest && { at: newest, looks: [...looks.values()] }, damaged };
}

/** `2026-11-20T10:42:00.123Z` of its name; undefined where it is not called as a look is. */
function timeOf(name: string): UnixMs | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, ms] = match;
  const at = Date.parse(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}.${ms ?? ''}Z`,
  );
  return Number.isNaN(at) ? undefined : unixMs(at);
}

function nameOf(at: UnixMs, suffix: string): string {
  return `${new Date(at).toISOString().replaceAll(/[-:]/g, '')}-${suffix}.look`;
}

function folderOf({ state }: Pick<LookStore, 'state'>): ByteString {
  return byteString(`${state}/looks`);
}

/** The one that was just kept stays, even where the clock has stepped back. */
function letGo(
  disk: Disk,
  folder: ByteString,
  { keep, now }: { readonly keep: string; readonly now: UnixMs },
): void {
  const names = disk.list(folder) ?? [];
  const others = names.filter((name) => name !== keep && timeOf(name) !== undefined);
  const old = others.slice(0, Math.max(0, others.length - (SAVED_LOOKS_MAX - 1)));
  const limit = nameOf(unixMs(now - LEFT_OVER_AFTER), '');
  const leftOver = names.filter((name) => LEFT_OVER.test(name) && name < limit);
  for (const name of [...old, ...leftOver]) disk.unlink(byteString(`${folder}/${name}`));
}
