/** From what a person named to the snapshot that is put: a place is captured first. */
import fs from 'node:fs';
import os from 'node:os';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import type { ByteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import type { Actor, PlanSource } from '../../../base/plan.ts';
import { sayName } from '../../../base/say-name.ts';
import type { Eligibility, SourceSighting } from '../../../guard/core/eligibility.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';
import { type OpenedRoot, openSnapshotRoots } from '../../../recover/shell/snapshot-roots.ts';
import { wantedOf } from '../../../recover/shell/wanted-tree.ts';
import type { SnapshotContent } from '../../../vault/core/snapshot-content.ts';
import { type ListedSnapshot, shortId } from '../../../vault/shell/snapshot-store.ts';
import { loadIndex, type VaultIndex } from '../../../vault/shell/vault-index.ts';
import { backupJobs, type DataSetJob, jobsNamed } from '../../cli/backup-request.ts';
import type { Cli } from '../../cli/cli.ts';
import type { Opened } from '../../cli/open.ts';
import { bytesOfArgument, bytesOfText, textOfBytes } from '../../cli/places.ts';
import { fullPath } from '../../cli/settings.ts';
import { chosenSnapshot, type SnapshotOptions } from '../../cli/snapshot-choice.ts';
import { parseFloor } from '../../cli/sizes.ts';
import { takeDataSets } from '../../cli/take-data-sets.ts';
import { walkedPath } from '../../cli/walked-path.ts';
import { FloorWatch } from '../../floor-watch.ts';
import { startCrew } from '../../run-backup.ts';
import { type ReadingParts, restoreCrew, restorePorts } from '../../run-restore.ts';
import { ownDirectories } from '../../vault-place.ts';
import type { VaultSession } from '../../vault-session.ts';
import { eligibilityOf, mustExistOf } from '../eligibility.ts';
import type { SyncOffer, SyncOptions } from './sync-offer.ts';

export interface SyncSource {
  readonly session: VaultSession;
  readonly snapshot: ListedSnapshot;
  readonly content: SnapshotContent;
  readonly root: OpenedRoot;
  readonly reading: ReadingParts;
  /** For one target; its crew is closed with `close`. */
  readonly offer: SyncOffer;
  readonly close: () => Promise<void>;
}

export interface SourceAsked {
  readonly opened: Opened;
  /** A path, or a snapshot as `restore` takes it. */
  readonly given: string;
  readonly choice: SnapshotOptions;
  readonly unsigned: boolean;
  readonly actor: Actor;
  readonly reason?: string;
  /** `--min-free`. */
  readonly minFree?: string;
  readonly options: SyncOptions;
}

/** @throws Fault of a backup, HF_USAGE, HF_SNAPSHOT_*, HF_SYNC_SOURCE */
export async function syncSource(cli: Cli, asked: SourceAsked): Promise<SyncSource> {
  const { opened, given } = asked;
  // An unset variable is no wish for the directory that happens to be the current one.
  if (given === '') throw new Fault('HF_USAGE', 'the SOURCE is empty', { command: 'sync' });
  const isPlace = isPath(cli, given);
  const job = isPlace ? jobFor(cli, asked) : undefined;
  const id = job === undefined ? undefined : await captured(cli, asked, job);
  const { session } = opened;
  const which = { session, wanted: id ?? given };
  const snapshot = await chosenSnapshot(cli, which, asked.choice);
  const index = await loadIndex(session.vault);
  const reading = restorePorts(session, index.access);
  const { content, roots } = openSnapshotRoots(reading, { snapshot, unsigned: asked.unsigned });
  const root = onlyDirectory(roots, snapshot);
  const isNewest = isPlace || given === 'latest';
  const facts = await placeFacts(cli, asked, { content, root, isNewest });
  const rules = job?.excludeRules ?? content.excluded.map(({ rule }) => rule);
  const offer = offerOf({ asked, content, root, reading, facts, rules, snapshot, index });
  const close = async (): Promise<void> => {
    await offer.crew.close();
    session.line.packs.close();
  };
  return { session, snapshot, content, root, reading, offer, close };
}

/** What looks like a path, or is there, is a place; a snapshot is called `latest` or by its digits. */
export function isPath(cli: Cli, given: string): boolean {
  if (given.includes('/') || given === '.' || given === '..') return true;
  if (/^(?:latest|[0-9a-f]{4,64})$/i.test(given)) return false;
  return fs.existsSync(fsPath(fullPath(cli, given)));
}

/** A data set of the configuration that is just this path brings its rules with it. */
function jobFor(cli: Cli, { opened, given }: SourceAsked): DataSetJob {
  if (/^[^/]+:/.test(given)) {
    const instead =
      'Run the sync on that machine, or back it up into a vault and name its snapshot.';
    throw new Fault('HF_SYNC_SOURCE', `${given} lies on another machine`, { instead });
  }
  const { settings } = opened;
  const path = walkedPath(cli.cwd, bytesOfArgument(given));
  const named = Object.entries(settings.config.datasets ?? {}).find(([, { paths }]) => {
    const [only, ...others] = paths ?? [];
    return others.length === 0 && only !== undefined && bytesOfText(only) === path;
  });
  const jobs =
    named === undefined
      ? backupJobs(cli, settings, { args: [given], options: {} })
      : jobsNamed(settings, [named[0]], {});
  const [job] = jobs;
  if (job === undefined) throw new Fault('HF_SYNC_SOURCE', 'nothing was named', { instead: '' });
  return job;
}

/** A snapshot of it now. @returns its id @throws Fault of a backup */
export async function captured(
  cli: Cli,
  { opened, minFree }: Pick<SourceAsked, 'opened' | 'minFree'>,
  job: DataSetJob,
): Promise<string> {
  const { line } = opened.session;
  const wanted = minFree ?? opened.settings.config['min-free'];
  const asked = wanted === undefined ? undefined : parseFloor(String(wanted), 'sync');
  const floor = new FloorWatch({ line, floor: asked, clock: cli.clock });
  await floor.demand(() => 0);
  const taken = await takeDataSets(cli, {
    ...{ opened, jobs: [job], nextCrew: () => startCrew(line) },
    minFree: asked !== undefined && 'bytes' in asked ? asked.bytes : undefined,
    // A plan is judged by when its source was read.
    ...{ readAll: false, always: true, fullSpeed: false, checkFloor: () => floor.check() },
  });
  const [one] = taken;
  if (one !== undefined && 'outcome' in one) return one.outcome.snapshot;
  throw one?.fault ?? new Fault('HF_SYNC_SOURCE', 'nothing was captured', { instead: '' });
}

function onlyDirectory(roots: readonly OpenedRoot[], { record }: ListedSnapshot): OpenedRoot {
  const [root, ...others] = roots;
  const id = shortId(record.id);
  const instead = 'Name a snapshot of one directory, or that directory itself.';
  if (root === undefined || others.length > 0) {
    const why = `snapshot ${id} is of several paths: a target can become only one of them`;
    throw new Fault('HF_SYNC_SOURCE', why, { instead });
  }
  if (root.head.type === 'dir') return root;
  throw new Fault('HF_SYNC_SOURCE', `snapshot ${id} is of a file`, { instead });
}

interface PlaceFacts {
  readonly source: Pick<PlanSource, 'differs' | 'generation' | 'identity' | 'place' | 'role'>;
  readonly sentinels: Eligibility['sentinels'];
  readonly sighting: SourceSighting | undefined;
  readonly isEnrolled: boolean;
  readonly isNamed: boolean;
}

/** An older snapshot that somebody named is what it is: nothing about its place now speaks of it. */
async function placeFacts(
  cli: Cli,
  { opened }: SourceAsked,
  of: {
    readonly content: SnapshotContent;
    readonly root: OpenedRoot;
    readonly isNewest: boolean;
  },
): Promise<PlaceFacts> {
  const { content, root, isNewest } = of;
  const isHere = content.host === os.hostname();
  if (!isNewest || !isHere || !fs.existsSync(fsPath(root.path))) {
    const place = `${content.host}:${sayName(root.path)}`;
    const source = { place, identity: place, role: 'unknown', generation: 0, differs: [] } as const;
    return { source, sentinels: [], sighting: undefined, isEnrolled: false, isNamed: true };
  }
  const lies = { at: undefined, path: root.path };
  const mustExist = mustExistOf(opened.settings.config.guard?.trees, lies);
  const known = await eligibilityOf(
    { state: opened.settings.state.value, environment: cli.env, mayAsk: cli.terminal.canAsk },
    lies,
    { mustExist },
  );
  const { place, identity, role, generation, differs, sentinels, sighting, isEnrolled } = known;
  const source = { place, identity, role, generation, differs };
  return { source, sentinels, sighting, isEnrolled, isNamed: false };
}

function offerOf(of: {
  readonly asked: SourceAsked;
  readonly content: SnapshotContent;
  readonly root: OpenedRoot;
  readonly reading: ReadingParts;
  readonly facts: PlaceFacts;
  readonly rules: readonly string[];
  readonly snapshot: ListedSnapshot;
  readonly index: VaultIndex;
}): SyncOffer {
  const { asked, content, root, reading, facts, rules, index } = of;
  const { actor, reason, options, opened } = asked;
  const { isEnrolled, isNamed, sighting } = facts;
  return {
    wanted: wantedOf(root.manifest),
    reader: reading.reader,
    crew: restoreCrew(opened.session, index.access, 1),
    source: {
      ...facts.source,
      listing: {
        complete: content.gapCount === 0 ? 'yes' : 'no',
        filter: rules.length === 0 ? null : rules.join(', '),
        // What they match is left as it is at the target too.
        filterNarrowsDeletes: true,
        seen: root.entries - 1,
        errors: gapTexts(content),
        sentinels: facts.sentinels,
        readAt: content.finished,
      },
    },
    ...{ isNamed, isEnrolled, ...(sighting === undefined ? {} : { sighting }) },
    from: { hosts: content.host === os.hostname() ? [] : [content.host], path: root.path },
    vaults: ownDirectories(opened.session.line.place),
    pipeline: `sync:${content.host}:${textOfBytes(root.path)}`,
    ...{ actor, ...(reason === undefined ? {} : { reason }), excludes: rules, options },
  };
}

const GAPS_MAX = 20;

export function gapTexts({ gaps, gapCount }: SnapshotContent): readonly string[] {
  const named = gaps.slice(0, GAPS_MAX).map(({ path, why }) => `${textOfPath(path)}: ${why}`);
  const more = gapCount - named.length;
  return more > 0 ? [...named, `${more} more`] : named;
}

function textOfPath(path: ByteString): string {
  return utf8Of(path);
}
