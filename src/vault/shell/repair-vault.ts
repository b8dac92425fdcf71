/**
 * Puts back what is missing or damaged in a vault and whole in a copy of it, without a key. It adds;
 * what is damaged is set aside and never deleted: docs/design/046-copies.md.
 */
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { partOf, plainName, twinNames, type VaultPart } from '../core/object-proof.ts';
import { isSame, rightTwin } from '../core/twin-vote.ts';
import type { Tools } from '../../host/tools.ts';
import type { CopyProgress } from './copy-report.ts';
import {
  type CollectionWatch,
  secureSnapshot,
  type WatchPorts,
  watchCollection,
} from './collection-watch.ts';
import { sweptAmong } from './collection-state.ts';
import { isSnapshotName, parseSnapshot } from '../core/snapshot-record.ts';
import type { Clock } from '../../host/clock.ts';
import {
  DOCUMENTS,
  lastOf,
  NamedPacks,
  PACKS_AT_ONCE,
  TWIN_FOLDERS,
  twinsBelow,
} from './copied-folders.ts';
import { forgottenIds, idInName } from './forgotten-names.ts';
import { inParallel } from './in-parallel.ts';
import { snapshotsInNeed } from './needed-packs.ts';
import { problemAt, type SeenObject, seeObject } from './object-sight.ts';
import type { Mending, Store, StoredObject } from './store.ts';
import { moveSwept, sweptOf } from './swept-packs.ts';
import { identifyVault, listOrNothing } from './vault-identity.ts';
import { NAMED_ONLY, problemOf, type VaultProblem } from './vault-problem.ts';

export interface RepairPorts {
  /** What is repaired. */
  readonly store: Store;
  /** Undefined where the store only adds: then what is damaged stays, and is named. */
  readonly mending: Mending | undefined;
  /** The copy. */
  readonly other: Store;
  readonly tools: Tools;
  readonly clock: Pick<Clock, 'now'>;
}

export interface RepairRequest {
  /** Nothing is changed. */
  readonly isDryRun: boolean;
  /** Keys that lie in the copy and not here are put back: else they count as retired. */
  readonly putsBackKeys: boolean;
  readonly demandRoom: (sizeBytes: number) => Promise<void>;
  readonly onProgress: (progress: CopyProgress) => void;
}

export interface RepairReport {
  readonly vault: string;
  /** Objects that were read here, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** What was put back, or would be in a dry run. */
  readonly repaired: readonly Repaired[];
  /** What is damaged or missing now. */
  readonly remaining: readonly VaultProblem[];
  /** Of `remaining`, what the copy has whole and this store could not set aside. */
  readonly toSetAside: readonly string[];
  /** Names of snapshots that may need something of `remaining`. */
  readonly inNeed: readonly string[];
  /** Ids of keys that lie in the copy and not here, and were not put back. */
  readonly keysElsewhere: readonly string[];
}

export interface Repaired extends VaultProblem {
  /** Where what lay there lies now; undefined where nothing did. */
  readonly setAside: string | undefined;
}

const FOLDERS = ['packs/', 'index/', 'snapshots/'];
/** When snapshots arrived, what stays whatever a retention says, and what was put back. */
const KEEPING = ['received/', 'holds/', 'putbacks/', 'seen/'];

/**
 * @throws Fault HF_VAULT_ABSENT, HF_VAULT_OTHER, HF_VAULT_FEATURE_UNKNOWN, and what the stores throw
 * Idempotent: a second run finds nothing to do. Broken off at any moment nothing is worse than before.
 */
export async function repairVault(
  ports: RepairPorts,
  request: RepairRequest,
): Promise<RepairReport> {
  const { store, other, tools } = ports;
  const vault = await identifyVault({ store, tools });
  if (vault === undefined) throw new Fault('HF_VAULT_ABSENT', 'there is no vault to repair');
  const there = await identifyVault({ store: other, tools });
  if (there === undefined) {
    throw new Fault('HF_VAULT_ABSENT', 'there is no vault in the place to repair from');
  }
  if (there !== vault) {
    const message = 'another vault lies in the place to repair from';
    throw new Fault('HF_VAULT_OTHER', message, { there, vault });
  }
  return new Repairing(ports, request, vault).run();
}

class Repairing {
  readonly #ports: RepairPorts;
  readonly #request: RepairRequest;
  readonly #vault: string;
  readonly #here = new Map<string, StoredObject>();
  readonly #repaired: Repaired[] = [];
  readonly #remaining: VaultProblem[] = [];
  readonly #toSetAside: string[] = [];
  readonly #keysElsewhere: string[] = [];
  /** Whole here, or put back. */
  readonly #whole = new Set<string>();
  readonly #named: NamedPacks;
  /** Names of packs that a fate has: none of them is put again. */
  readonly #swept = new Set<string>();
  readonly #progress = { objects: 0, objectsTotal: 0, bytes: 0, bytesTotal: 0 };

  constructor(ports: RepairPorts, request: RepairRequest, vault: string) {
    this.#ports = ports;
    this.#request = request;
    this.#vault = vault;
    this.#named = new NamedPacks(ports.tools);
  }

  async run(): Promise<RepairReport> {
    const { store, other, tools } = this.#ports;
    const lists: (readonly [string, Map<string, StoredObject>])[] = [];
    // What refers is listed before what it refers to: a backup may be under way.
    for (const folder of FOLDERS.toReversed()) {
      const isOurs = ({ name }: StoredObject): boolean =>
        folder !== 'snapshots/' || isSnapshotName(name);
      const own = (await store.list(folder)).filter(isOurs);
      for (const object of own) this.#here.set(object.name, object);
      const theirs = (await other.list(folder)).filter(
        (each) => isOurs(each) && !this.#here.has(each.name),
      );
      lists.push([folder, new Map([...own, ...theirs].map((each) => [each.name, each]))]);
      this.#progress.objectsTotal += own.length + theirs.length;
      for (const { sizeBytes } of [...own, ...theirs]) this.#progress.bytesTotal += sizeBytes;
    }
    // After what lies here was listed: what was taken away before that, a fate names.
    const packs = [...(lists.at(-1)?.[1].values() ?? [])];
    for (const { name } of await sweptOf({ to: store, tools }, packs)) this.#swept.add(name);
    const absent = lists
      .flatMap(([, all]) => [...all.values()])
      .filter((each) => !this.#isHere(each) && !this.#swept.has(each.name));
    await this.#request.demandRoom(absent.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    await this.#mendTwins();
    for (const name of DOCUMENTS) await this.#mendDocument(name);
    for (const folder of KEEPING) await this.#mendBeside(folder);
    const forgotten = await forgottenIds({ store, tools });
    const since = await watchCollection(this.#watching());
    for (const [folder, all] of lists.toReversed()) {
      const wanted = [...all.values()].filter(
        (each) =>
          this.#isHere(each) || folder !== 'snapshots/' || !forgotten.has(idInName(each.name)),
      );
      if (folder === 'snapshots/' && this.#swept.size > 0) await this.#moveSwept(wanted);
      const atOnce = folder === 'packs/' ? PACKS_AT_ONCE : 1;
      await inParallel(wanted, (object) => this.#mend(object), atOnce);
    }
    if (!this.#request.isDryRun) await this.#secure(since);
    await this.#notePacksMissing();
    return this.#report();
  }

  /** Of what was swept here and lies in the copy: what these snapshots need, under new names. */
  async #moveSwept(snapshots: readonly StoredObject[]): Promise<void> {
    if (this.#request.isDryRun) return;
    const { store, other, tools } = this.#ports;
    const refs: string[] = [];
    for (const { name } of snapshots) {
      const here = await this.#see(name);
      const seen = here.state === 'whole' ? here : await this.#seeThere(name);
      if (seen.state === 'whole') refs.push(...parseSnapshot(tools, seen.bytes).refs);
    }
    const swept = (await other.list('packs/')).filter(
      ({ name }) => this.#swept.has(name) && !this.#whole.has(name),
    );
    const put = async (name: string, bytes: Uint8Array): Promise<void> => {
      await this.#request.demandRoom(bytes.length);
      const why = 'it was swept, is needed, and lies in the copy';
      if (await this.#put(name, { state: 'missing', why, bytes }, bytes)) {
        this.#isWhole(name, bytes);
      }
    };
    if (await moveSwept({ from: other, to: store, tools, put }, { swept, refs })) return;
    for (const { name } of swept) {
      const there = await this.#seeThere(name);
      if (there.state !== 'whole') this.#remaining.push(problemAt(name, there));
    }
  }

  /** What came back may lie in packs that a collector has begun to take away. */
  async #secure(since: CollectionWatch): Promise<void> {
    const { store, tools } = this.#ports;
    for (const { object } of this.#repaired) {
      if (!object.startsWith('snapshots/')) continue;
      // What was moved away lies nowhere any more.
      if ((await store.list(object)).length === 0) continue;
      const { refs } = parseSnapshot(tools, await store.get(object));
      await secureSnapshot(this.#watching(), since, refs);
    }
  }

  #watching(): WatchPorts {
    const { store, tools, clock } = this.#ports;
    return { store, tools, clock, vault: this.#vault };
  }

  #isHere({ name }: StoredObject): boolean {
    return this.#here.has(name);
  }

  async #mendTwins(): Promise<void> {
    const { store, other } = this.#ports;
    for (const folder of TWIN_FOLDERS) {
      const here = await twinsBelow(store, folder);
      const there = await twinsBelow(other, folder);
      for (const name of [...here].sort()) await this.#mendTwin(name);
      for (const name of [...there].sort()) {
        if (here.has(name)) continue;
        // Retiring a key deletes it: it comes back by no repair, unless nothing else opens the vault.
        const isRetired = folder === 'keys/' && here.size > 0 && !this.#request.putsBackKeys;
        if (isRetired) this.#keysElsewhere.push(lastOf(name));
        else await this.#mendTwin(name);
      }
    }
    await this.#mendTwin('header');
  }

  async #mendTwin(plain: string): Promise<void> {
    const names = twinNames(plain);
    const seen = await Promise.all(
      names.map(async (name) => {
        const [here, there] = await Promise.all([this.#see(name), this.#seeThere(name)]);
        return { name, here, there };
      }),
    );
    const right = rightTwin(
      seen.flatMap(({ here, there }) => [
        ...(here.state === 'whole' ? [{ at: 'here' as const, bytes: here.bytes }] : []),
        ...(there.state === 'whole' ? [{ at: 'there' as const, bytes: there.bytes }] : []),
      ]),
    );
    for (const { name, here } of seen) {
      const isRight = here.state === 'whole' && right !== undefined && isSame(here.bytes, right);
      if (isRight) continue;
      const why = here.state === 'whole' ? 'it and its copy differ' : here.why;
      if (right !== undefined) await this.#put(name, { ...here, why }, right);
      else if (await this.#isStray(here)) await this.#moveAway(name, here);
      else this.#leave(name, { ...here, why });
    }
  }

  async #mendDocument(name: string): Promise<void> {
    const here = await this.#see(name);
    if (here.state !== 'missing') return;
    const there = await this.#seeThere(name);
    if (there.state === 'whole') await this.#put(name, here, there.bytes);
  }

  /** What only keeps, and was lost here; a receiver keeps books of its own, and refuses. */
  async #mendBeside(folder: string): Promise<void> {
    const { store, other } = this.#ports;
    const here = new Set((await store.list(folder)).map(({ name }) => name));
    for (const { name } of await listOrNothing(other, folder)) {
      if (here.has(name)) continue;
      try {
        const bytes = await other.get(name);
        await this.#put(name, { state: 'missing', why: 'it lies in the copy', bytes }, bytes);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (error.kind !== 'refused') this.#remaining.push(problemOf(name, error));
      }
    }
  }

  async #mend(object: StoredObject): Promise<void> {
    const { name, sizeBytes } = object;
    const here: SeenObject = this.#isHere(object)
      ? await this.#see(name, sizeBytes)
      : { state: 'missing', why: 'it lies in the copy', bytes: new Uint8Array(0) };
    if (here.state === 'whole') this.#isWhole(name, here.bytes);
    else await this.#mendFromOther(name, here);
    this.#progress.objects += 1;
    this.#progress.bytes += sizeBytes;
    this.#request.onProgress(this.#progress);
  }

  async #mendFromOther(name: string, here: SeenObject): Promise<void> {
    if (this.#swept.has(name)) {
      this.#leave(name, here);
      return;
    }
    const there = await this.#seeThere(name);
    if (there.state === 'whole') {
      if (await this.#put(name, here, there.bytes)) this.#isWhole(name, there.bytes);
      return;
    }
    // What lies only in the copy, and is damaged there, is missing here for whoever names it.
    if (here.state === 'missing') return;
    // Whatever an index says can be read from the packs; a stray lies elsewhere under its own name.
    const isUnneeded = partOf(name) === 'index' || (await this.#isStray(here));
    if (isUnneeded && here.state === 'damaged') await this.#moveAway(name, here);
    else this.#leave(name, here);
  }

  /** What is of another vault does no harm; and of what lies nowhere the damaged twin is named. */
  #leave(name: string, here: SeenObject): void {
    const isNamed = here.state === 'missing' && plainName(name) !== 'header';
    if (here.state !== 'foreign' && !isNamed) this.#remaining.push(problemAt(name, here));
  }

  /** Bytes that lie here whole under the name that is theirs. */
  async #isStray({ bytes, state }: SeenObject): Promise<boolean> {
    if (state !== 'damaged' || bytes.length === 0) return false;
    const { tools } = this.#ports;
    const id = hexOf(tools.hash.sha256(bytes));
    const names = [...this.#here.keys()].filter(
      (name) => lastOf(name) === id || name.endsWith(`-${id.slice(0, 32)}`),
    );
    for (const name of names) {
      const own = await this.#see(name);
      if (own.state === 'whole' && isSame(own.bytes, bytes)) return true;
    }
    return this.#isStrayTwin(bytes);
  }

  async #isStrayTwin(bytes: Uint8Array): Promise<boolean> {
    for (const folder of TWIN_FOLDERS) {
      for (const plain of await twinsBelow(this.#ports.store, folder)) {
        const own = await this.#see(plain);
        if (own.state === 'whole' && isSame(own.bytes, bytes)) return true;
      }
    }
    return false;
  }

  /** @returns whether the name has these bytes now */
  async #put(name: string, here: SeenObject, bytes: Uint8Array): Promise<boolean> {
    const { store, mending, tools } = this.#ports;
    const problem = problemAt(name, here);
    const isThere = here.state !== 'missing';
    if (isThere && mending === undefined) {
      this.#remaining.push(problem);
      this.#toSetAside.push(name);
      return false;
    }
    let setAside: string | undefined;
    if (!this.#request.isDryRun) {
      if (isThere) setAside = mending?.replace(name, bytes);
      else await store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
    }
    this.#repaired.push({ ...problem, setAside });
    return true;
  }

  async #moveAway(name: string, here: SeenObject): Promise<void> {
    const { mending } = this.#ports;
    const problem = problemAt(name, here);
    if (mending === undefined) {
      this.#remaining.push(problem);
      this.#toSetAside.push(name);
      return;
    }
    const setAside = this.#request.isDryRun ? undefined : mending.setAside(name);
    this.#repaired.push({ ...problem, setAside });
  }

  #isWhole(name: string, bytes: Uint8Array): void {
    this.#whole.add(name);
    this.#named.add(name, bytes);
  }

  async #notePacksMissing(): Promise<void> {
    const known = new Set(this.#remaining.map(({ object }) => object));
    const isThere = (object: string): boolean => this.#whole.has(object) || known.has(object);
    const missing = this.#named.missing(isThere);
    const ports = { store: this.#ports.store, tools: this.#ports.tools };
    const swept = new Set(await sweptAmong(ports, new Set(missing.map(lastOf))));
    for (const object of missing) {
      if (swept.has(lastOf(object))) continue;
      this.#remaining.push({
        kind: 'missing',
        object,
        why: NAMED_ONLY,
      });
    }
  }

  #see(name: string, sizeBytes?: number): Promise<SeenObject> {
    const { store, tools } = this.#ports;
    return seeObject({ store, tools }, { name, sizeBytes, vault: this.#vault });
  }

  #seeThere(name: string): Promise<SeenObject> {
    const { other: store, tools } = this.#ports;
    return seeObject({ store, tools }, { name, vault: this.#vault });
  }

  async #report(): Promise<RepairReport> {
    const { store, tools } = this.#ports;
    const lost = this.#remaining.map(({ object }) => object).filter((name) => isOf(name, 'pack'));
    const snapshots = this.#remaining.map(({ object }) => object).filter(isSnapshot);
    const ports = { store, tools, vault: this.#vault };
    // An index that was taken away may have been all that named a pack which is not there.
    const isUnsure = lost.length > 0 || this.#repaired.some(({ object }) => isOf(object, 'index'));
    const inNeed = isUnsure ? await snapshotsInNeed(ports, new Set(lost.map(lastOf))) : [];
    return {
      vault: this.#vault,
      objects: this.#progress.objects,
      bytes: this.#progress.bytes,
      repaired: this.#repaired,
      remaining: this.#remaining,
      toSetAside: this.#toSetAside,
      inNeed: [...new Set([...inNeed, ...snapshots])].sort(),
      keysElsewhere: this.#keysElsewhere,
    };
  }
}

function isOf(name: string, part: VaultPart): boolean {
  return partOf(name) === part;
}

function isSnapshot(name: string): boolean {
  return isOf(name, 'snapshot');
}
