/**
 * Copies a vault to another place, object by object, without a key. What opens it goes first, what
 * refers to others last: docs/design/046-copies.md. The place opens at every moment, and every
 * snapshot that it lists restores.
 */
import { Fault } from '../../base/fault.ts';
import { MIB } from '../../base/units.ts';
import { isTwin, partOf, twinNames } from '../core/object-proof.ts';
import { formatsApart } from '../core/header.ts';
import { isSame, rightTwin } from '../core/twin-vote.ts';
import { isSnapshotName, parseSnapshot } from '../core/snapshot-record.ts';
import {
  type CollectionWatch,
  secureSnapshot,
  type WatchPorts,
  watchCollection,
} from './collection-watch.ts';
import { coveredPacks, sweptAmong } from './collection-state.ts';
import {
  DOCUMENTS,
  lastOf,
  NamedPacks,
  PACKS_AT_ONCE,
  TWIN_FOLDERS,
  twinsBelow,
} from './copied-folders.ts';
import type { CopyPorts, CopyProblem, CopyReport, CopyRequest } from './copy-report.ts';
import { forgottenIds, idInName } from './forgotten-names.ts';
import { inParallel } from './in-parallel.ts';
import { snapshotsInNeed } from './needed-packs.ts';
import { problemAt, type SeenObject, seeObject } from './object-sight.ts';
import type { StoredObject } from './store.ts';
import { asIfCopied, moveSwept, sweptOf } from './swept-packs.ts';
import { saidIndexes } from './said-indexes.ts';
import { identifyVault, listOrNothing } from './vault-identity.ts';
import { NAMED_ONLY, type VaultProblem } from './vault-problem.ts';

/** Names of snapshots that were forgotten on purpose: docs/design/044-collection.md. */
const FORGOTTEN = 'forgotten/';
/** What retention goes by lies beside the snapshots. */
const BESIDE = ['received/', 'holds/', 'releases/', 'forgets/', 'putbacks/', 'seen/', FORGOTTEN];
/** What a collection is at, and what a repair set aside. */
const OF_EACH_PLACE = ['collect/', 'damaged/'];
/** Of what is not known; a receiver takes no larger ones. */
const UNKNOWN_SIZE_MAX = 64 * MIB;
/** A collector may go on all the time: what is missed then is said, and the next run copies it. */
const PASSES_MAX = 8;

/**
 * @throws Fault HF_VAULT_ABSENT, HF_VAULT_OTHER, HF_COPY_*, HF_VAULT_FEATURE_UNKNOWN, what the
 *   target throws, and what the source throws of what may pass
 * Idempotent, and goes on where another was broken off: what is there is not put again.
 */
export async function copyVault(ports: CopyPorts, request: CopyRequest): Promise<CopyReport> {
  const { from, tools } = ports;
  const vault = await identifyVault({ store: from, tools });
  if (vault === undefined) throw new Fault('HF_VAULT_ABSENT', 'there is no vault to copy');
  const isThere = await demandSame(ports, vault);
  if (!isThere && request.isExpected?.(vault) === true) {
    throw new Fault('HF_COPY_AWAY', 'a copy lay in the place to copy to, and nothing does now');
  }
  return new Copying(ports, request, vault).run(isThere);
}

/** @returns whether it lies there already. @throws Fault HF_VAULT_OTHER, HF_COPY_TARGET */
async function demandSame({ to, tools }: CopyPorts, vault: string): Promise<boolean> {
  const there = await identifyVault({ store: to, tools });
  if (there === vault) return true;
  if (there !== undefined) {
    throw new Fault('HF_VAULT_OTHER', 'another vault lies in the place to copy to', {
      there,
      vault,
    });
  }
  const [first] = (await listOrNothing(to, '')).filter(({ name }) => partOf(name) !== 'document');
  if (first === undefined) return false;
  const { name } = first;
  throw new Fault('HF_COPY_TARGET', `the place to copy to holds ${name}, and is no vault`, {
    name,
  });
}

const NOBODY_COLLECTS: CollectionWatch = {
  fates: new Set(),
  isActive: false,
  covered: new Set(),
};

class Copying {
  readonly #ports: CopyPorts;
  readonly #request: CopyRequest;
  readonly #vault: string;
  readonly #there = new Map<string, number>();
  readonly #problems: CopyProblem[] = [];
  readonly #atTarget: VaultProblem[] = [];
  readonly #totals = { objects: 0, objectsTotal: 0, bytes: 0, bytesTotal: 0 };
  readonly #named: NamedPacks;
  #formats: CopyReport['formats'];
  /** What was listed at the source, and was taken away before it was read. */
  readonly #gone = new Map<string, CopyProblem>();
  #present = 0;

  constructor(ports: CopyPorts, request: CopyRequest, vault: string) {
    this.#ports = ports;
    this.#request = request;
    this.#vault = vault;
    this.#named = new NamedPacks(ports.tools);
  }

  async run(isThere: boolean): Promise<CopyReport> {
    const { from, to } = this.#ports;
    const since = isThere ? await watchCollection(this.#watching()) : NOBODY_COLLECTS;
    // What refers is listed before what it refers to: others may be writing meanwhile.
    const snapshots = await this.#snapshotsToCopy();
    for (const { name, sizeBytes } of await listOrNothing(to, '')) this.#there.set(name, sizeBytes);
    const newSnapshots = snapshots.filter((object) => this.#isMissing(object));
    this.#expect(newSnapshots);
    const keys = await this.#copyContent(snapshots);
    for (const folder of BESIDE) await this.#copyBeside(await from.list(folder));
    await this.#copyBeside((await from.list('')).filter(isUnknown));
    // One after the other, in the order of each writer: a chain has no gap in between.
    for (const object of newSnapshots) {
      await this.#copy(object);
      await this.#secure(object, since);
    }
    // A copy that was overtaken has left some that nobody looked after.
    const known = new Set(newSnapshots.map(({ name }) => name));
    if (since.isActive) {
      for (const object of snapshots.filter(({ name }) => !known.has(name))) {
        await this.#secure(object, since);
      }
    }
    await this.#judgeGone();
    return this.#report(keys);
  }

  /**
   * What opens, packs, indexes. A collector at the source may put what is needed elsewhere and take
   * away where it lay: then all is listed anew, so that each snapshot has all it needs.
   *
   * @returns ids of keys that the source has
   */
  async #copyContent(snapshots: readonly StoredObject[]): Promise<ReadonlySet<string>> {
    const { from } = this.#ports;
    let keys: ReadonlySet<string> | undefined;
    for (let pass = 1; ; pass++) {
      this.#gone.clear();
      this.#named.clear();
      const indexes = await from.list('index/');
      const packs = await from.list('packs/');
      const said = new Set(this.#problems.map(({ object }) => object));
      const isNew = (object: StoredObject): boolean =>
        !said.has(object.name) &&
        (pass === 1 ? this.#isMissing(object) : !this.#there.has(object.name));
      const absent = packs.filter(isNew);
      // After what lies there was listed: what was taken away before that, a fate names.
      const swept = await sweptOf(this.#ports, absent);
      const newPacks = absent.filter((object) => !swept.includes(object));
      const newIndexes = await this.#unsaid(indexes, { isNew, newPacks });
      this.#expect([...newPacks, ...newIndexes]);
      await this.#request.demandRoom(this.#totals.bytesTotal - this.#totals.bytes);
      if (keys === undefined) {
        keys = await this.#copyTwins();
        for (const name of DOCUMENTS) await this.#copyDocument(name);
      }
      await inParallel(newPacks, (object) => this.#copy(object), PACKS_AT_ONCE);
      await inParallel(newIndexes, (object) => this.#copy(object));
      const fresh = new Set(newIndexes);
      await inParallel(
        indexes.filter((object) => !fresh.has(object) && !said.has(object.name)),
        (object) => this.#lookAtIndex(object),
      );
      if (swept.length > 0) await this.#moveSwept(swept, snapshots);
      if (this.#gone.size > 0 && pass < PASSES_MAX) continue;
      await this.#notePacksMissing(packs);
      return keys;
    }
  }

  /** Of these, what is new and says something new: what a collector at the target made says the rest. */
  async #unsaid(
    all: readonly StoredObject[],
    of: {
      readonly isNew: (object: StoredObject) => boolean;
      readonly newPacks: readonly StoredObject[];
    },
  ): Promise<readonly StoredObject[]> {
    const indexes = all.filter(of.isNew);
    const known = new Set(all.map(({ name }) => name));
    const own = [...this.#there]
      .filter(([name]) => partOf(name) === 'index' && !known.has(name))
      .map(([name, sizeBytes]) => ({ name, sizeBytes }));
    if (indexes.length === 0 || this.#there.size === 0) return indexes;
    const coming = new Set(of.newPacks.map(({ name }) => name));
    const isThere = (name: string): boolean => this.#there.has(name) || coming.has(name);
    const said = await saidIndexes(this.#ports, { indexes, own, isThere });
    this.#present += said.size;
    return indexes.filter((object) => !said.has(object));
  }

  /** What the target has swept gets its old name never again: of it only groups go along. */
  async #moveSwept(
    swept: readonly StoredObject[],
    snapshots: readonly StoredObject[],
  ): Promise<void> {
    const { from, tools } = this.#ports;
    const to = this.#request.isDryRun ? asIfCopied(this.#ports) : this.#ports.to;
    const refs: string[] = [];
    for (const object of snapshots) {
      const seen = await seeObject({ store: from, tools }, { ...object, vault: this.#vault });
      if (seen.state === 'whole') refs.push(...parseSnapshot(tools, seen.bytes).refs);
    }
    const put = async (name: string, bytes: Uint8Array): Promise<void> => {
      this.#expect([{ name, sizeBytes: bytes.length }]);
      await this.#request.demandRoom(this.#totals.bytesTotal - this.#totals.bytes);
      await this.#put(name, bytes);
    };
    if (await moveSwept({ ...this.#ports, to, put }, { swept, refs })) return;
    for (const object of swept) {
      const { name } = object;
      const seen = await seeObject({ store: from, tools }, { ...object, vault: this.#vault });
      const problem = { ...problemAt(name, seen), isMadeGood: false };
      if (seen.state === 'missing') this.#gone.set(name, problem);
      else if (seen.state !== 'whole') this.#problems.push(problem);
    }
  }

  #expect(toCome: readonly StoredObject[]): void {
    this.#totals.objectsTotal += toCome.length;
    this.#totals.bytesTotal += toCome.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** What was forgotten since it was listed is no loss: the target hears of it too. */
  async #judgeGone(): Promise<void> {
    if (this.#gone.size === 0) return;
    const { from, tools } = this.#ports;
    for (const folder of BESIDE) await this.#copyBeside(await from.list(folder));
    const forgotten = await forgottenIds({ store: from, tools });
    for (const [name, problem] of this.#gone) {
      if (name.startsWith('snapshots/') && forgotten.has(idInName(name))) continue;
      this.#problems.push(problem);
    }
  }

  /** A collector at the target may be taking away what was there before. */
  async #secure({ name }: StoredObject, since: CollectionWatch): Promise<void> {
    const { to, tools } = this.#ports;
    if (this.#request.isDryRun || !this.#there.has(name)) return;
    const bytes = await to.get(name);
    try {
      await secureSnapshot(this.#watching(), since, parseSnapshot(tools, bytes).refs);
    } catch (error) {
      // Of a newer form: a collector that cannot read it takes nothing away.
      if (!(error instanceof Fault) || error.code !== 'HF_VAULT_FEATURE_UNKNOWN') throw error;
    }
  }

  #watching(): WatchPorts {
    const { to, tools, clock } = this.#ports;
    return { store: to, tools, clock, vault: this.#vault };
  }

  async #snapshotsToCopy(): Promise<readonly StoredObject[]> {
    const { from, to, tools } = this.#ports;
    const snapshots = await from.list('snapshots/');
    const forgotten = await forgottenIds({ store: to, tools });
    // What was forgotten where it is copied from too, and lies there again, was put back.
    const putBack = new Set((await from.list(FORGOTTEN)).map(({ name }) => idInName(name)));
    return snapshots.filter(({ name }) => {
      if (!isSnapshotName(name)) return false;
      const id = idInName(name);
      return !forgotten.has(id) || putBack.has(id);
    });
  }

  #isMissing({ name, sizeBytes }: StoredObject): boolean {
    const there = this.#there.get(name);
    if (there === undefined) return true;
    this.#present += 1;
    if (there !== sizeBytes) {
      const why = `it has ${there} bytes there, and ${sizeBytes} where it was copied from`;
      this.#atTarget.push({ kind: 'damaged', object: name, why });
    }
    return false;
  }

  /** @returns ids of keys that the source has */
  async #copyTwins(): Promise<ReadonlySet<string>> {
    const { from } = this.#ports;
    const keys = new Set<string>();
    for (const folder of TWIN_FOLDERS) {
      const names = await twinsBelow(from, folder);
      if (folder === 'keys/') for (const name of names) keys.add(lastOf(name));
      await inParallel([...names].sort(), (name) => this.#copyTwin(name));
    }
    await this.#copyTwin('header');
    return keys;
  }

  /** Both names get the bytes that are right; where that cannot be told, each keeps its own. */
  async #copyTwin(plain: string): Promise<void> {
    const { from, to, tools } = this.#ports;
    const vault = this.#vault;
    const names = twinNames(plain);
    const seen = await Promise.all(
      names.map(async (name) => ({
        name,
        here: await seeObject({ store: from, tools }, { name, vault }),
        there: this.#there.has(name)
          ? await seeObject({ store: to, tools }, { name, vault })
          : undefined,
      })),
    );
    const right = rightTwin(
      seen.flatMap(({ here, there }) => [
        ...(here.state === 'whole' ? [{ at: 'here' as const, bytes: here.bytes }] : []),
        ...(there?.state === 'whole' ? [{ at: 'there' as const, bytes: there.bytes }] : []),
      ]),
    );
    for (const { name, here, there } of seen) {
      const isRight = here.state === 'whole' && right !== undefined && isSame(here.bytes, right);
      if (!isRight) {
        const why = here.state === 'whole' ? 'it and its copy differ' : here.why;
        const isMadeGood = right !== undefined;
        this.#problems.push({ ...problemAt(name, { ...here, why }), isMadeGood });
      }
      const bytes = right ?? (here.state === 'whole' ? here.bytes : undefined);
      if (there === undefined) {
        if (bytes !== undefined) await this.#put(name, bytes);
      } else {
        this.#present += 1;
        const isOther = right !== undefined && !isSame(there.bytes, right);
        if (isOther && !this.#isUpgrade(plain, there, right)) {
          const why = 'it is not what it is where it was copied from';
          this.#atTarget.push({ kind: 'damaged', object: name, why });
        }
      }
    }
  }

  /** The header of a place that was upgraded, or was not yet, is whole in both. */
  #isUpgrade(plain: string, there: SeenObject, right: Uint8Array): boolean {
    if (plain !== 'header' || there.state !== 'whole') return false;
    const [from, to] = formatsApart(this.#ports.tools, right, there.bytes) ?? [];
    if (from === undefined || to === undefined) return false;
    this.#formats = { from, to };
    return true;
  }

  async #copyDocument(name: string): Promise<void> {
    const { from, tools } = this.#ports;
    if (this.#there.has(name)) {
      this.#present += 1;
      return;
    }
    const seen = await seeObject({ store: from, tools }, { name, vault: this.#vault });
    if (seen.state === 'whole') await this.#put(name, seen.bytes);
    else if (seen.state !== 'missing') {
      this.#problems.push({ ...problemAt(name, seen), isMadeGood: false });
    }
  }

  /** As it lies, for whoever has the key to judge. A receiver keeps books of its own, and refuses. */
  async #copyBeside(objects: readonly StoredObject[]): Promise<void> {
    const { from, tools } = this.#ports;
    for (const object of objects) {
      const { name } = object;
      if (this.#there.has(name)) continue;
      const seen = await seeObject({ store: from, tools }, { ...object, vault: this.#vault });
      if (seen.state !== 'whole') {
        this.#problems.push({ ...problemAt(name, seen), isMadeGood: false });
        continue;
      }
      try {
        await this.#put(name, seen.bytes);
      } catch (error) {
        if (!(error instanceof Fault) || error.kind !== 'refused') throw error;
      }
    }
  }

  async #copy(object: StoredObject): Promise<void> {
    const { from, tools } = this.#ports;
    const { name, sizeBytes } = object;
    const { isDryRun } = this.#request;
    if (isDryRun && partOf(name) === 'pack') {
      this.#count(sizeBytes);
      return;
    }
    const seen = await seeObject({ store: from, tools }, { ...object, vault: this.#vault });
    if (seen.state !== 'whole') {
      const problem = { ...problemAt(name, seen), isMadeGood: false };
      if (seen.state === 'missing') this.#gone.set(name, problem);
      else this.#problems.push(problem);
      this.#totals.objectsTotal -= 1;
      this.#totals.bytesTotal -= sizeBytes;
      return;
    }
    this.#named.add(name, seen.bytes);
    await this.#put(name, seen.bytes);
  }

  /** What it names may lie in neither place: each run says so, and not the first alone. */
  async #lookAtIndex(object: StoredObject): Promise<void> {
    const { from, tools } = this.#ports;
    const seen = await seeObject({ store: from, tools }, { ...object, vault: this.#vault });
    const problem = { ...problemAt(object.name, seen), isMadeGood: true };
    if (seen.state === 'whole') this.#named.add(object.name, seen.bytes);
    else if (seen.state === 'missing') this.#gone.set(object.name, problem);
    else this.#problems.push(problem);
  }

  /** What a collector has taken away, and of which an index still speaks, nobody misses. */
  async #notePacksMissing(packs: readonly StoredObject[]): Promise<void> {
    const here = new Set(packs.map(({ name }) => name));
    const missing = this.#named.missing((object) => here.has(object));
    if (missing.length === 0) return;
    const covered = await this.#coveredAtSource();
    const swept = new Set(
      await sweptAmong({ ...this.#ports, store: this.#ports.from }, new Set(missing.map(lastOf))),
    );
    for (const object of missing) {
      if (covered.has(lastOf(object)) || swept.has(lastOf(object))) continue;
      const isMadeGood = this.#there.has(object);
      this.#problems.push({ kind: 'missing', object, why: NAMED_ONLY, isMadeGood });
    }
  }

  async #coveredAtSource(): Promise<ReadonlySet<string>> {
    const { from: store, tools } = this.#ports;
    try {
      return await coveredPacks({ store, tools });
    } catch (error) {
      if (error instanceof Fault && error.code === 'HF_COLLECT_UNREADABLE') return new Set();
      throw error;
    }
  }

  async #put(name: string, bytes: Uint8Array): Promise<void> {
    const { to, tools } = this.#ports;
    const part = partOf(name);
    const isCounted = part !== undefined && !isTwin(part) && part !== 'document';
    if (!isCounted) {
      this.#totals.objectsTotal += 1;
      this.#totals.bytesTotal += bytes.length;
    }
    if (!this.#request.isDryRun) {
      await to.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
    }
    this.#there.set(name, bytes.length);
    this.#count(bytes.length);
  }

  #count(sizeBytes: number): void {
    this.#totals.objects += 1;
    this.#totals.bytes += sizeBytes;
    this.#request.onProgress(this.#totals);
  }

  /** Whoever lost some, or was set back, does not know of it: what was copied before does. */
  async #snapshotsBeyond(): Promise<readonly string[]> {
    const { from, tools } = this.#ports;
    const known = new Set((await from.list('snapshots/')).map(({ name }) => idInName(name)));
    for (const id of await forgottenIds({ store: from, tools })) known.add(id);
    const there = [...this.#there.keys()].filter((name) => name.startsWith('snapshots/'));
    return there.filter((name) => !known.has(idInName(name))).sort();
  }

  async #report(keys: ReadonlySet<string>): Promise<CopyReport> {
    const { to, tools } = this.#ports;
    const isHeld = (name: string): boolean => name.startsWith('snapshots/');
    const lost = this.#problems.filter(
      ({ object, isMadeGood }) => !isMadeGood && object.startsWith('packs/'),
    );
    const ports = { store: to, tools, vault: this.#vault };
    const bad = this.#atTarget.filter(({ object }) => object.startsWith('packs/'));
    const isWhole = (lost.length === 0 && bad.length === 0) || this.#request.isDryRun;
    const badPacks = new Set(bad.map(({ object }) => lastOf(object)));
    const beyond = [...this.#there.keys()].filter((name) => name.startsWith('keys/')).map(lastOf);
    return {
      vault: this.#vault,
      objects: this.#totals.objects,
      bytes: this.#totals.bytes,
      presentObjects: this.#present,
      problems: this.#problems,
      atTarget: this.#atTarget,
      snapshots: [...this.#there.keys()].filter(isHeld),
      inNeed: isWhole ? [] : await snapshotsInNeed(ports, badPacks),
      keysBeyond: beyond.filter((id) => !keys.has(id)),
      formats: this.#formats,
      snapshotsBeyond: await this.#snapshotsBeyond(),
    };
  }
}

/** Of a later version that adds something: what it is for is known to others. */
function isUnknown({ name, sizeBytes }: StoredObject): boolean {
  const isKnown = [...BESIDE, ...OF_EACH_PLACE].some((folder) => name.startsWith(folder));
  return !isKnown && partOf(name) === undefined && sizeBytes <= UNKNOWN_SIZE_MAX;
}
