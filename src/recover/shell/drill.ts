/** A restore test: to a scratch place, past the page cache, compared, timed and thrown away. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault, type FaultCode } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { Disk } from '../../host/disk.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';
import { shortId } from '../../vault/shell/snapshot-store.ts';
import {
  type DrillResult,
  type DrillSpent,
  type EngineOutcome,
  NOT_COMPARED,
  type SourceComparison,
} from '../core/drill-result.ts';
import { rateOf, type RestoreProgress } from '../core/restore-progress.ts';
import { type RestoreTally, Tally } from '../core/restore-tally.ts';
import type { Aspect } from '../core/tree-difference.ts';
import { verifySnapshot } from './verify-snapshot.ts';
import { verifySource } from './verify-source.ts';
import { removeTree } from './remove-tree.ts';
import { rereadSnapshot } from './reread.ts';
import { restore, type RestorePorts } from './restore.ts';
import { trustedContent } from './trusted-content.ts';

export interface DrillPorts extends RestorePorts {
  readonly disk: Disk;
  /** Lets memory forget the packs; says whether it could. */
  readonly forgetPacks: () => boolean;
  /** Begins to count; what it gives ends it. */
  readonly meter?: () => Promise<() => Promise<DrillSpent>>;
}

export interface DrillRequest {
  readonly snapshot: ListedSnapshot;
  /** A directory for scratch, made if need be; what the drill makes in it is removed. */
  readonly scratch: ByteString;
  readonly mediumOfVault: string;
  readonly mediumOfScratch: string;
  /** Of what it makes there; else a name of its own. */
  readonly scratchName?: ByteString;
  /** Compare with the live data set; by default yes. */
  readonly compareSource?: boolean;
  /** How this host calls itself: what another has captured lies not here, though a path may be. */
  readonly host?: string;
  /** Never restore, only read. */
  readonly rereadOnly?: boolean;
  readonly unsigned?: boolean;
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Starts engines on what was restored, and may use it up: nobody looks at it afterwards. */
  readonly startEngines?: (
    restored: ByteString,
    content: SnapshotContent,
  ) => Promise<readonly EngineOutcome[]>;
}

/** Of the free space, what a drill may take. */
const SHARE_MAX = 1 / 5;
const NAMED_MAX = 1000;
const LOSSES: ReadonlySet<string> = new Set([
  'HF_CONTENT_CORRUPT',
  'HF_DATA_KEY_ABSENT',
  'HF_MANIFEST_CORRUPT',
  'HF_OBJECT_CORRUPT',
  'HF_OBJECT_MISSING',
  'HF_VAULT_CORRUPT',
] satisfies FaultCode[]);
/** What a further entry costs on most file systems, beside its bytes. */
const ENTRY_COST = 4096;

/** @throws Fault as `restore`, but for what a damaged vault costs: that is the result */
export async function drill(ports: DrillPorts, request: DrillRequest): Promise<DrillResult> {
  return new Drill(ports, request).run();
}

class Drill {
  readonly #ports: DrillPorts;
  readonly #request: DrillRequest;
  readonly #content: SnapshotContent;
  readonly #tally = new Tally();
  #engines: readonly EngineOutcome[] = [];
  #spent: DrillSpent | undefined;

  constructor(ports: DrillPorts, request: DrillRequest) {
    this.#ports = ports;
    this.#request = request;
    const { snapshot, unsigned = false } = request;
    this.#content = trustedContent(ports.vault, snapshot, unsigned);
  }

  async run(): Promise<DrillResult> {
    const { clock, tree } = this.#ports;
    const { scratch, rereadOnly = false } = this.#request;
    const startedAt = clock.now();
    const started = clock.monotonic();
    tree.makeTop(scratch);
    const kind = rereadOnly || !this.#hasRoom() ? 're-read' : 'drilled';
    const isPastCache = this.#ports.forgetPacks();
    const act = kind === 're-read' ? () => this.#reread() : () => this.#drill();
    const durationMs = (await this.#unlessLost(act)) ?? clock.monotonic() - started;
    const source = await this.#compareSource();
    const tally = this.#tally.result();
    const { mediumOfVault, mediumOfScratch, snapshot } = this.#request;
    return {
      kind,
      snapshot: snapshot.record.id,
      isPassed: tally.failureCount === 0 && source.unexplainedCount === 0,
      startedAt,
      ...{ entries: tally.entries, files: tally.files, bytes: tally.bytes },
      durationMs,
      rateBytesPerS: rateOf(tally.bytes, durationMs),
      totalMs: clock.monotonic() - started,
      ...{ mediumOfVault, mediumOfScratch, isPastCache, spent: this.#spent },
      failedFiles: tally.failures,
      failedCount: tally.failureCount,
      unset: tally.unset,
      gapCount: tally.gapCount,
      source,
      engines: this.#engines,
    };
  }

  /** What a damaged vault costs is what a drill is to show; undefined then. */
  async #unlessLost<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Fault) || !LOSSES.has(error.code)) throw error;
      this.#tally.fail({ path: byteString('.'), code: error.code, why: error.message });
      return undefined;
    }
  }

  #hasRoom(): boolean {
    const { roots } = this.#content;
    const bytes = Number(roots.reduce((sum, root) => sum + root.bytes, 0n));
    const entries = roots.reduce((sum, root) => sum + root.entries, 0);
    const { freeBytes } = this.#ports.disk.space(this.#request.scratch);
    return bytes + ENTRY_COST * entries <= freeBytes * SHARE_MAX;
  }

  async #reread(): Promise<number> {
    const { clock } = this.#ports;
    const started = clock.monotonic();
    this.#tally.add(await rereadSnapshot(this.#ports, this.#content, this.#request.onProgress));
    return clock.monotonic() - started;
  }

  /** Restores, compares what came with the manifest, and removes it whatever happened. */
  async #drill(): Promise<number> {
    const { source, vault } = this.#ports;
    const { scratch, snapshot, scratchName } = this.#request;
    const { random, codec } = vault.tools;
    const nonce = codec.base64Of(random.bytes(6)).replaceAll(/[+/=]/g, '0');
    const name = scratchName ?? byteString(`drill-${shortId(snapshot.record.id)}-${nonce}`);
    const parent = source.openRoot(scratch);
    try {
      return await this.#restoreAndCompare(byteString(`${scratch}/${name}`));
    } finally {
      removeTree(this.#ports, parent, name);
      source.closeDir(parent);
    }
  }

  async #restoreAndCompare(target: ByteString): Promise<number> {
    const { snapshot, unsigned, onProgress } = this.#request;
    const spent = await this.#ports.meter?.();
    const report = await restore(this.#ports, {
      snapshot,
      target,
      unsigned: unsigned ?? false,
      sync: true,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    this.#spent = await spent?.();
    this.#tally.add(report);
    const failed = new Set(report.failures.map(({ path }) => path));
    await verifySnapshot(this.#ports, this.#content, {
      target,
      rule: { content: 'always', sinceNs: 0n, ignore: unsetAspects(report) },
      onDifference: ({ path, kind, aspects }) => {
        // What is known to have failed, and the marker that says so, are no second finding.
        if (failed.has(path) || (kind === 'extra' && report.failureCount > 0)) return;
        const why = kind === 'different' ? `other ${aspects.join(', ')}` : kind;
        this.#tally.fail({ path, code: 'DIFFERS', why: `after the restore: ${why}` });
      },
    });
    const { startEngines } = this.#request;
    // What did not come back right is no matter of engines.
    if (startEngines !== undefined && this.#tally.result().failureCount === 0) {
      this.#engines = await startEngines(target, this.#content);
    }
    return report.durationMs + (report.syncMs ?? 0);
  }

  async #compareSource(): Promise<SourceComparison> {
    if (this.#request.compareSource === false) {
      return { ...NOT_COMPARED, why: 'it was not asked for' };
    }
    const { frozen, host } = this.#content;
    if (host !== (this.#request.host ?? host)) {
      return { ...NOT_COMPARED, why: `it was taken on ${sayText(host)}, not on this host` };
    }
    if (frozen?.guarantee === 'consistent') {
      // An engine wrote it: other bytes than lie on this host, for the same data.
      return { ...NOT_COMPARED, why: `${frozen.method} made what was captured` };
    }
    const compare = () => verifySource(this.#ports, this.#content, NAMED_MAX);
    const compared = await this.#unlessLost(compare);
    return compared ?? { ...NOT_COMPARED, why: 'the manifest cannot be read' };
  }
}

/** What this user may not set is counted where it was to be set, and no finding here. */
function unsetAspects(report: RestoreTally): Aspect[] {
  const aspects = new Set<Aspect>();
  for (const { what } of report.unset) {
    if (what === 'owner') aspects.add('owner');
    else if (what === 'setuid' || what === 'mode') aspects.add('mode');
    else if (what.startsWith('times')) aspects.add('mtime');
    else if (what !== 'hard link') aspects.add('xattrs');
  }
  return [...aspects];
}
