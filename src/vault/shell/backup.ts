/**
 * A backup, as the command line composes it: every root captured, packs, then index, then snapshot,
 * and only then is it acknowledged. docs/design/005-capture.md; order: docs/format/vault.md 9.
 */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { TornFinding, UseWatch } from '../../host/in-use.ts';
import { STAT_CACHED, STAT_DEV, STAT_INO } from '../../host/source.ts';
import { isWithin } from '../../manifest/core/order.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { makeDataKey, type SealedDataKey } from '../core/data-keys.ts';
import { NAMES } from '../core/object-id.ts';
import type {
  FrozenRecord,
  SnapshotContent,
  SnapshotRoot,
  TornData,
} from '../core/snapshot-content.ts';
import { watchCollection } from './collection-watch.ts';
import { fileStatOf, namesOf } from '../core/stat-cache.ts';
import { isEngineFile } from '../core/torn-layout.ts';
import { ancestorsOf, belowOf, isLostName, optionsText } from './backup-parts.ts';
import type {
  BackupOutcome,
  BackupPorts,
  BackupRequest,
  BackupRoot,
  RootView,
  VaultContents,
} from './backup-request.ts';
import { BackupRun } from './backup-run.ts';
import type { CacheBuilder } from './cache-builder.ts';
import { moveCache } from './cache-device.ts';
import { captureRoot, type Taken } from './capture-root.ts';
import { captureStream } from './capture-stream.ts';
import { KeptPages } from './kept-pages.ts';
import { mayTouch } from './mount-answer.ts';
import { publishBackup, publishSeen, watching } from './publish-backup.ts';
import type { Recount } from './recount-excluded.ts';
import { recountExcluded } from './recount-excluded.ts';
import type { RootCache } from './root-cache.ts';
import { reportOf, silentChangesOf } from './report-roots.ts';
import { readRootCache, writeRootCache } from './root-cache.ts';
import { scanRanges } from './scan-unchanged.ts';
import { TrustedDevices } from './trusted-devices.ts';
import { join, placeOf } from './walk-item.ts';
import { WalkReport } from './walk-report.ts';

/** What was modified less than this before its capture may still change without a trace. */
const YOUNG_MS = 60_000;
/** A boot time that moves further than this within one boot is a clock that was stepped. */
const CLOCK_STEP_MS = 2000;
const SCAN_RANGES_EACH = 16;
const NS_IN_MS = 1_000_000n;

interface RootDone {
  readonly root: SnapshotRoot;
  readonly report: WalkReport;
  readonly readPath: ByteString;
  /** What the last run left, where everything was read all the same. */
  readonly before: RootCache | undefined;
  /** Undefined where the old cache still holds. */
  readonly builder: CacheBuilder | undefined;
  readonly subject: Subject;
  readonly device: bigint;
  /** Of a host that may not read them in the vault. */
  readonly pages: KeptPages | undefined;
}

type Subject = { readonly root: ByteString; readonly options: ByteString };

/**
 * @throws Fault of store, disk and vault; HF_SOURCE_ABSENT where a root is not there
 * Acknowledged when it resolves: the snapshot is durable, and everything it needs.
 */
export async function backup(ports: BackupPorts, request: BackupRequest): Promise<BackupOutcome> {
  return new Backup(ports, request).run();
}

interface PathRoot {
  readonly name: ByteString;
  readonly path: ByteString;
  /** Where it is read: its path, or a frozen view of it. */
  readonly readPath: ByteString;
  /** Of the root, where it is read; 0 where that is no directory. */
  readonly device: bigint;
  readonly view: RootView | undefined;
}

interface ToWalk {
  readonly subject: Subject;
  readonly named: PathRoot;
  readonly before: RootCache | undefined;
  readonly old: Parameters<typeof captureRoot>[1]['old'];
}

class Backup {
  readonly #ports: BackupPorts;
  readonly #request: BackupRequest;
  readonly #started: UnixMs;
  readonly #devices: TrustedDevices;
  /** Packs that were known to be damaged when it began. */
  readonly #damaged: ReadonlySet<string>;
  readonly #readInFull: string[] = [];
  #watch: UseWatch | undefined;
  #run: { readonly run: BackupRun; readonly contents: VaultContents } | undefined;
  #progress = { entries: 0, readBytes: 0 };
  #entriesExpected: number | undefined;
  #clockStepped = false;
  #covered: ReadonlySet<string> = new Set();

  constructor(ports: BackupPorts, request: BackupRequest) {
    this.#ports = ports;
    this.#request = request;
    this.#started = ports.clock.now();
    this.#devices = new TrustedDevices(ports.mounts);
    this.#damaged = ports.damagedPacks();
  }

  async run(): Promise<BackupOutcome> {
    const { ports, request } = { ports: this.#ports, request: this.#request };
    const places = request.roots.flatMap(({ from }) => ('path' in from ? [from] : []));
    for (const { path, view } of places) this.#demandAnswer(view?.readPath ?? path);
    // Nobody writes into a frozen view, whatever is done meanwhile to what it is of.
    const live = places.filter(({ view }) => view === undefined && request.frozen === undefined);
    const watch = ports.inUse.begin(live.map(({ path }) => path));
    this.#watch = watch;
    // B1: before anything of the vault is relied on.
    const since = await watchCollection(watching(ports));
    this.#covered = since.covered;
    const missing = (await ports.missingPacks()).filter((pack) => !since.covered.has(pack));
    const isWhole = missing.length === 0;
    if (!isWhole) this.#readInFull.push('a pack is missing');
    const done: RootDone[] = [];
    for (const root of request.roots) done.push(await this.#captured(root, isWhole));
    const torn = this.#tornOf(watch.end(), done);
    const { storedBytes } = this.#run === undefined ? NOTHING : await this.#run.run.finish();
    const changedSilently = await this.#changedSilently(done);
    const finished = ports.clock.now();
    const roots = done.map(({ root }) => root);
    const report = reportOf(done);
    for (const { path, why } of request.frozen?.gaps() ?? []) report.gap(path, why);
    const frozen = this.#frozen();
    const content = { ...this.#facts({ roots, report, torn, changedSilently, frozen }), finished };
    const seen = this.#mayBeSeen(content)
      ? await publishSeen(ports, { content, since })
      : undefined;
    const published =
      seen ?? (await publishBackup(ports, { content, namesKey: this.#namesKey(), since }));
    this.#keepCaches(done, published.name);
    return {
      snapshot: published.id,
      seq: published.seq,
      writer: published.writer,
      isVouchedFor: published.isVouchedFor,
      isUnchanged: this.#run === undefined,
      isSeen: seen !== undefined,
      started: this.#started,
      finished,
      roots,
      newBytes: this.#run?.run.newBytes ?? 0,
      storedBytes,
      readBytes: this.#progress.readBytes,
      report,
      torn,
      frozen,
      readInFull: this.#readInFull,
      changedSilently,
    };
  }

  /** Nothing was stored, and what an engine was writing may have changed without a trace. */
  #mayBeSeen({ torn }: SnapshotContent): boolean {
    return this.#run === undefined && torn.length === 0 && this.#request.always !== true;
  }

  /** @throws Fault HF_SOURCE_ABSENT */
  #demandAnswer(root: ByteString): void {
    if (mayTouch(this.#ports.mounts, root)) return;
    throw new Fault('HF_SOURCE_ABSENT', `the file system of ${root} does not answer`, {
      path: root,
    });
  }

  async #captured(root: BackupRoot, isWhole: boolean): Promise<RootDone> {
    const { name, from } = root;
    const options = bytesOfUtf8(optionsText(this.#request));
    if ('stream' in from) {
      const { run } = await this.#begun();
      const made = await captureStream(this.#streamPorts(run), from.stream);
      const path = byteString('');
      const { digest, entries, bytes } = made;
      return {
        root: { name, path, sha256: digest, entries, bytes },
        report: new WalkReport(),
        readPath: path,
        device: 0n,
        before: undefined,
        builder: undefined,
        pages: undefined,
        subject: { root: path, options },
      };
    }
    const subject = { root: from.path, options };
    const readPath = from.view?.readPath ?? from.path;
    const device = this.#deviceOf(readPath);
    const named = { name, path: from.path, readPath, device, view: from.view };
    const before = isWhole ? await this.#lastRun(subject, named) : undefined;
    const old = this.#request.readAll ? undefined : before;
    if (old !== undefined) {
      this.#entriesExpected = (this.#entriesExpected ?? 0) + old.facts.entries;
      const changed = await this.#scan(old, readPath);
      if (this.#watch?.asksForKept === true && from.view === undefined)
        this.#tellKept(old, from.path);
      const { digest, entries, bytes, excluded } = old.facts;
      if (changed.length === 0) {
        const report = new WalkReport();
        this.#recount({ cache: old.cache, excluded, root: readPath, report });
        const root = { name, path: from.path, sha256: digest, entries, bytes };
        const same = { before: undefined, builder: undefined, pages: undefined };
        return { root, report, readPath, device, subject, ...same };
      }
      const known = { cache: old.cache, changed, root: digest, excluded };
      return this.#walked({ subject, named, before: undefined, old: known });
    }
    return this.#walked({ subject, named, before, old: undefined });
  }

  #recount(of: Recount): void {
    const { source, mounts, vault } = this.#ports;
    const root = mounts.realPath(of.root);
    recountExcluded({ source, mounts, codec: vault.tools.codec }, { ...of, root });
  }

  async #walked(of: ToWalk): Promise<RootDone> {
    try {
      return await this.#walkedOnce(of);
    } catch (error) {
      if (of.old === undefined || !isLostName(error)) throw error;
      // What the last manifest said cannot be read any more: everything is read, and every page is
      // stored again, so that this snapshot needs nothing of it.
      this.#readInFull.push(`the last manifest cannot be read: ${error.message}`);
      const { run } = await this.#begun();
      run.storeNamesAnew();
      return this.#walkedOnce({ ...of, old: undefined });
    }
  }

  async #walkedOnce(of: ToWalk): Promise<RootDone> {
    const { run, contents } = await this.#begun();
    const { crew, source, vault } = this.#ports;
    const { named, old, subject, before } = of;
    const report = new WalkReport();
    const pages = this.#pagesOf(subject);
    const captured = await captureRoot(
      {
        source,
        crew,
        tools: vault.tools,
        devices: this.#devices,
        load: (digest) => pages?.load(digest) ?? contents.loadPage(digest),
        keepPage: (text) => {
          const digest = run.keepPage(text);
          pages?.keep(digest, text);
          return digest;
        },
        keepList: run.keepList,
        sawFile: (file) => {
          if (named.view === undefined) this.#watch?.sawFile(file);
        },
        onBatch: (taken) => this.#taken(run, taken),
      },
      { walk: this.#walkOptions(named, report), old, youngNs: this.#youngNs() },
    );
    if (old !== undefined && captured.builder !== undefined) {
      const excluded = captured.builder.keptExcluded();
      this.#recount({ cache: old.cache, excluded, root: named.readPath, report });
    }
    const { digest, entries, bytes } = captured.root;
    const { name, path, readPath, device } = named;
    return {
      root: { name, path, sha256: digest, entries, bytes },
      report,
      readPath,
      device,
      before,
      builder: captured.builder,
      pages,
      subject,
    };
  }

  /** Undefined where the key of this host reads pages in the vault. */
  #pagesOf(subject: Subject): KeptPages | undefined {
    const { disk, vault, state } = this.#ports;
    if (vault.keyring.namesKey !== undefined) return undefined;
    return KeptPages.read({ disk, state, tools: vault.tools }, subject);
  }

  #walkOptions(of: PathRoot, report: WalkReport): Parameters<typeof captureRoot>[1]['walk'] {
    const { readPath: root, view } = of;
    const { excludes, oneFileSystem, skipCacheDirs, skipNoBackup, ownDirs } = this.#request;
    const { mounts } = this.#ports;
    const place = mounts.realPath(root);
    const skips = { excludes, oneFileSystem, skipCacheDirs, skipNoBackup, ownDirs };
    const otherFileSystems = view === undefined ? undefined : new Set(view.otherFileSystems);
    return { ...skips, otherFileSystems, mounts, report, root, place };
  }

  /** The cache of this root, where what it belongs to is in this vault. */
  async #lastRun(subject: Subject, named: PathRoot): Promise<RootCache | undefined> {
    const { disk, vault, state, allocate } = this.#ports;
    const ports = { disk, state, allocate, tools: vault.tools };
    const old = readRootCache(ports, subject);
    if (old === undefined) return undefined;
    if (named.view !== undefined) moveCache(old.cache, old.facts.device, named.device);
    const { snapshot, bootId, bootTimeMs } = old.facts;
    const [there, indexes] = [await vault.store.list(snapshot), await vault.store.list('index/')];
    if (indexes.length === 0 || !there.some(({ name }) => name === snapshot)) {
      this.#readInFull.push('the snapshot of the last run is not in this vault');
      return undefined;
    }
    const { host } = this.#request;
    if (bootId === host.bootId && Math.abs(bootTimeMs - host.bootTimeMs) > CLOCK_STEP_MS) {
      this.#clockStepped = true;
    }
    return old;
  }

  async #scan(old: RootCache, root: ByteString): Promise<Uint32Array> {
    const { crew, mounts } = this.#ports;
    const mayHang = belowOf(mounts.realPath(root), mounts.remotes());
    const ranges = scanRanges(old.cache, crew.size * SCAN_RANGES_EACH);
    const changed = await crew.scan(
      old.file,
      ranges.map((range) => ({ ...range, root, mayHang })),
    );
    if (changed.length === 0)
      await this.#taken(undefined, { entries: old.facts.entries, bytes: 0 });
    return changed.sort();
  }

  async #begun(): Promise<{ readonly run: BackupRun; readonly contents: VaultContents }> {
    if (this.#run === undefined) {
      const { vault, crew } = this.#ports;
      const contents = await this.#ports.contents(this.#covered);
      const options = { youngNs: this.#youngNs() };
      this.#run = { run: new BackupRun({ vault, crew, contents }, options), contents };
    }
    return this.#run;
  }

  /** After a step of the clock no time says how old a change is: all is read again next time. */
  #youngNs(): bigint {
    const from = Math.min(this.#started, this.#request.frozen?.at ?? this.#started);
    const youngMs = this.#clockStepped ? 0 : from - YOUNG_MS;
    return BigInt(Math.floor(youngMs)) * NS_IN_MS;
  }

  /** Whoever cannot see what others have open is told of every file that an engine may have. */
  #tellKept(old: RootCache, root: ByteString): void {
    const { codec } = this.#ports.vault.tools;
    for (let dir = 0; dir < old.cache.dirCount; dir++) {
      const { path, names } = namesOf(old.cache, dir, codec);
      for (const [at, name] of names.entries()) {
        if (!isEngineFile(name)) continue;
        const words = fileStatOf(old.cache, dir, at);
        const device = words[STAT_DEV] ?? 0n;
        const inode = words[STAT_INO] ?? 0n;
        this.#watch?.sawFile({ root, path: join(path, name), device, inode });
      }
    }
  }

  /** What was left out cannot be torn. */
  #tornOf(findings: readonly TornFinding[], done: readonly RootDone[]): TornData[] {
    const { excludes } = this.#request;
    const leftOut = new Map(
      done.map(({ root, report }) => [root.path, report.leftOut.map(({ path }) => path)]),
    );
    return findings
      .filter(({ root, path }) => !leftOut.get(root)?.some((left) => isWithin(left, path)))
      .filter(({ path }) => !ancestorsOf(path).some((above) => excludes.ruleFor(above, true)))
      .map(({ root, path, engine }) => ({ path: placeOf(root, path), engine }));
  }

  async #changedSilently(done: readonly RootDone[]): Promise<readonly ByteString[]> {
    if (!this.#request.readAll || done.every(({ before }) => before === undefined)) return [];
    const { source, vault, contents } = this.#ports;
    const { loadPage } = await contents(this.#covered);
    const load = (digest: Digest): ByteString =>
      done.find(({ pages }) => pages?.has(digest))?.pages?.load(digest) ?? loadPage(digest);
    const found = silentChangesOf({ source, codec: vault.tools.codec, load }, done);
    this.#readInFull.push(...found.problems);
    return found.paths;
  }

  #streamPorts(run: BackupRun): Parameters<typeof captureStream>[0] {
    const { vault, clock } = this.#ports;
    return {
      tools: vault.tools,
      clock,
      content: run.content,
      keepPage: (text) => run.keepPage(text),
      keepList: run.keepList,
      onTaken: (taken) => this.#taken(run, taken),
    };
  }

  async #taken(run: BackupRun | undefined, taken: Taken): Promise<void> {
    await run?.tidy();
    this.#progress.entries += taken.entries;
    this.#progress.readBytes += taken.bytes;
    this.#request.onProgress({
      ...this.#progress,
      entriesExpected: this.#entriesExpected,
    });
  }

  /** Of a root, where it is read. Whether it can be read is for the walk to say. */
  #deviceOf(readPath: ByteString): bigint {
    const { source } = this.#ports;
    const words = new BigInt64Array(STAT_CACHED);
    source.statMany(readPath, [byteString('')], words);
    return words[STAT_DEV] ?? 0n;
  }

  #frozen(): FrozenRecord | undefined {
    const { frozen } = this.#request;
    if (frozen === undefined) return undefined;
    const { method, guarantee, at } = frozen;
    return { method, guarantee, at, facts: frozen.facts() };
  }

  #namesKey(): SealedDataKey {
    const { tools, keyring } = this.#ports.vault;
    return this.#run?.run.namesKey ?? makeDataKey(tools, keyring, NAMES);
  }

  #facts(of: {
    readonly roots: readonly SnapshotRoot[];
    readonly report: WalkReport;
    readonly torn: readonly TornData[];
    readonly changedSilently: readonly ByteString[];
    readonly frozen: FrozenRecord | undefined;
  }) {
    const { dataSet, host, version, hooks, service, tags = [] } = this.#request;
    const { roots, report, torn, changedSilently, frozen } = of;
    return {
      dataSet,
      host: host.name,
      started: frozen?.at ?? this.#started,
      roots,
      stats: {
        readBytes: this.#progress.readBytes,
        newBytes: this.#run?.run.newBytes ?? 0,
        ...(changedSilently.length === 0 ? {} : { changedSilently: changedSilently.length }),
      },
      gaps: report.gaps,
      gapCount: report.gapCount,
      torn,
      excluded: [...report.byRule].map(([rule, { entries, bytes }]) => ({
        rule,
        entries,
        bytes: BigInt(bytes),
      })),
      notEntered: report.leftOut.map(({ path, why }) => ({ path, why })),
      inFluxCount: report.inFluxCount,
      ...(frozen === undefined ? {} : { frozen }),
      ...(hooks === undefined || hooks.length === 0 ? {} : { hooks }),
      ...(service === undefined ? {} : { service }),
      ...(tags.length === 0 ? {} : { tags }),
      version,
    };
  }

  #keepCaches(done: readonly RootDone[], snapshot: string): void {
    const { disk, vault, state, allocate, damagedPacks } = this.#ports;
    // A check that found more meanwhile has dropped the caches: these must not come back.
    if ([...damagedPacks()].some((name) => !this.#damaged.has(name))) return;
    const ports = { disk, state, allocate, tools: vault.tools };
    const { bootId, bootTimeMs } = this.#request.host;
    for (const { root, builder, subject, device, pages } of done) {
      if (builder === undefined) continue;
      // Before the cache: with older pages it would be of no use.
      const lost = pages?.write(root.sha256);
      if (lost !== undefined) this.#readInFull.push(lost);
      const { sha256: digest, entries, bytes } = root;
      const startedMs = this.#started;
      const facts = { snapshot, digest, entries, bytes, startedMs, bootId, bootTimeMs, device };
      const problem = writeRootCache(ports, subject, { builder, facts });
      if (problem !== undefined) this.#readInFull.push(problem);
    }
  }
}

const NOTHING = { storedBytes: 0 };
