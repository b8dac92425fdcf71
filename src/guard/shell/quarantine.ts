/**
 * Where what a plan takes away is kept: a directory of the same mount, so that a directory of any
 * size goes and comes back by one rename. docs/format/guard-journal.md.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { UndoProof } from '../../base/plan.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { days, type DurationMs, GIB, type UnixMs, unixMs } from '../../base/units.ts';
import { type DirHandle, STAT_DEV, STAT_WORDS } from '../../host/source.ts';
import type { ApplyPorts } from './apply-request.ts';
import {
  closePlanPlaces,
  type DirAt,
  heldIn,
  openPlanPlaces,
  removePlaceIfEmpty,
  removeQuarantineIfEmpty,
  type PlanPlaces,
  type TriedPlace,
  tryPlace,
  writeAbout,
} from './quarantine-place.ts';
import { ABOVE, aboveOf, joined, type OpenedDir, TargetTree } from './target-tree.ts';
import { ifThere, refusalOf } from './tree-errno.ts';

export const UNDO_KEPT: DurationMs = days(14);

/** Of what is free above the floor, with what is kept already. */
const SHARE = 4;
const FLOOR_SHARE = 20;
const FLOOR_MAX = 10 * GIB;
/** Directories whose mount is remembered. */
const DIRS_MAX = 65_536;

export interface QuarantineRequest {
  /** Absolute, without symlinks in it. */
  readonly target: ByteString;
  readonly planId: string;
  readonly now: UnixMs;
  /** How long it is kept; 14 days where nothing else is said. */
  readonly keep?: DurationMs;
}

/** One mount below the target. */
export interface MountPlace {
  readonly index: number;
  /** `.holdfast-undo` itself. */
  readonly place: TriedPlace;
  /** Of its file system. */
  readonly device: bigint;
  readonly limitBytes: number;
  /** Kept for other plans. */
  readonly keptBytes: number;
  /** What this plan would add, so far as it was asked for. */
  askedBytes: number;
  opened: PlanPlaces | undefined;
}

export class Quarantine {
  readonly until: UnixMs;
  /** Told of a directory of the tree before something is renamed into it and out again. */
  onTrial: ((dir: OpenedDir) => void) | undefined;
  readonly #ports: ApplyPorts;
  readonly #request: QuarantineRequest;
  readonly #tree: TargetTree;
  /** By the top of the mount, as `OpenedDir` has it; a text says why there is none. */
  readonly #byMount = new Map<ByteString, MountPlace | string>();
  /** By the directory that holds what was asked for: many lie in one, and each is asked for often. */
  readonly #byDir = new Map<ByteString, MountPlace>();
  readonly #places: MountPlace[] = [];

  /** Changes nothing: where a place is only tried, it is gone when this is closed. */
  static open(ports: ApplyPorts, request: QuarantineRequest): Quarantine {
    return new Quarantine(ports, request);
  }

  private constructor(ports: ApplyPorts, request: QuarantineRequest) {
    this.#ports = ports;
    this.#request = request;
    this.#tree = new TargetTree(ports, request.target);
    this.until = unixMs(request.now + (request.keep ?? UNDO_KEPT));
  }

  /**
   * Whether what lies at `path` could be put back, tried on the mount that holds it. To be asked
   * once for each operation of a plan, in its order: what is asked for adds up.
   *
   * @param op.bytes what would be kept: of a delete, update or replace its bytes, else 0
   */
  prove(op: { readonly path: ByteString; readonly bytes: number }): UndoProof {
    const mount = this.placeFor(op.path);
    if (typeof mount === 'string') return none(mount);
    const wanted = mount.keptBytes + mount.askedBytes + op.bytes;
    if (op.bytes > 0 && wanted > mount.limitBytes) return none(sayFull(mount, op.bytes));
    mount.askedBytes += op.bytes;
    return { kind: 'quarantine', verified: true, until: this.until, fidelity: 'exact' };
  }

  /** The place for what lies, or will lie, at `path`; or why there is none. */
  placeFor(path: ByteString): MountPlace | string {
    const above = aboveOf(path);
    const known = this.#byDir.get(above);
    if (known !== undefined) return known;
    const found = this.#placeAbove(path);
    if (this.#byDir.size >= DIRS_MAX) this.#byDir.clear();
    if (typeof found !== 'string') this.#byDir.set(above, found);
    return found;
  }

  #placeAbove(path: ByteString): MountPlace | string {
    const dir = this.#nearest(path);
    if (dir === undefined) return 'neither the target nor the directory above it is there';
    const known = this.#byMount.get(dir.mount);
    if (known !== undefined) return known;
    const found = this.#find(dir);
    this.#byMount.set(dir.mount, found);
    return found;
  }

  /** Those that were found, in the order of their index. */
  get places(): readonly MountPlace[] {
    return this.#places;
  }

  /** The directories of this plan there, made when they are first asked for. */
  openPlaces(mount: MountPlace): PlanPlaces {
    mount.opened ??= openPlanPlaces(this.#ports, mount.place, this.#request.planId);
    return mount.opened;
  }

  /** Says in the quarantine itself how much is kept there, and for whom. */
  record(mount: MountPlace, bytes: number, state: ByteString): void {
    const { planId: plan, target } = this.#request;
    const { root } = this.openPlaces(mount);
    writeAbout(this.#ports, root, { bytes, plan, state, target, until: this.until });
  }

  /** To be asked when all of the plan is done: what kept nothing leaves nothing behind. */
  removeEmpty(): void {
    const { planId: plan } = this.#request;
    for (const { opened, place } of this.#places) {
      if (opened !== undefined) removePlaceIfEmpty(this.#ports, place, { plan, root: opened.root });
    }
  }

  close(): void {
    for (const mount of this.#places) {
      if (mount.opened !== undefined) closePlanPlaces(this.#ports, mount.opened);
      this.#ports.source.closeDir(mount.place.handle);
      // Of others it may be on its way to be filled.
      if (mount.place.isNew) removeQuarantineIfEmpty(this.#ports, mount.place);
    }
    this.#places.length = 0;
    this.#byMount.clear();
    this.#byDir.clear();
    this.#tree.close();
  }

  /** The directory that will hold it, or, where that is to be made, the nearest above. */
  #nearest(path: ByteString): OpenedDir | undefined {
    for (let at = path; at !== ''; ) {
      at = aboveOf(at);
      const dir = ifThere(() => this.#tree.dirAt(at));
      if (dir !== undefined) return dir;
    }
    return ifThere(() => this.#tree.dirAt(byteString(''))) ?? ifThere(() => this.#tree.above());
  }

  #find(dir: OpenedDir): MountPlace | string {
    let why = 'no place was found on its mount';
    for (const candidate of this.#candidates(dir)) {
      const within = candidate.open();
      if (within === undefined) continue;
      try {
        this.onTrial?.(candidate.tree);
        const place = tryPlace(this.#ports, within, candidate.tree.handle);
        if (typeof place !== 'string') {
          return this.#added(place, { within: within.path, device: candidate.tree.device });
        }
        why = `nothing could be set aside in ${within.path}: ${place}`;
      } finally {
        candidate.close(within);
      }
    }
    return why;
  }

  #added(
    place: TriedPlace,
    { within, device }: { readonly within: ByteString; readonly device: bigint },
  ): MountPlace {
    const { freeBytes, totalBytes } = this.#ports.disk.space(within);
    const held = heldIn(this.#ports, place.handle);
    held.delete(this.#request.planId);
    const keptBytes = [...held.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const floor = Math.min(FLOOR_MAX, totalBytes / FLOOR_SHARE);
    const limitBytes = Math.max(0, Math.floor((freeBytes + keptBytes - floor) / SHARE));
    const index = this.#places.length;
    const mount = { index, place, device, limitBytes, keptBytes, askedBytes: 0, opened: undefined };
    this.#places.push(mount);
    return mount;
  }

  /** Beside the target, else at the top of the mount, else inside. */
  *#candidates(dir: OpenedDir): Generator<Candidate> {
    const { target } = this.#request;
    const above = this.#tree.above();
    if (dir.mount !== ABOVE) {
      // The target is a mount of its own, or the directory lies on another one below it.
      const top = this.#tree.dirAt(dir.mount);
      yield here(top, joined(target, dir.mount));
      return;
    }
    const isThere = dir !== above;
    const tree = isThere ? this.#tree.dirAt(byteString('')) : above;
    yield { ...here(above, aboveOf(target)), tree };
    const top = topOfMount(this.#ports, { path: aboveOf(target), device: above.device });
    if (top !== undefined) yield { ...this.#byPath(top), tree };
    if (isThere) yield here(tree, target);
  }

  #byPath(path: ByteString): Omit<Candidate, 'tree'> {
    const { source } = this.#ports;
    return {
      open: () => {
        const handle = ifThere(() => source.openRoot(path));
        return handle === undefined ? undefined : { handle, path };
      },
      close: ({ handle }) => source.closeDir(handle),
    };
  }
}

interface Candidate {
  /** A directory of the tree, into which the trial goes. */
  readonly tree: OpenedDir;
  readonly open: () => DirAt | undefined;
  readonly close: (dir: DirAt) => void;
}

function here(dir: OpenedDir, path: ByteString): Candidate {
  const at = { handle: dir.handle, path: path === '' ? byteString('/') : path };
  return { tree: dir, open: () => at, close: () => undefined };
}

/** The highest directory above that is on the same device, as far as this user may look. */
function topOfMount(
  { source }: Pick<ApplyPorts, 'source'>,
  from: { readonly path: ByteString; readonly device: bigint },
): ByteString | undefined {
  const stat = new BigInt64Array(STAT_WORDS);
  let top: ByteString | undefined;
  for (let at = aboveOf(from.path); ; at = aboveOf(at)) {
    const path = at === '' ? byteString('/') : at;
    let handle: DirHandle | undefined;
    const why = refusalOf(() => {
      handle = source.openRoot(path);
    });
    if (why !== undefined || handle === undefined) return top;
    source.stat(handle, byteString(''), stat);
    source.closeDir(handle);
    if (stat[STAT_DEV] !== from.device) return top;
    top = path;
    if (at === '') return top;
  }
}

function none(why: string): UndoProof {
  return { kind: 'none', verified: false, why, fidelity: 'exact' };
}

function sayFull(mount: MountPlace, bytes: number): string {
  const { keptBytes, askedBytes, limitBytes } = mount;
  const [wanted, kept, limit] = [bytes, keptBytes + askedBytes, limitBytes].map((size) =>
    formatBytes(size),
  );
  return `${wanted} more would be kept aside on its mount, where ${kept} of at most ${limit} are`;
}
