/** A ledger report as text and back: docs/format/ledger-report.md. What is read is parsed, not trusted. */
import { z } from 'zod';
import type { Evidence, Saw } from '../base/evidence.ts';
import type { Result } from '../base/result.ts';
import type { Hash } from '../host/hash.ts';
import type {
  CopyProof,
  Drill,
  Key,
  LeftOut,
  RecoveryPoint,
  UnopenedBackup,
  VaultCopy,
} from '../watch/core/estate.ts';
import type {
  LedgerDataSet,
  LedgerEstate,
  LedgerReport,
  LedgerRow,
  NotInLedger,
} from '../watch/core/ledger-report.ts';
import {
  ID_LENGTH,
  type NumberedSnapshot,
  SNAPSHOTS_MAX,
  type VaultHeads,
  type WriterHead,
  WRITERS_MAX,
} from '../watch/core/heads/vault-heads.ts';
import { isOpening } from '../watch/core/backup-opening.ts';
import { bytes, dataKinds, orNothing, place, span, time, whole } from './host-look.ts';
import { linesOf, linesText, parsedLine } from './line-text.ts';
import { CONNECT_TOOLS } from '../watch/core/connected.ts';
import type { Opening, SecretPlace } from '../watch/core/opening.ts';
import type { SpaceOfSet, SpaceRoom, VaultSpace } from '../watch/core/vault-space.ts';
import { backupTools, words } from './words.ts';

/** A host has one vault of its own. */
const VAULTS_MAX = 8;

const text = z.string();
const count = z.int().min(0);

const saw = words<Saw>({ healthy: true, broken: true, unreadable: true });
const evidence: z.ZodType<Evidence> = whole<Evidence>()({
  ...{ subject: text, saw, observedAt: time, receivedAt: time, expiresAt: time, source: text },
  ...{ bootId: text, seq: z.number() },
  detail: z.record(text, z.union([text, z.number(), z.boolean()])),
});

const usedAs = z.strictObject({ host: text, path: orNothing(bytes) });
const dataSet = whole<LedgerDataSet>()({
  ...{ name: text, kind: dataKinds, places: z.array(place), usedAs: z.array(usedAs).optional() },
  ...{ bytes: z.number(), entries: orNothing(z.number()), needsEngine: z.boolean() },
  ...{ unflushedMax: span, isSeen: z.boolean() },
}).transform(
  ({ usedAs: used, ...rest }): LedgerDataSet => ({
    ...rest,
    ...(used === undefined ? {} : { usedAs: used }),
  }),
);

const vault = whole<VaultCopy>()({
  ...{ vault: text, copy: text, place, standsOn: z.array(place).optional() },
  openedBy: orNothing(z.array(text)),
}).transform(
  ({ standsOn, ...rest }): VaultCopy => ({
    ...rest,
    ...(standsOn === undefined ? {} : { standsOn }),
  }),
);

const proof = whole<CopyProof>()({ copy: text, evidence });
const leftOut = whole<LeftOut>()({ bytes: z.number().nonnegative(), rules: z.array(text) });
const point = whole<RecoveryPoint>()({
  ...{ id: text, dataSet: text, vault: text, coveredUpTo: time, isTorn: z.boolean() },
  ...{ gapCount: count, exists: z.array(proof), leftOut: leftOut.optional() },
}).transform(
  ({ leftOut: without, ...rest }): RecoveryPoint => ({
    ...rest,
    ...(without === undefined ? {} : { leftOut: without }),
  }),
);

const key = whole<Key>()({ id: text, places: z.array(place), isConfirmedElsewhere: z.boolean() });

const drill = whole<Drill>()({
  ...{ dataSet: text, vault: text, copy: text, point: text, evidence, bytes: z.number() },
  ...{ entries: z.number(), tookMs: span, target: place, isPastCache: z.boolean() },
  ...{ engineStarted: orNothing(z.boolean()), bottleneck: orNothing(text) },
});

const found = whole<UnopenedBackup>()({
  tool: z.union([backupTools, z.literal('gluster replica')]),
  ...{ place: orNothing(place), holdsOnly: z.array(bytes).optional() },
  ...{ ofHosts: z.array(text).optional(), needs: z.array(z.array(place)).optional() },
}).transform(
  ({ holdsOnly, ofHosts, needs, ...rest }): UnopenedBackup => ({
    ...rest,
    ...(holdsOnly === undefined ? {} : { holdsOnly }),
    ...(ofHosts === undefined ? {} : { ofHosts }),
    ...(needs === undefined ? {} : { needs }),
  }),
);

const estate = whole<LedgerEstate>()({
  ...{ dataSets: z.array(dataSet), points: z.array(point), vaults: z.array(vault) },
  ...{ keys: z.array(key), drills: z.array(drill), found: z.array(found) },
  ...{ readers: z.array(text), clockSkewMax: span },
});

const row = whole<LedgerRow>()({
  ...{ path: bytes, state: z.enum(['none', 'unknown', 'covered']), why: text },
  ...{ coveredUpTo: orNothing(time), openCommand: orNothing(text) },
}).transform(
  ({ openCommand, ...rest }): LedgerRow => ({
    ...rest,
    openCommand: openCommand !== undefined && isOpening(openCommand) ? openCommand : undefined,
  }),
);

const sizeOrNothing = orNothing(z.number().nonnegative());
const size = z.number().nonnegative();
const space = whole<VaultSpace>()({
  ...{ vault: text, copy: text, storedBytes: size, monthBytes: sizeOrNothing, leftOut: count },
  room: orNothing(whole<SpaceRoom>()({ freeBytes: size, totalBytes: size, floorBytes: size })),
  dataSets: z.array(
    whole<SpaceOfSet>()({
      ...{ dataSet: text, host: text, captures: count, bytes: size },
      ...{ storedBytes: sizeOrNothing, monthBytes: sizeOrNothing },
    }),
  ),
});

const secretPlace: z.ZodType<SecretPlace> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), path: bytes }),
  z.strictObject({ kind: z.literal('environment'), name: text }),
  z.strictObject({ kind: z.enum(['command', 'typed', 'none', 'unsaid']) }),
]);
const opening = whole<Opening>()({
  ...{ copy: text, tool: z.enum([...CONNECT_TOOLS, 'holdfast']), repository: text },
  ...{ isEncrypted: z.boolean(), config: orNothing(bytes), keyFile: orNothing(bytes) },
  secret: secretPlace,
});

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const numbered = z
  .tuple([z.int().min(1), hex(ID_LENGTH)])
  .transform(([seq, id]): NumberedSnapshot => ({ seq, id }));
const head = whole<WriterHead>()({
  ...{ writer: hex(16), believedTo: count, hasMore: z.boolean() },
  snapshots: z.array(numbered),
});
const heads = whole<VaultHeads>()({
  ...{ vault: text, copy: text, unread: count, writersLeft: count },
  writers: z.array(head).max(WRITERS_MAX),
}).refine(({ writers }) => writers.every(isOrdered) && countIn(writers) <= SNAPSHOTS_MAX);

/** Numbers are compared from the newest on. */
function isOrdered({ snapshots }: WriterHead): boolean {
  return snapshots.every(({ seq }, nth) => nth === 0 || (snapshots[nth - 1]?.seq ?? 0) >= seq);
}

function countIn(writers: readonly WriterHead[]): number {
  return writers.reduce((sum, { snapshots }) => sum + snapshots.length, 0);
}

/** Pairs: there are many of them. */
function headsLine({ writers, ...rest }: VaultHeads): object {
  return {
    ...rest,
    writers: writers.map(({ snapshots, ...writer }) => ({
      ...writer,
      snapshots: snapshots.map(({ seq, id }) => [seq, id]),
    })),
  };
}

const report = z.strictObject({
  heads: z.array(heads).max(VAULTS_MAX).optional(),
  ...{ spaces: z.array(space).optional(), openings: z.array(opening).optional() },
  ...{ holdfast: z.literal('ledger'), version: z.literal(1), at: time, host: text, estate },
  ...{ coverage: z.array(row), leftOut: count },
  notSeen: z.array(whole<NotInLedger>()({ what: text, why: text })),
});

export function ledgerReportText(of: LedgerReport, hash: Hash): string {
  const { at, host, coverage, notSeen, leftOut, spaces, openings } = of;
  const told = of.heads?.map(headsLine);
  const { dataSets, points, vaults, keys, drills, found: unopened } = of.estate;
  const { readers, clockSkewMax } = of.estate;
  const own = { dataSets, points, vaults, keys, drills, found: unopened, readers, clockSkewMax };
  const first = { holdfast: 'ledger', version: 1, at, host };
  return linesText(
    [
      {
        ...first,
        estate: own,
        coverage,
        notSeen,
        leftOut,
        ...(spaces === undefined ? {} : { spaces }),
        ...(openings === undefined ? {} : { openings }),
        ...(told === undefined ? {} : { heads: told }),
      },
    ],
    hash,
  );
}

/** Why it is none, in words, where it is not as the format says. */
export function ledgerReportOf(given: string, hash: Hash): Result<LedgerReport, string> {
  const lines = linesOf(given, hash);
  if (!lines.ok) return lines;
  const [first, ...others] = lines.value;
  const read = others.length === 0 ? parsedLine(report, first) : undefined;
  if (read === undefined) return { ok: false, error: 'it is no ledger report of version 1' };
  const { at, host, estate: its, coverage, notSeen, leftOut, spaces, openings } = read;
  const said = { at, host, estate: its, coverage, notSeen, leftOut };
  const value = {
    ...said,
    ...(spaces === undefined ? {} : { spaces }),
    ...(openings === undefined ? {} : { openings }),
    ...(read.heads === undefined ? {} : { heads: read.heads }),
  };
  return { ok: true, value };
}
