/** A restore, as the command line composes it. docs/design/007-restore.md */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Clock } from '../../host/clock.ts';
import type { Excludes } from '../../host/excludes.ts';
import type { DirHandle, Source } from '../../host/source.ts';
import type { TreeWriter } from '../../host/tree-writer.ts';
import { isWithin } from '../../manifest/core/order.ts';
import type { Totals } from '../../manifest/core/page.ts';
import { findEntry, type Manifest, totalsOf } from '../../manifest/core/walk.ts';
import { demand } from '../../vault/core/corruption.ts';
import type { SnapshotContent, SnapshotRoot } from '../../vault/core/snapshot-content.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';
import { findPlace, TOP } from '../core/list-place.ts';
import { progressOf, rateOf, type RestoreProgress } from '../core/restore-progress.ts';
import { type RestoreTally, Tally } from '../core/restore-tally.ts';
import type { OwnerRule } from '../core/wanted-attributes.ts';
import { errnoOf, failureOf } from './failures.ts';
import { manifestOf } from './manifest-of.ts';
import type { ObjectReader } from './object-reader.ts';
import { PlaceEntry } from './place-entry.ts';
import type { RestoreCrew } from './restore-crew.ts';
import { RestoreRoot } from './restore-root.ts';
import { isDirRoot } from './root-kind.ts';
import type { RestoreSetup } from './restore-setup.ts';
import type { Stage } from './restore-stage.ts';
import { faultOf, prepareTarget, unmarkTarget } from './restore-target.ts';
import { trustedContent } from './trusted-content.ts';

export interface RestorePorts {
  readonly vault: Vault;
  /** Of this thread: pages and lists. */
  readonly reader: ObjectReader;
  readonly tree: TreeWriter;
  readonly source: Source;
  readonly clock: Clock;
  /** Closed by whoever made it. */
  readonly crew: RestoreCrew;
}

export interface RestoreRequest {
  readonly snapshot: ListedSnapshot;
  readonly target: ByteString;
  /** What these match (relative to a root) comes first. */
  readonly first?: Excludes | undefined;
  /**
   * What lies at and below these, as a snapshot shows its paths, with the directories on the way; by
   * default all. Each is there: who names them has looked.
   */
  readonly only?: readonly ByteString[] | undefined;
  readonly owners?: OwnerRule;
  /** Whoever wrote the snapshot. */
  readonly unsigned?: boolean;
  /** Wait until all is on the medium; by default yes. */
  readonly sync?: boolean;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

export interface RestoreReport extends RestoreTally {
  readonly snapshot: string;
  /** Nothing failed: all that the snapshot has is there. */
  readonly isWhole: boolean;
  readonly isResumed: boolean;
  /** Until the last of what was wanted first; undefined where nothing was. */
  readonly firstMs: number | undefined;
  /** Until the last byte was handed to the file system; without `syncMs`. */
  readonly durationMs: number;
  /** Undefined where it was not waited for. */
  readonly syncMs: number | undefined;
  readonly rateBytesPerS: number;
}

const PROGRESS_MS = 100;
/** Writing back takes as long as making a part of the files: the last wait is then for little. */
const SYNC_AHEAD_MS = 2000;

/**
 * Puts a snapshot below `target`: one root directly, several under their names. A chunk that is
 * missing or damaged costs the files that need it, and nothing else.
 *
 * @throws Fault HF_SNAPSHOT_UNTRUSTED, HF_TARGET_NOT_EMPTY, HF_DISK_FULL, HF_DISK_DENIED,
 *   HF_MANIFEST_CORRUPT, and what reading pages of the manifest gives
 */
export async function restore(
  ports: RestorePorts,
  request: RestoreRequest,
): Promise<RestoreReport> {
  const content = trustedContent(ports.vault, request.snapshot, request.unsigned ?? false);
  const names = new Set(content.roots.map((root) => root.name));
  demand(names.size === content.roots.length, 'snapshot content', 'two roots have one name');
  const run = new RestoreRun(ports, request, content);
  try {
    return await run.run();
  } catch (error) {
    throw faultOf(request.target, error);
  } finally {
    run.close();
  }
}

class RestoreRun {
  readonly #ports: RestorePorts;
  readonly #request: RestoreRequest;
  readonly #content: SnapshotContent;
  readonly #setup: RestoreSetup;
  readonly #tally = new Tally();
  readonly #startedMs: number;
  #shownMs: number;
  #syncedMs: number;
  #totals: Totals = { entries: 0, bytes: 0n };

  constructor(ports: RestorePorts, request: RestoreRequest, content: SnapshotContent) {
    this.#ports = ports;
    this.#request = request;
    this.#content = content;
    this.#startedMs = ports.clock.monotonic();
    this.#shownMs = this.#startedMs;
    this.#syncedMs = this.#startedMs;
    const { record } = request.snapshot;
    const prepared = prepareTarget(
      { ...ports, tools: ports.vault.tools },
      {
        target: request.target,
        snapshot: record.id,
        isRoot: content.roots.length === 1 && (content.roots[0]?.entries ?? 0) > 1,
      },
    );
    this.#setup = { ...prepared, owners: request.owners ?? 'ids' };
  }

  async run(): Promise<RestoreReport> {
    const { first, sync = true } = this.#request;
    this.#totals = this.#totalsOfWanted();
    this.#ports.crew.begin(this.#setup);
    const heads = this.#content.roots.map(() => new Map<ByteString, ByteString>());
    let firstMs: number | undefined;
    if (first !== undefined) {
      await this.#stage((path, isDir) => matches(first, path, isDir), { heads, isLast: false });
      firstMs = this.#elapsed();
    }
    await this.#stage((path, isDir) => first === undefined || !matches(first, path, isDir), {
      heads,
      isLast: true,
    });
    const durationMs = this.#elapsed();
    this.#show(true);
    // The marker goes when nothing can be lost any more.
    if (sync) this.#ports.tree.syncAll(this.#setup.top);
    this.#finishTop();
    if (sync) this.#ports.tree.sync(this.#setup.top);
    const syncMs = sync ? this.#elapsed() - durationMs : undefined;
    return this.#report({ firstMs, durationMs, syncMs });
  }

  close(): void {
    this.#ports.source.closeDir(this.#setup.top);
  }

  async #stage(
    takes: Stage['takes'],
    of: { readonly heads: readonly Stage['heads'][]; readonly isLast: boolean },
  ): Promise<void> {
    for (const [at, root] of this.#content.roots.entries()) {
      const stage: Stage = {
        ...{ takes, isLast: of.isLast },
        heads: of.heads[at] ?? new Map(),
        tally: this.#tally,
        onStep: () => {
          this.#syncAhead();
          this.#show(false);
        },
      };
      await this.#root(root, stage);
    }
  }

  async #root(root: SnapshotRoot, stage: Stage): Promise<void> {
    const { source } = this.#ports;
    const { top } = this.#setup;
    const manifest = this.#manifest(root);
    const isDir = isDirRoot(manifest, root);
    const only = this.#onlyIn(root, isDir);
    if (only?.length === 0) return;
    const isBelow = isDir && this.#content.roots.length > 1;
    if (isBelow || !isDir) checkName(root.name);
    const handle = isBelow ? this.#enterRoot(root, stage) : top;
    if (handle === undefined) return;
    const prefix = byteString(isBelow ? `${root.name}/` : '');
    const ports = { ...this.#ports, tools: this.#ports.vault.tools };
    try {
      await new RestoreRoot(ports, {
        setup: this.#setup,
        root: { manifest, prefix, handle, rootName: root.name },
        stage: only === undefined ? stage : partOf(stage, only),
      }).run();
    } finally {
      if (isBelow) source.closeDir(handle);
    }
  }

  /** Paths in the root; undefined: all of it. */
  #onlyIn(root: SnapshotRoot, isDir: boolean): readonly ByteString[] | undefined {
    const { only } = this.#request;
    if (only === undefined) return undefined;
    const named = { ...root, isNamed: !isDir || this.#content.roots.length > 1 };
    return only.flatMap((path) => {
      const found = findPlace([named], path);
      return found === undefined ? [] : [found === TOP ? byteString('') : found.path];
    });
  }

  #totalsOfWanted(): Totals {
    const { roots } = this.#content;
    const each = roots.flatMap((root): readonly Totals[] => {
      if (this.#request.only === undefined) return [root];
      const manifest = this.#manifest(root);
      const only = this.#onlyIn(root, isDirRoot(manifest, root)) ?? [];
      return only.map((path) => totalsOf(manifest, path));
    });
    return {
      entries: each.reduce((sum, { entries }) => sum + entries, 0),
      bytes: each.reduce((sum, { bytes }) => sum + BigInt(bytes), 0n),
    };
  }

  #manifest(root: SnapshotRoot): Manifest {
    const { reader, vault } = this.#ports;
    return manifestOf({ reader, codec: vault.tools.codec }, root.sha256);
  }

  /** The directory of one of several roots; undefined where something else lies there. */
  #enterRoot({ name, entries }: SnapshotRoot, { isLast, tally }: Stage): DirHandle | undefined {
    const { tree, source, vault } = this.#ports;
    const { top } = this.#setup;
    try {
      tree.makeDir(top, name);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    try {
      return source.openDir(top, name);
    } catch (error) {
      if (!['ENOTDIR', 'ELOOP'].includes(errnoOf(error))) throw error;
      const places = new PlaceEntry({ tree, source, tools: vault.tools }, this.#setup);
      if (isLast) tally.fail(failureOf(name, places.inTheWay({ tally })), entries);
      return undefined;
    }
  }

  /** The target's own attributes are the root's, where there is one root and it is a directory. */
  #finishTop(): void {
    const { tree, source, vault } = this.#ports;
    const { top } = this.#setup;
    const tools = vault.tools;
    if (this.#tally.failureCount > 0) return;
    unmarkTarget({ tree, source, tools }, top);
    const [root, ...others] = this.#content.roots;
    if (root === undefined || others.length > 0) return;
    const entry = findEntry(this.#manifest(root), byteString(''));
    if (entry?.type !== 'dir') return;
    const places = new PlaceEntry({ tree, source, tools }, this.#setup);
    const unset = tree.setAttributes(top, places.attributesOf(entry, undefined));
    this.#tally.noteUnset(byteString('.'), unset);
  }

  #report(times: Pick<RestoreReport, 'firstMs' | 'durationMs' | 'syncMs'>): RestoreReport {
    const tally = this.#tally.result();
    return {
      ...tally,
      ...times,
      snapshot: this.#request.snapshot.record.id,
      isWhole: tally.failureCount === 0,
      isResumed: this.#setup.isResumed,
      rateBytesPerS: rateOf(tally.bytes, times.durationMs),
    };
  }

  #elapsed(): number {
    return this.#ports.clock.monotonic() - this.#startedMs;
  }

  #syncAhead(): void {
    const now = this.#ports.clock.monotonic();
    if (this.#request.sync === false || now - this.#syncedMs < SYNC_AHEAD_MS) return;
    this.#syncedMs = now;
    this.#ports.tree.startSync(this.#setup.top);
  }

  #show(isLast: boolean): void {
    const { onProgress } = this.#request;
    const now = this.#ports.clock.monotonic();
    if (onProgress === undefined || (!isLast && now - this.#shownMs < PROGRESS_MS)) return;
    this.#shownMs = now;
    const { entries, bytes } = this.#totals;
    const totals = { entries, bytes: Number(bytes) };
    onProgress(progressOf(this.#tally, totals, this.#elapsed()));
  }
}

function partOf(stage: Stage, only: readonly ByteString[]): Stage {
  const takes: Stage['takes'] = (path, isDir) =>
    only.some((each) => isWithin(each, path)) && stage.takes(path, isDir);
  return { ...stage, takes, only };
}

function matches(patterns: Excludes, path: ByteString, isDir: boolean): boolean {
  return patterns.ruleFor(path, isDir) !== undefined;
}

/** Names become components below the target: a hostile snapshot must not lead elsewhere by them. */
function checkName(name: ByteString): void {
  const isName = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  demand(isName, 'snapshot content', 'the name of a root is no name');
}
