/**
 * Looks whether a vault would give back what was put into it: its own objects, every page of every
 * trusted snapshot, every object they refer to, and, asked for, every byte.
 */
import { byteString, type Digest, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../host/clock.ts';
import type { PlacedRef } from '../../manifest/core/page-load.ts';
import { leafRefs } from '../../manifest/core/walk.ts';
import { IdTable } from '../core/id-table.ts';
import { NAMES } from '../core/object-id.ts';
import { type ChainFinding, chainWords, sharedWriters } from '../core/snapshot-chain.ts';
import type { SnapshotContent, SnapshotRoot } from '../core/snapshot-content.ts';
import type { CheckCrew } from './check-crew.ts';
import type { CheckProgress, CheckReport, CheckRequest, PackHow } from './check-request.ts';
import type { AffectedFile, CheckFinding } from './check-finding.ts';
import type { CheckedLeaf, CheckedPack } from './check-work.ts';
import { forgottenIn, readForgetBook } from './forget-book.ts';
import { readHolds } from './hold-store.ts';
import type { Vault } from './open-vault.ts';
import { unsaidSeen } from './seen-store.ts';
import { type NeededPacks, PackNeeds } from './pack-needs.ts';
import { type ListedSnapshot, listSnapshots, readSnapshotContent } from './snapshot-store.ts';
import type { KnownPack, VaultIndex } from './vault-index.ts';
import type { ReadObject } from './vault-objects.ts';
import type { VaultProblem } from './vault-problem.ts';

export interface CheckPorts {
  readonly vault: Vault;
  readonly index: VaultIndex;
  /** Of this thread: index pages. */
  readonly readObject: ReadObject;
  readonly clock: Clock;
  /** Closed by whoever made it. */
  readonly crew: CheckCrew;
}

const NAMED_MAX = 1000;
/** Snapshots whose packs are told: each takes some kilobytes. */
const NEEDED_MAX = 2000;
const LEAVES_EACH = 64;
const WORK_EACH = 2;
/** Hex digits of a snapshot's id in its name. */
const ID_IN_NAME = 32;
const GONE_MEANWHILE = 'it was taken away while the vault was checked';

export async function checkVault(ports: CheckPorts, request: CheckRequest): Promise<CheckReport> {
  return new Check(ports, request).run();
}

interface CheckedSnapshot {
  readonly id: string;
  readonly content: SnapshotContent;
}

class Check {
  readonly #ports: CheckPorts;
  readonly #request: CheckRequest;
  readonly #startedMs: number;
  readonly #findings: CheckFinding[] = [];
  readonly #affected: AffectedFile[] = [];
  readonly #affectedSnapshots = new Set<string>();
  /** Of leaf pages that were looked at: what in them cannot be had, mostly nothing. */
  readonly #leaves = new Map<Digest, CheckedLeaf['affected']>();
  /** Of the same, the packs that they need, where these are asked for. */
  readonly #needed = new Map<Digest, NeededPacks>();
  readonly #ids: IdTable;
  #findingCount = 0;
  #left = 0;
  #packsHere = 0;
  #neededCount = 0;
  #gone = 0;
  #affectedCount = 0;
  #packs = 0;
  #packsRead = 0;
  #groups = 0;
  #objects = 0;
  #readBytes = 0;
  #entries = 0;

  constructor(ports: CheckPorts, request: CheckRequest) {
    this.#ports = ports;
    this.#request = request;
    this.#startedMs = ports.clock.monotonic();
    this.#ids = new IdTable(ports.index.access.present);
  }

  async run(): Promise<CheckReport> {
    const { vault, index } = this.#ports;
    for (const problem of [...vault.problems, ...index.problems]) this.#noteProblem(problem);
    if (index.rebuilt.length > 0) {
      this.#note({
        grade: 'notice',
        object: 'index/',
        why: 'packs that no index names were scanned',
      });
    }
    const { snapshots, findings, problems } = await listSnapshots(vault);
    for (const problem of problems) this.#noteProblem(problem);
    for (const finding of findings) this.#note(chainFinding(finding));
    await this.#checkSeenBefore(await this.#forgotten());
    const trusted = this.#opened(snapshots).reverse();
    if (this.#request.scrub?.budget === undefined) {
      const listed = snapshots.map(({ record }) => record);
      const unsaid = await unsaidSeen(vault, listed, this.#ports.clock.now());
      for (const problem of unsaid) this.#noteProblem(problem);
      await this.#checkSnapshots(trusted, await this.#checkPacks());
    } else {
      await this.#checkInTime(trusted);
    }
    return this.#report(snapshots.length, trusted.length);
  }

  /** What went by a plan is not gone; what says so is checked, and so is what holds others. */
  async #forgotten(): Promise<ReadonlySet<string>> {
    const { vault } = this.#ports;
    const book = await readForgetBook(vault);
    const holds = await readHolds(vault);
    for (const problem of [...book.problems, ...holds.problems]) this.#noteProblem(problem);
    return new Set(forgottenIn(book).map(({ id }) => id));
  }

  /** First what is cheap, and says which packs matter; of damage then all is said, however long that takes. */
  async #checkInTime(trusted: readonly CheckedSnapshot[]): Promise<void> {
    const budget = this.#request.scrub?.budget;
    const mayLook = (): boolean => budget?.mayLook() ?? true;
    this.#left = await this.#checkSnapshots(trusted, [], mayLook);
    const damagedGroups = await this.#checkPacks();
    if (damagedGroups.length === 0) return;
    // All is counted anew by the second walk.
    this.#leaves.clear();
    this.#affected.length = 0;
    this.#affectedCount = 0;
    this.#entries = 0;
    this.#neededCount = 0;
    this.#left = await this.#checkSnapshots(trusted, damagedGroups);
  }

  /** @returns how many there was no time for */
  async #checkSnapshots(
    trusted: readonly CheckedSnapshot[],
    damagedGroups: readonly number[],
    mayLook: () => boolean = () => true,
  ): Promise<number> {
    let left = 0;
    for (const [at, snapshot] of trusted.entries()) {
      const isDue = this.#request.again?.snapshots.has(snapshot.id) === true;
      const how = { damagedGroups, mayLook: isDue ? () => true : mayLook };
      const isLooked = (at === 0 || how.mayLook()) && (await this.#checkSnapshot(snapshot, how));
      left += isLooked ? 0 : 1;
    }
    return left;
  }

  /** By their names: what is there and damaged is a finding of its own. */
  async #checkSeenBefore(forgotten: ReadonlySet<string>): Promise<void> {
    const { snapshots = [], had } = this.#request.seenBefore ?? {};
    const stored = await this.#ports.vault.store.list('snapshots/');
    const here = new Set(stored.map(({ name }) => name.slice(name.lastIndexOf('-') + 1)));
    for (const id of forgotten) here.add(id.slice(0, ID_IN_NAME));
    const gone = snapshots.filter(({ id }) => !here.has(id.slice(0, ID_IN_NAME)));
    this.#gone = gone.length;
    for (const { how } of gone) {
      const why = `${how}, and it is not here: lost, removed by somebody, or this is an older copy`;
      this.#note({ grade: 'damaged', object: 'snapshots/', why });
    }
    if (stored.length > 0 || gone.length > 0 || had === undefined) return;
    this.#gone = 1;
    this.#note({ grade: 'damaged', object: 'snapshots/', why: `${had}, and now there is none` });
  }

  #opened(snapshots: readonly ListedSnapshot[]): CheckedSnapshot[] {
    const { vault } = this.#ports;
    const opened: CheckedSnapshot[] = [];
    const links: Parameters<typeof sharedWriters>[0][number][] = [];
    for (const { record, trust } of snapshots) {
      const object = record.name;
      if (trust !== 'trusted') {
        const why = `nobody vouches for its writer ${record.writer.slice(0, 16)}: not looked into`;
        this.#note({ grade: 'notice', object, why });
        continue;
      }
      try {
        const content = readSnapshotContent(vault, record);
        const refs = content.roots.map((root) => hexOf(vault.idOf(NAMES, root.sha256)));
        if (refs.join() !== record.refs.join()) {
          this.#note({
            grade: 'damaged',
            object,
            why: 'its references are not those of its roots',
          });
        }
        opened.push({ id: record.id, content });
        links.push({ ...record, host: content.host });
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#affectedSnapshots.add(record.id);
        this.#note({ grade: 'damaged', object, why: error.message });
      }
    }
    for (const finding of sharedWriters(links)) this.#note(chainFinding(finding));
    return opened;
  }

  /** @returns the groups that are damaged */
  async #checkPacks(): Promise<number[]> {
    const { index, crew, vault } = this.#ports;
    const stored = await vault.store.list('packs/');
    const sizes = new Map(stored.map(({ name, sizeBytes }) => [name, sizeBytes]));
    const here = index.packs.filter((pack) => sizes.has(`packs/${pack.name}`));
    const totalBytes = stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const damagedGroups: number[] = [];
    const { packs, isRead } = this.#chosen(here);
    this.#packsHere = here.length;
    await this.#inTurn(packs, async ({ name, sizeBytes }) => {
      const found = sizes.get(`packs/${name}`) ?? 0;
      if (found !== sizeBytes) {
        const why = `it has ${found} bytes, and was written with ${sizeBytes}`;
        this.#note({ grade: 'damaged', object: `packs/${name}`, why });
      }
      const readData = isRead(name);
      const startedAt = this.#ports.clock.now();
      const checked = await crew.checkPack({ name, readData });
      const isThere = checked.findings.length === 0 || (await this.#isThere(name));
      if (!isThere) {
        // Of what was listed and is gone only the vault as it is now tells whether it is missed.
        this.#note({ grade: 'damaged', object: `packs/${name}`, why: GONE_MEANWHILE });
        return;
      }
      if (readData) this.#request.scrub?.noted(name, { startedAt, how: howRead(checked) });
      damagedGroups.push(...checked.damagedGroups);
      for (const finding of checked.findings) this.#note(finding);
      const isDamaged = found !== sizeBytes || checked.findings.some(isDamage);
      this.#request.onPack?.({ name, isRead: readData, isDamaged });
      this.#packs += 1;
      this.#packsRead += readData ? 1 : 0;
      this.#groups += checked.groups;
      this.#objects += checked.members;
      this.#readBytes += checked.readBytes;
      this.#show({ packsTotal: here.length, totalBytes });
    });
    return damagedGroups;
  }

  async #isThere(pack: string): Promise<boolean> {
    const name = `packs/${pack}`;
    return (await this.#ports.vault.store.list(name)).some((each) => each.name === name);
  }

  /** In the order of the ledger, where there is one. */
  #chosen(here: readonly KnownPack[]): Chosen {
    const { readData, scrub, again } = this.#request;
    if (again !== undefined) {
      const packs = here.filter(({ name }) => again.packs.has(name));
      return { packs, isRead: (name) => again.packs.get(name) === true };
    }
    const { choose, budget } = scrub ?? {};
    if (choose === undefined) {
      return { packs: here, isRead: (name) => readData && this.#isSampled(name) };
    }
    const byName = new Map(here.map((pack) => [pack.name, pack]));
    const names = choose([...byName.keys()]);
    const wanted = names.flatMap((name) => byName.get(name) ?? []);
    const read = new Set(names);
    const isRead = (name: string): boolean => read.has(name);
    if (budget !== undefined) return { packs: whileMay(wanted, () => budget.mayRead()), isRead };
    return { packs: [...wanted, ...here.filter(({ name }) => !read.has(name))], isRead };
  }

  /** @returns whether there was time for all of it */
  async #checkSnapshot({ id, content }: CheckedSnapshot, how: Looking): Promise<boolean> {
    const wantsPacks = this.#request.scrub !== undefined && this.#neededCount < NEEDED_MAX;
    const needs = wantsPacks ? new PackNeeds() : undefined;
    for (const root of content.roots) {
      const below = content.roots.length > 1 ? `${root.name}/` : '';
      try {
        if (!(await this.#checkRoot(root, how))) return false;
        for (const { digest } of this.#leavesOf(root, needs)) {
          const needed = this.#needed.get(digest);
          if (needed !== undefined) needs?.add(needed);
          for (const { path, why } of this.#leaves.get(digest) ?? []) {
            this.#noteAffected({ snapshot: id, path: byteString(below + path), why });
          }
        }
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const why = `its manifest cannot be read: ${error.message}`;
        this.#noteAffected({ snapshot: id, path: byteString(below), why });
      }
    }
    if (needs === undefined) return true;
    this.#neededCount += 1;
    this.#request.scrub?.needed(id, needs.needed(), this.#ports.index.access.packs);
    return true;
  }

  /** Pages that several snapshots share are looked at once. @returns whether there was time for all */
  async #checkRoot(root: SnapshotRoot, { damagedGroups, mayLook }: Looking): Promise<boolean> {
    const { crew } = this.#ports;
    const wantsPacks = this.#request.scrub !== undefined;
    let isOver = false;
    const mayGoOn = (): boolean => {
      isOver ||= !mayLook();
      return !isOver;
    };
    await this.#inTurn(whileMay(this.#batches(root), mayGoOn), async (leaves) => {
      for (const leaf of await crew.checkLeaves({ leaves, damagedGroups, wantsPacks })) {
        this.#leaves.set(leaf.digest, leaf.affected);
        if (leaf.needed !== undefined) this.#needed.set(leaf.digest, leaf.needed);
        this.#entries += leaf.entries;
      }
    });
    return !isOver;
  }

  *#batches(root: SnapshotRoot): Generator<PlacedRef[]> {
    let leaves: PlacedRef[] = [];
    for (const leaf of this.#leavesOf(root)) {
      if (this.#leaves.has(leaf.digest)) continue;
      leaves.push(leaf);
      if (leaves.length < LEAVES_EACH) continue;
      yield leaves;
      leaves = [];
    }
    if (leaves.length > 0) yield leaves;
  }

  #leavesOf(root: SnapshotRoot, needs?: PackNeeds): Generator<PlacedRef> {
    const { readObject, vault, index } = this.#ports;
    return leafRefs({
      root: root.sha256,
      load: (digest) => {
        needs?.addObject(vault.idOf(NAMES, digest), index.access, this.#ids);
        return vault.tools.codec.textOf(readObject({ kind: NAMES, digest }));
      },
    });
  }

  /** As many at once as the crew can use. */
  async #inTurn<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
    const queue = items[Symbol.iterator]();
    const lane = async (): Promise<void> => {
      for (let next = queue.next(); next.done !== true; next = queue.next()) await act(next.value);
    };
    const lanes = Array.from({ length: WORK_EACH * this.#ports.crew.size }, lane);
    const ended = await Promise.allSettled(lanes);
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
  }

  #isSampled(pack: string): boolean {
    const { sample } = this.#request;
    const { hash } = this.#ports.vault.tools;
    if (sample === undefined) return true;
    const digest = hash.sha256Text(byteString(`${sample.seed} ${pack}`));
    const share = (digest.charCodeAt(0) * 256 + digest.charCodeAt(1)) / 65_536;
    return share * 100 < sample.percent;
  }

  #noteProblem({ kind, object, why }: VaultProblem): void {
    this.#note({ grade: kind === 'foreign' ? 'notice' : 'damaged', object, why });
  }

  #note(finding: CheckFinding): void {
    const isKnown = this.#findings.some(
      ({ object, why }) => object === finding.object && why === finding.why,
    );
    if (isKnown) return;
    this.#findingCount += 1;
    if (this.#findings.length < NAMED_MAX) this.#findings.push(finding);
  }

  #noteAffected(affected: AffectedFile): void {
    this.#affectedSnapshots.add(affected.snapshot);
    this.#affectedCount += 1;
    if (this.#affected.length < NAMED_MAX) this.#affected.push(affected);
  }

  #show(totals: Pick<CheckProgress, 'packsTotal' | 'totalBytes'>): void {
    const elapsedMs = this.#elapsed();
    const { onProgress } = this.#request;
    onProgress?.({ packs: this.#packs, readBytes: this.#readBytes, elapsedMs, ...totals });
  }

  #elapsed(): number {
    return this.#ports.clock.monotonic() - this.#startedMs;
  }

  #report(snapshots: number, trusted: number): CheckReport {
    const durationMs = this.#elapsed();
    const isDamaged = this.#findings.some(({ grade }) => grade === 'damaged');
    return {
      isSound: !isDamaged && this.#affectedCount === 0,
      findings: this.#findings.toSorted(byGrade),
      findingCount: this.#findingCount,
      affected: this.#affected,
      affectedCount: this.#affectedCount,
      affectedSnapshots: [...this.#affectedSnapshots],
      snapshots: trusted,
      untrustedSnapshots: snapshots - trusted,
      goneSnapshots: this.#gone,
      snapshotsLeft: this.#left,
      entries: this.#entries,
      packs: this.#packsHere,
      packsRead: this.#packsRead,
      groups: this.#groups,
      objects: this.#objects,
      readBytes: this.#readBytes,
      durationMs,
      rateBytesPerS: durationMs > 0 ? (this.#readBytes * 1000) / durationMs : 0,
    };
  }
}

interface Looking {
  readonly damagedGroups: readonly number[];
  readonly mayLook: () => boolean;
}

interface Chosen {
  readonly packs: Iterable<KnownPack>;
  readonly isRead: (pack: string) => boolean;
}

function howRead({ findings, isFromMedium }: CheckedPack): PackHow {
  if (findings.length > 0) return 'damaged';
  return isFromMedium ? 'medium' : 'memory';
}

/** The first is always given: whoever has little time comes on all the same. */
function* whileMay<T>(items: Iterable<T>, may: () => boolean): Generator<T> {
  let isFirst = true;
  for (const item of items) {
    if (!isFirst && !may()) return;
    isFirst = false;
    yield item;
  }
}

function isDamage({ grade }: CheckFinding): boolean {
  return grade === 'damaged';
}

function chainFinding(finding: ChainFinding): CheckFinding {
  const object = `snapshots/${finding.writer.slice(0, 16)}`;
  const isLoss = finding.kind === 'gap' || finding.kind === 'break';
  return { grade: isLoss ? 'damaged' : 'notice', object, why: chainWords(finding).why };
}

function byGrade(a: CheckFinding, b: CheckFinding): number {
  return Number(a.grade === 'notice') - Number(b.grade === 'notice');
}
