/** Schemas of docs/format/files.md. What the other side says is parsed by them, and never trusted. */
import { z } from 'zod';
import {
  type AnswerOfWant,
  ASKS_MAX,
  type ContentWant,
  type DiffWant,
  ENTRIES_MAX,
  type EntrySaid,
  type ListWant,
  PATHS_MAX,
  PLACES_MAX,
  type RestoreWant,
  SNAPSHOTS_MAX,
  type SnapshotSaid,
  type SnapshotsWant,
  type Want,
  type WeighWant,
} from '../../watch/core/files/wants.ts';
import type { Ask, Asked, Give, Given } from '../../watch/core/files/messages.ts';
import { bytes, whole } from '../host-look.ts';

const count = z.int().min(0);
const hex32 = z.string().regex(/^[0-9a-f]{32}$/);
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().max(512);
/** Deeper than any file system lets a path be. */
const NAME_BYTES_MAX = 65_536;
const path = z.string().max(NAME_BYTES_MAX).pipe(bytes);
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);
const directory = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/);
const hostText = z.string().min(1).max(253);
const dataSetText = z.string().min(1).max(256);
const page = (max: number) => ({ from: count, count: z.int().min(1).max(max) });
const paths = z.array(path).min(1).max(PATHS_MAX);
const kind = z.enum(['added', 'removed', 'changed', 'unknown']);

const snapshotsWant = z.strictObject({
  ...{ want: z.literal('snapshots'), own: z.boolean(), ...page(SNAPSHOTS_MAX) },
  ...{ host: hostText.optional(), dataSet: dataSetText.optional() },
}) satisfies z.ZodType<SnapshotsWant>;
const listWant = z.strictObject({
  ...{ want: z.literal('list'), own: z.boolean(), snapshot: hex64, path, ...page(ENTRIES_MAX) },
}) satisfies z.ZodType<ListWant>;
const diffWant = z.strictObject({
  ...{ want: z.literal('diff'), own: z.boolean(), before: hex64, after: hex64 },
  ...{ kind: kind.optional(), ...page(ENTRIES_MAX) },
}) satisfies z.ZodType<DiffWant>;
const weighWant = z.strictObject({
  ...{ want: z.literal('weigh'), own: z.boolean(), snapshot: hex64, paths },
}) satisfies z.ZodType<WeighWant>;
const contentWant = z.strictObject({
  ...{ want: z.literal('content'), own: z.boolean(), snapshot: hex64, path, bytesMax: count },
}) satisfies z.ZodType<ContentWant>;
const restoreWant = z.strictObject({
  ...{ want: z.literal('restore'), own: z.boolean(), snapshot: hex64, paths },
  ...{ place: directory, name },
}) satisfies z.ZodType<RestoreWant>;

export const filesWant: z.ZodType<Want> = z.discriminatedUnion('want', [
  ...([snapshotsWant, listWant, diffWant, weighWant, contentWant, restoreWant] as const),
]);

export const askMessage: z.ZodType<Ask> = z.strictObject({
  format: z.literal('holdfast-ask-0'),
  ...{ agent: hex32, may: z.enum(['names', 'content']) },
  ...{ places: z.array(directory).max(PLACES_MAX), job: hex32.optional() },
});

export const askedMessage: z.ZodType<Asked> = z.strictObject({
  format: z.literal('holdfast-asked-0'),
  asks: z.array(z.strictObject({ ask: hex32, want: filesWant })).max(ASKS_MAX),
});

const filesRefused = z.strictObject({ code: z.string().max(64), what: text, remedy: text });

export const giveMessage: z.ZodType<Give> = z.strictObject({
  format: z.literal('holdfast-give-0'),
  ...{ agent: hex32, ask: hex32, part: count, isLast: z.boolean() },
  ...{ sha256: hex64.optional(), refused: filesRefused.optional() },
});

export const givenMessage: z.ZodType<Given> = z.strictObject({
  ...{ format: z.literal('holdfast-given-0'), goesOn: z.boolean() },
});

const ofHost = z.string().max(1024);
const snapshot = whole<SnapshotSaid>()({
  ...{ id: hex64, host: ofHost, dataSet: ofHost, coveredUpTo: z.int(), bytes: count },
  ...{ entries: count, isTorn: z.boolean(), gapCount: count },
});
const type = z.enum(['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']);
const entry = whole<EntrySaid>()({
  ...{ path, type, mode: count, uid: count, gid: count, modifiedAt: z.int() },
  ...{ bytes: count.nullable(), entries: count.nullable(), sha256: hex64.nullable() },
  ...{ target: path.nullable(), flaw: text.nullable() },
});
const totals = z.strictObject({ entries: count, bytes: count });
const next = count.nullable();

/** Answers by what was wanted. */
export const filesAnswers: {
  readonly [W in keyof AnswerOfWant]: z.ZodType<AnswerOfWant[W]>;
} = {
  snapshots: z.strictObject({
    ...{ snapshots: z.array(snapshot).max(SNAPSHOTS_MAX), total: count, next },
  }),
  list: z.strictObject({
    ...{ snapshot, at: entry.nullable(), totals, entries: z.array(entry).max(ENTRIES_MAX), next },
  }),
  diff: z.strictObject({
    ...{ before: snapshot, after: snapshot, next },
    totals: z.strictObject({
      ...{ added: totals, removed: totals, changed: totals, changedAround: count, unknown: count },
    }),
    differences: z
      .array(
        z.strictObject({
          ...{ kind, path, type, bytesBefore: count.nullable(), bytesAfter: count.nullable() },
          ...{ fields: z.array(z.string().max(64)).max(32), why: text.nullable() },
        }),
      )
      .max(ENTRIES_MAX),
  }),
  weigh: z.strictObject({ snapshot, totals }),
  content: z.strictObject({ snapshot, path, size: count, sha256: hex64.nullable() }),
};

/** What a child of the agent writes in its first line. */
export const filesLine = z.union([
  z.strictObject({ answer: z.unknown() }),
  z.strictObject({ refused: filesRefused }),
]);
