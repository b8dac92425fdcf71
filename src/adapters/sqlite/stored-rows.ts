import { z } from 'zod';
import { byteString } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import { durationMs, unixMs } from '../../base/units.ts';
import type { Drill } from '../../watch/core/estate.ts';
import type { StateTables } from './migrations.ts';

// What stands in the file may be of another version or damaged: it is parsed, never trusted. A row
// that does not parse is as if it were not there, so its subject is unknown.

const saw = z.enum(['healthy', 'broken', 'unreadable']);
const time = z.number().transform(unixMs);
const detail = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const evidence = z.object({
  subject: z.string(),
  saw,
  observedAt: time,
  receivedAt: time,
  expiresAt: time,
  source: z.string(),
  bootId: z.string(),
  seq: z.number(),
  detail,
});

const place = z.object({
  host: z.string(),
  beneath: z
    .object({ disks: z.array(z.string()), failuresSurvived: z.number() })
    .nullable()
    .transform((value) => value ?? undefined),
  path: z
    .string()
    .nullable()
    .transform((value) => (value === null ? undefined : byteString(value))),
});

const drill = z.object({
  dataSet: z.string(),
  vault: z.string(),
  copy: z.string(),
  point: z.string(),
  evidence,
  bytes: z.number(),
  entries: z.number(),
  tookMs: z.number().nonnegative().transform(durationMs),
  target: place,
  isPastCache: z.boolean(),
  engineStarted: z
    .boolean()
    .nullable()
    .transform((value) => value ?? undefined),
  bottleneck: z
    .string()
    .nullable()
    .transform((value) => value ?? undefined),
});

export function evidenceOfRow(row: StateTables['evidence']): Evidence | undefined {
  return evidence.safeParse({
    subject: row.subject,
    saw: row.saw,
    observedAt: Number(row.observed_at),
    receivedAt: Number(row.received_at),
    expiresAt: Number(row.expires_at),
    source: row.source,
    bootId: row.boot_id,
    seq: Number(row.seq),
    detail: parseJson(row.detail),
  }).data;
}

export function rowOfEvidence(seen: Evidence): StateTables['evidence'] {
  return {
    subject: seen.subject,
    saw: seen.saw,
    observed_at: seen.observedAt,
    received_at: seen.receivedAt,
    expires_at: seen.expiresAt,
    source: seen.source,
    boot_id: seen.bootId,
    seq: seen.seq,
    detail: JSON.stringify(seen.detail),
  };
}

export function drillOfRow(row: StateTables['drill']): Drill | undefined {
  return drill.safeParse(parseJson(row.body)).data;
}

export function rowOfDrill(done: Drill): StateTables['drill'] {
  return {
    data_set: done.dataSet,
    vault: done.vault,
    observed_at: done.evidence.observedAt,
    // Undefined would vanish, and absent is not the same as not known.
    body: JSON.stringify(done, (_, value: unknown) => value ?? null),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
