/** What is in snapshots: listed, compared, downloaded and restored through a host that can read them. */
import { z } from 'zod';
import { ENTRIES_MAX, PATHS_MAX, SNAPSHOTS_MAX } from '../../watch/core/files/wants.ts';
import { count, EXAMPLE_ID, EXAMPLE_TIME, hex32, hostName, jobShown, time } from './parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
const HTML = 'text/html; charset=utf-8';
const html = {
  ...{ answer: z.string(), mediaType: HTML, example: '<!doctype html>' },
} as const;

const PATH_MAX = 8192;
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const pathText = z.string().max(PATH_MAX);
const pathBase64 = z.base64url().max(PATH_MAX);
/** In the snapshot. In text, or in base64url where it is no UTF-8; neither: its top. */
const path = { path: pathText.optional(), path64: pathBase64.optional() };
const many = <T extends z.ZodType>(one: T) =>
  z.union([one, z.array(one).max(PATHS_MAX)]).optional();
/** Who is to answer; else a restore host, or the host whose data it is. */
const through = hostName.optional();
const dataSet = z.string().min(1).max(256);
const hostOfData = z.union([hostName, z.literal('')]).optional();
const from = z.coerce.number().int().min(0).max(1_000_000_000).default(0);
const counted = (max: number, usual: number) =>
  z.coerce.number().int().min(1).max(max).default(usual);
const kind = z.enum(['added', 'removed', 'changed', 'unknown']);
const csrf = z.string().max(200).optional();
/** A new directory: no path of a host is in it. */
const newName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);
const place = z.string().min(1).max(4096);

const snapshotShown = z.object({
  ...{ id: hex64, host: z.string(), dataSet: z.string(), coveredUpTo: time },
  ...{ bytes: count, entries: count, isTorn: z.boolean(), gapCount: count },
});
const exampleSnapshot: z.input<typeof snapshotShown> = {
  ...{ id: '7c63b3d1'.repeat(8), host: 'web1', dataSet: 'www', coveredUpTo: EXAMPLE_TIME },
  ...{ bytes: 5_000_000, entries: 120, isTorn: false, gapCount: 0 },
};
const totals = z.object({ entries: count, bytes: count });
/** `path`, or `pathB64` where it is no UTF-8. */
const named = { path: z.string().optional(), pathB64: z.string().optional() };
const type = z.enum(['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']);
const entryShown = z.object({
  ...named,
  ...{ type, mode: z.string(), uid: count, gid: count, modifiedAt: time },
  ...{ bytes: count.nullable(), entries: count.nullable(), sha256: hex64.nullable() },
  target: z.string().nullable(),
  flaw: z.string().nullable(),
});
const differenceShown = z.object({
  ...{ kind, ...named, type, bytesBefore: count.nullable(), bytesAfter: count.nullable() },
  ...{ fields: z.array(z.string()), why: z.string().nullable() },
});
const next = count.nullable();

const page = (id: string, at: string, summary: string) =>
  ({ id, method: 'GET', path: at, summary, asker: 'browse', params: none, body: none }) as const;

export const filesRoutes = {
  snapshots: route({
    ...page('snapshots', '/v1/snapshots', 'Snapshots that a host can read, newest first.'),
    query: z.strictObject({
      ...{ through, host: hostOfData, 'data-set': dataSet.optional(), from },
      count: counted(SNAPSHOTS_MAX, 100),
    }),
    answer: z.object({
      ...{ through: z.string(), snapshots: z.array(snapshotShown), total: count, next },
    }),
    example: { through: 'web1', snapshots: [exampleSnapshot], total: 1, next: null },
  }),
  snapshotFiles: route({
    ...page('snapshotFiles', '/v1/snapshots/:snapshot/files', 'A directory of a snapshot.'),
    params: z.strictObject({ snapshot: hex64 }),
    query: z.strictObject({ through, ...path, from, count: counted(ENTRIES_MAX, 200) }),
    answer: z.object({
      ...{ through: z.string(), snapshot: snapshotShown, at: entryShown.nullable(), totals },
      ...{ entries: z.array(entryShown), next },
    }),
    example: {
      ...{ through: 'web1', snapshot: exampleSnapshot, at: null, next: null },
      ...{ totals: { entries: 1, bytes: 12 }, entries: [] },
    },
  }),
  snapshotDiff: route({
    ...page('snapshotDiff', '/v1/diff', 'What differs between two snapshots of one data set.'),
    query: z.strictObject({
      ...{ through, before: hex64, after: hex64, kind: kind.optional(), from },
      count: counted(ENTRIES_MAX, 200),
    }),
    answer: z.object({
      ...{ through: z.string(), before: snapshotShown, after: snapshotShown, next },
      totals: z.object({
        ...{ added: totals, removed: totals, changed: totals, changedAround: count },
        unknown: count,
      }),
      differences: z.array(differenceShown),
    }),
    example: {
      ...{ through: 'web1', before: exampleSnapshot, after: exampleSnapshot, next: null },
      totals: {
        ...{ added: { entries: 1, bytes: 12 }, removed: { entries: 0, bytes: 0 } },
        ...{ changed: { entries: 0, bytes: 0 }, changedAround: 0, unknown: 0 },
      },
      differences: [],
    },
  }),
  snapshotContent: route({
    ...page('snapshotContent', '/v1/snapshots/:snapshot/content', 'The content of one file.'),
    asker: 'content',
    params: z.strictObject({ snapshot: hex64 }),
    query: z.strictObject({ through, ...path }),
    ...{ answer: z.string(), mediaType: 'application/octet-stream', example: '' },
  }),
  restoreFiles: route({
    id: 'restoreFiles',
    method: 'POST',
    path: '/v1/restore',
    summary: 'Restores chosen paths of a snapshot into a new directory of a host.',
    asker: 'restore',
    ...{ params: none, query: none },
    body: z.strictObject({
      ...{ through, snapshot: hex64, paths: z.array(pathText).max(PATHS_MAX).default([]) },
      /** As `paths`, in base64url. */
      paths64: z.array(pathBase64).max(PATHS_MAX).default([]),
      /** One of those that its host allows; else the first. */
      place: place.optional(),
      /** Of a new directory there; else one that nothing else is called by. */
      name: newName.optional(),
    }),
    answer: jobShown,
    example: {
      ...{ job: EXAMPLE_ID, host: 'web1', act: 'restore', name: 'files-7c63b3d17c63b3d1' },
      ...{ by: 'anna', askedAt: EXAMPLE_TIME, changedAt: EXAMPLE_TIME, state: 'asked', why: '' },
      ...{ share: null, answer: null },
    },
  }),
  snapshotsPage: route({
    ...page('snapshotsPage', '/snapshots', 'Snapshots, newest first.'),
    ...html,
    query: z.strictObject({ through, host: hostOfData, 'data-set': dataSet.optional(), from }),
  }),
  snapshotPage: route({
    ...page('snapshotPage', '/snapshot', 'What is in a directory of a snapshot.'),
    ...html,
    query: z.strictObject({ through, host: hostOfData, id: hex64, ...path, from }),
  }),
  comparePage: route({
    ...page('comparePage', '/snapshots/compare', 'What differs between two snapshots.'),
    ...html,
    query: z.strictObject({ through, before: hex64, after: hex64, kind: kind.optional(), from }),
  }),
  downloadForm: route({
    id: 'downloadForm',
    method: 'POST',
    path: '/snapshots/download',
    summary: 'The content of one file, to be kept by a browser.',
    asker: 'content',
    takesForm: true,
    ...{ params: none, query: none },
    body: z.strictObject({ csrf, through, id: hex64, path64: pathBase64 }),
    ...{ answer: z.string(), mediaType: 'application/octet-stream', example: '' },
  }),
  restorePage: route({
    ...page('restorePage', '/restore', 'What a restore would do, before it does.'),
    ...html,
    asker: 'restore',
    query: z.strictObject({ through, id: hex64, path: many(pathText), path64: many(pathBase64) }),
  }),
  restoreForm: route({
    id: 'restoreForm',
    method: 'POST',
    path: '/restore',
    summary: 'Asks a host for the restore that its page has shown.',
    asker: 'restore',
    takesForm: true,
    ...{ params: none, query: none },
    /** `paths64`: one after the other, a space between. */
    body: z.strictObject({
      ...{ csrf, through: hostName, id: hex64, paths64: z.string().max(PATH_MAX) },
      ...{ place, name: newName },
    }),
    ...html,
  }),
  jobPage: route({
    ...page('jobPage', '/jobs/:job', 'A job: what it is of, how far it is, what came of it.'),
    ...html,
    asker: 'read',
    params: z.strictObject({ job: hex32 }),
    query: none,
  }),
  jobPart: route({
    ...page('jobPart', '/part/job/:job', 'The part of the page of a job that changes.'),
    ...html,
    asker: 'read',
    params: z.strictObject({ job: hex32 }),
    query: none,
  }),
} as const satisfies Record<string, Route>;
