import { isInQuarantine } from '../../base/own-places.ts';
import type { ByteString, Digest } from '../../base/bytes.ts';
import { hexOf, parseDigest } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import { isUtf8, utf8Of, bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { demand } from './corruption.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import { JsonFields, named } from './json-fields.ts';

export const SNAPSHOT_GAPS_MAX = 1000;
const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };
const WHAT = 'snapshot content';

/** The part of a snapshot that only holders of the names key read. */
export interface SnapshotContent {
  /** Name of the data set. */
  readonly dataSet: string;
  readonly host: string;
  /** The moment up to which the data is covered: what changed later may be missing. */
  readonly started: UnixMs;
  readonly finished: UnixMs;
  readonly roots: readonly SnapshotRoot[];
  readonly stats: Readonly<Record<string, number | string>>;
  /** The first thousand of what could not be read or kept; `gapCount` counts all. */
  readonly gaps: readonly SnapshotGap[];
  readonly gapCount: number;
  readonly torn: readonly TornData[];
  readonly excluded: readonly ExcludeRule[];
  readonly notEntered: readonly SnapshotGap[];
  readonly inFluxCount: number;
  /** How the data was held still; absent where it was read as it lay. */
  readonly frozen?: FrozenRecord;
  /** What was run around the capture, so far as it had ended when this was signed. */
  readonly hooks?: readonly HookRecord[];
  /** The service whose data sets were captured together. */
  readonly service?: ServiceRecord;
  /** Names that a retention may keep it by; absent where there is none. */
  readonly tags?: readonly string[];
  /** Of the program that wrote it. */
  readonly version: string;
  /** What a newer writer said besides. */
  readonly unknown?: Readonly<Record<string, unknown>>;
}

/** Of `undo --reclaim`: what a plan set aside, and no data set of anybody. */
export function isKeptForUndo({
  roots,
}: {
  readonly roots: readonly Pick<SnapshotRoot, 'path'>[];
}): boolean {
  return roots.length > 0 && roots.every(({ path }) => isInQuarantine(path));
}

export interface SnapshotRoot {
  readonly name: ByteString;
  readonly path: ByteString;
  /** Root digest of the manifest. */
  readonly sha256: Digest;
  readonly entries: number;
  readonly bytes: bigint;
}

export interface SnapshotGap {
  readonly path: ByteString;
  readonly why: string;
}

/** Data that an engine was writing while it was captured. */
export interface TornData {
  readonly path: ByteString;
  readonly engine: string;
}

/** A frozen source, as `src/host/frozen-source.ts` has it. */
export interface FrozenRecord {
  readonly method: string;
  readonly guarantee: 'consistent' | 'crash-consistent';
  /** When the view was made. */
  readonly at: UnixMs;
  readonly facts: Readonly<Record<string, string | number>>;
}

export interface HookRecord {
  /** `before`, `thaw`, or `check` of a service. */
  readonly name: string;
  readonly outcome: 'done' | 'failed';
  /** Of one that failed: how, and the last it said. Safe to print. */
  readonly why?: string;
}

export interface ServiceRecord {
  readonly name: string;
  /** The same in all snapshots that are of one moment. */
  readonly run: string;
  /** Place in the run, from 1. */
  readonly order: number;
  /** How many data sets the run has. */
  readonly of: number;
}

export interface ExcludeRule {
  readonly rule: string;
  /** How many it left out; a directory counts once, and what lies below it not at all. */
  readonly entries: number;
  /** Of the files among them. */
  readonly bytes: bigint;
}

/** JSON text in UTF-8. */
export function encodeSnapshotContent(content: SnapshotContent): ByteString {
  const gap = ({ path, why }: SnapshotGap): object => ({ ...named('path', path), why });
  return bytesOfUtf8(
    JSON.stringify({
      dataSet: content.dataSet,
      host: content.host,
      started: isoTimeOf(content.started),
      finished: isoTimeOf(content.finished),
      roots: content.roots.map((root) => ({
        ...named('name', root.name),
        ...named('path', root.path),
        sha256: hexOf(root.sha256),
        entries: root.entries,
        bytes: String(root.bytes),
      })),
      stats: content.stats,
      gaps: content.gaps.slice(0, SNAPSHOT_GAPS_MAX).map(gap),
      gapCount: content.gapCount,
      torn: content.torn.map(({ path, engine }) => ({ ...named('path', path), engine })),
      excluded: content.excluded.map((each) => ({ ...each, bytes: String(each.bytes) })),
      notEntered: content.notEntered.map(gap),
      inFluxCount: content.inFluxCount,
      ...frozenText(content),
      version: content.version,
      ...content.unknown,
    }),
  );
}

/** @throws Fault HF_VAULT_CORRUPT; nothing else */
export function parseSnapshotContent(text: ByteString): SnapshotContent {
  demand(isUtf8(text), WHAT, 'it is no UTF-8');
  const fields = JsonFields.parse(WHAT, utf8Of(text));
  const unknown = fields.rest(MEMBERS);
  return {
    dataSet: fields.text('dataSet'),
    host: fields.text('host'),
    started: fields.time('started'),
    finished: fields.time('finished'),
    roots: fields.objects('roots').map(parseRoot),
    stats: parseStats(fields.object('stats')),
    gaps: fields.objects('gaps').map(parseGap),
    gapCount: fields.integer('gapCount', COUNT),
    torn: fields.objects('torn').map((each) => ({
      path: each.bytesNamed('path'),
      engine: each.text('engine'),
    })),
    excluded: fields.objects('excluded').map((each) => ({
      rule: each.text('rule'),
      entries: each.integer('entries', COUNT),
      bytes: each.count('bytes'),
    })),
    notEntered: fields.objects('notEntered').map(parseGap),
    inFluxCount: fields.integer('inFluxCount', COUNT),
    ...parseFrozen(fields),
    version: fields.text('version'),
    ...(Object.keys(unknown).length > 0 ? { unknown } : {}),
  };
}

const MEMBERS = [
  'dataSet',
  'host',
  'started',
  'finished',
  'roots',
  'stats',
  'gaps',
  'gapCount',
  'torn',
  'excluded',
  'notEntered',
  'inFluxCount',
  'frozen',
  'hooks',
  'service',
  'tags',
  'version',
];

type FrozenMembers = Pick<SnapshotContent, 'frozen' | 'hooks' | 'service' | 'tags'>;

/** Absent where unused: a snapshot without them has the bytes it always had. */
function frozenText({ frozen, hooks, service, tags }: FrozenMembers): object {
  return {
    ...(frozen === undefined
      ? {}
      : {
          frozen: {
            method: frozen.method,
            guarantee: frozen.guarantee,
            at: isoTimeOf(frozen.at),
            facts: frozen.facts,
          },
        }),
    ...(hooks === undefined
      ? {}
      : { hooks: hooks.map(({ name, outcome, why }) => ({ name, outcome, why })) }),
    ...(service === undefined
      ? {}
      : {
          service: {
            name: service.name,
            run: service.run,
            order: service.order,
            of: service.of,
          },
        }),
    ...(tags === undefined ? {} : { tags }),
  };
}

function parseFrozen(fields: JsonFields): FrozenMembers {
  return {
    ...(fields.has('frozen') ? { frozen: parseFrozenRecord(fields.object('frozen')) } : {}),
    ...(fields.has('hooks') ? { hooks: fields.objects('hooks').map(parseHook) } : {}),
    ...(fields.has('service') ? { service: parseService(fields.object('service')) } : {}),
    ...(fields.has('tags') ? { tags: fields.texts('tags') } : {}),
  };
}

/** What a newer writer guarantees and this one does not know is taken for the weaker of the two. */
function parseFrozenRecord(fields: JsonFields): FrozenRecord {
  return {
    method: fields.text('method'),
    guarantee: fields.text('guarantee') === 'consistent' ? 'consistent' : 'crash-consistent',
    at: fields.time('at'),
    facts: parseStats(fields.object('facts')),
  };
}

function parseHook(fields: JsonFields): HookRecord {
  return {
    name: fields.text('name'),
    outcome: fields.text('outcome') === 'done' ? 'done' : 'failed',
    ...(fields.has('why') ? { why: fields.text('why') } : {}),
  };
}

function parseService(fields: JsonFields): ServiceRecord {
  return {
    name: fields.text('name'),
    run: fields.text('run'),
    order: fields.integer('order', COUNT),
    of: fields.integer('of', COUNT),
  };
}

function parseRoot(fields: JsonFields): SnapshotRoot {
  const sha256 = parseDigest(fields.text('sha256'));
  demand(sha256 !== undefined, WHAT, 'a root has no digest');
  return {
    name: fields.bytesNamed('name'),
    path: fields.bytesNamed('path'),
    sha256,
    entries: fields.integer('entries', COUNT),
    bytes: fields.count('bytes'),
  };
}

function parseGap(fields: JsonFields): SnapshotGap {
  return { path: fields.bytesNamed('path'), why: fields.text('why') };
}

function parseStats(fields: JsonFields): Record<string, number | string> {
  const stats = Object.entries(fields.rest([])).filter(
    (entry): entry is [string, number | string] =>
      typeof entry[1] === 'number' || typeof entry[1] === 'string',
  );
  return Object.fromEntries(stats);
}
