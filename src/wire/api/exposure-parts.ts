/** What answers about exposure are made of. Spans are milliseconds, null: there is no such end. */
import { z } from 'zod';
import type { Proof } from '../../watch/core/exposure/rows.ts';
import type { PromiseStanding, StepKind } from '../../watch/core/exposure/view.ts';
import type { DataKind } from '../../watch/core/discovery.ts';
import type { Topic } from '../../watch/core/look/compare-sights.ts';
import { words } from '../words.ts';
import { bottleneckShown, liveFallShown, liveSetShown, movesShown } from './limit-parts.ts';
import { count, time } from './parts.ts';

const text = z.string();
const texts = z.array(text);
const ms = z.number().min(0);

export const domainShown = z.object({
  /** Unique and stable. */
  id: text,
  kind: z.enum(['disk', 'host', 'directory', 'group', 'volume', 'key', 'credential']),
  /** As `/v1/lose` takes it; null: it takes none of its kind. */
  lose: text.nullable(),
  host: text.nullable(),
  disk: text.nullable(),
  path: text.nullable(),
  /** Of a group: `site`, and its name; of a volume what it is; of a key its id; of a credential its print, and whose it is. */
  of: text.nullable(),
  name: text.nullable(),
});

export const lossShown = z.object({
  /** `window`: the changes of that span before now. */
  kind: z.enum(['nothing', 'window', 'unknown', 'all']),
  atLeastMs: ms.nullable(),
  /** Null: nothing fresh bounds it. */
  atMostMs: ms.nullable(),
  why: text,
});

export const outageShown = z.object({
  kind: z.enum(['not out', 'interval', 'unknown', 'for good']),
  atLeastMs: ms.nullable(),
  atMostMs: ms.nullable(),
  basis: text.nullable(),
  bottleneck: text.nullable(),
  why: text.nullable(),
});

const proofKind = words<Proof['kind']>({
  ...{ drilled: true, 're-read': true, 'only seen': true, stale: true, failed: true, none: true },
});
export const proofShown = z.object({ kind: proofKind, ageMs: ms.nullable() });

export const hitShown = z.object({
  dataSet: text,
  bytes: z.number(),
  /** What is: unknown where its place could not be looked at lately. */
  is: z.enum(['ok', 'unknown']),
  loss: lossShown,
  outage: outageShown,
  /** Further failures until nothing that is proven is left. */
  survives: count,
  proof: proofShown,
  pointCount: count,
  pointsLeft: count,
});

export const fallShown = z.object({
  domain: domainShown,
  /** For people. */
  sentence: text,
  counts: z.object({ all: count, unknown: count, window: count }),
  services: texts,
  survives: count.nullable(),
  hitCount: count,
  /** The worst of them. */
  hits: z.array(hitShown),
  /** Of what is out longest; left out where no drill says how long. */
  bottleneck: bottleneckShown.extend({ dataSet: text }).optional(),
  /** Live copies that lose a member with it; left out where none does. */
  live: z.array(liveFallShown).optional(),
});

const standing = words<PromiseStanding>({ proven: true, broken: true, 'not proven': true });
export const promisedShown = z.object({
  promisedMs: ms,
  standing,
  by: domainShown.nullable(),
});
export const promiseShown = z.object({
  mayLose: promisedShown.nullable(),
  backWithin: promisedShown.nullable(),
});

export const breachShown = z.object({
  ...{ of: z.enum(['data set', 'service']), name: text },
  ...{ what: z.enum(['may-lose', 'back-within']), promisedMs: ms, standing },
  ...{ by: domainShown.nullable(), loss: lossShown, outage: outageShown },
});

export const singlePointShown = z.object({
  ...{ domain: domainShown, dataSetCount: count, dataSets: texts, bytes: z.number() },
});

export const dataKind = words<DataKind>({
  ...{ tree: true, home: true, www: true, config: true, repository: true, image: true },
  ...{ postgres: true, mysql: true, mongodb: true, sqlite: true },
});

const step = words<StepKind>({
  ...{ 'confirm the key sheet': true, 're-read': true, drill: true, 'back up': true },
  ...{ 'copy elsewhere': true, 'stream WAL': true },
});
/** `atMostMs` null: nothing bounds it. */
const held = z.object({ atMostMs: ms.nullable(), isKnown: z.boolean(), parts: texts });
const outcome = z.object({ loss: lossShown, outage: outageShown, survives: count });

const stepShown = z.object({
  ...{ kind: step, subject: text, bytes: z.number().nullable(), tookMs: ms.nullable() },
  ...{ before: outcome, after: outcome },
});

export const dataSetShown = z.object({
  ...{ name: text, kind: dataKind, bytes: z.number(), isSeen: z.boolean(), pointCount: count },
  places: z.array(z.object({ host: text, path: text.nullable() })),
  /** The newest point that is proven, or else the newest there is. */
  best: z
    .object({ coveredUpTo: time, isProven: z.boolean(), proof: proofShown, vault: text })
    .nullable(),
  worst: hitShown.extend({ domain: domainShown }).nullable(),
  survives: count,
  promise: promiseShown.nullable(),
  services: texts,
});

export const dataSetWhole = dataSetShown.extend({
  copies: z.array(
    z.object({
      ...{ vault: text, copy: text, host: text, path: text.nullable() },
      ...{ exists: z.enum(['ok', 'failed', 'unknown']), isElsewhere: z.boolean() },
      newest: time.nullable(),
      /** Since when all of its newest point was read again; `isMaybeMemory`: no medium is proven by that. */
      ...{ readAt: time.nullable(), isMaybeMemory: z.boolean() },
    }),
  ),
  /** Sets of failures that leave nothing proven of it, each minimal. */
  lostWith: z.array(z.array(domainShown)),
  /** What may not be on disk yet, by a power cut; `crash`: when a program alone crashes. */
  unflushed: held.extend({ crash: held }),
  /** What would raise it at the least cost. */
  step: stepShown.nullable(),
  /** Of a database: what would make its window seconds, where that is known. */
  streaming: stepShown.nullable(),
  /** Of its worst failure; left out where no drill says how long that takes. */
  bottleneck: bottleneckShown.optional(),
  /** Live copies that storage keeps of it. */
  live: z.array(liveSetShown).optional(),
  /** By each failure that concerns it, worst first. */
  falls: z.array(hitShown.extend({ domain: domainShown })),
});

export const serviceShown = z.object({
  ...{ name: text, dataSets: texts, unseen: texts, tier: count.nullable(), dependsOn: texts },
  ...{ owners: texts, runbook: text.nullable(), survives: count.nullable() },
  worst: z
    .object({
      ...{ domain: domainShown, loss: lossShown, outage: outageShown },
      ...{ lossOf: text.nullable(), outageOf: text.nullable() },
      bottleneck: bottleneckShown.optional(),
      moves: movesShown.optional(),
    })
    .nullable(),
  promise: promiseShown.nullable(),
});

export const coveredShown = z.object({
  ...{ host: text, path: text, kind: dataKind, bytes: z.number(), isAtLeast: z.boolean() },
  ...{ newestChange: time.nullable(), state: z.enum(['none', 'unknown', 'covered']), why: text },
  ...{ coveredUpTo: time.nullable(), openCommand: text.nullable(), seenAt: time },
});

export const findingShown = z.object({
  code: text,
  section: z.enum(['degraded', 'single', 'fate', 'change', 'declared', 'trust']),
  ...{ rank: z.int().min(1).max(4), hosts: texts, subject: text, sentence: text },
  bytes: z.number(),
  fix: z.object({ kind: z.enum(['command', 'change']), text, says: text.nullable() }).nullable(),
  ...{ source: text.nullable(), since: time.nullable() },
  /** Who looks after it; none: nobody was named. */
  owners: texts,
});

const topic = words<Topic>({
  ...{ system: true, kernel: true, boot: true, disks: true, volumes: true, mounts: true },
  ...{ guests: true, links: true, ports: true, firewall: true, logins: true },
  keys: true,
  ...{ units: true, packages: true },
});
export const changeShown = z.object({
  ...{ host: text, at: time, notBefore: time, topic },
  ...{ kind: z.enum(['added', 'removed', 'changed']), name: text },
  ...{ before: text.nullable(), after: text.nullable() },
});

export const seenHostShown = z.object({
  ...{ host: text, alsoAs: texts, seenBy: z.enum(['agent', 'look']).nullable() },
  look: z.enum(['whole', 'partial', 'stale', 'failed', 'unseen']),
  ...{ seenAt: time.nullable(), expiresAt: time.nullable(), why: text, remedy: text },
  ...{ system: text, kernel: text, runsOn: text.nullable() },
  ledger: z
    .object({
      ...{ seenAt: time, expiresAt: time, isFresh: z.boolean() },
      notSeen: z.array(z.object({ what: text, why: text })),
    })
    .nullable(),
});

/** Examples that several routes share. */
export const EXAMPLE_DOMAIN: z.input<typeof domainShown> = {
  ...{ id: 'host:web1', kind: 'host', lose: 'host:web1', host: 'web1', disk: null, path: null },
  ...{ of: null, name: null },
};
export const EXAMPLE_LOSS: z.input<typeof lossShown> = {
  ...{ kind: 'window', atLeastMs: 3_600_000, atMostMs: 3_605_000, why: '' },
};
export const EXAMPLE_OUTAGE: z.input<typeof outageShown> = {
  ...{ kind: 'interval', atLeastMs: 600_000, atMostMs: 900_000, bottleneck: null, why: null },
  basis: 'a drill 2 h ago',
};
export const EXAMPLE_HIT: z.input<typeof hitShown> = {
  ...{ dataSet: 'web1:/srv/www', bytes: 21_474_836_480, is: 'ok', loss: EXAMPLE_LOSS },
  ...{ outage: EXAMPLE_OUTAGE, survives: 0, proof: { kind: 'drilled', ageMs: 7_200_000 } },
  ...{ pointCount: 24, pointsLeft: 24 },
};
