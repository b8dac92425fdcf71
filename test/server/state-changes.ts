/** Random changes of a server's state, over few names, so that they meet. */
import fc from 'fast-check';
import type { AccessChange, OneTime, Session, User } from '../../src/access/core/account.ts';
import { unixMs } from '../../src/base/units.ts';
import type { Alert, OutboxRow, TellChange } from '../../src/tell/core/alert.ts';
import type { JobState } from '../../src/watch/core/agent/messages.ts';
import type { ServerChange, StoredItem } from '../../src/watch/core/server/changes.ts';

export type Change = ServerChange | TellChange | AccessChange;

export const AGENTS = ['a'.repeat(32), 'b'.repeat(32)] as const;
export const ITEMS = ['disk:/', "disk:/'srv;", 'x:"q"%20'] as const;
const NAMES = ['anna', 'bob'] as const;
const IDS = ['0', '1', '2', '3'].map((digit) => digit.repeat(32));
const HASHES = ['c', 'd', 'e'].map((digit) => digit.repeat(64));

/** What has hurt databases before: quotes, zero bytes, halves of characters, escapes. */
const text = fc.oneof(
  fc.constantFrom('', "o'clock", 'a\u0000b', '\ud800', 'ü🦊', '\\x00\\', '%', '$1', ':a ?', '\r\n'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const agent = fc.constantFrom(...AGENTS);
const item = fc.constantFrom(...ITEMS);
const id = fc.constantFrom(...IDS);
const saw = fc.constantFrom<StoredItem['saw']>(
  ...(['healthy', 'impaired', 'broken', 'unreadable', 'gone'] as const),
);
const at = fc
  .integer({ min: 0, max: 40 * 24 * 3600 })
  .map((s) => unixMs(1_700_000_000_000 + s * 1000));
const count = fc.nat({ max: 2 ** 53 - 1 });
const detail = fc.dictionary(
  fc.constantFrom('freeBytes', 'what', "o'"),
  fc.oneof(text, fc.boolean(), fc.nat()),
);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(of, { nil: undefined });

const storedAgent = fc.record({
  ...{ agent, host: fc.constantFrom('web1', 'web2'), publicKey: text, version: text, boot: text },
  level: fc.constantFrom('look', 'keep', 'act'),
  ...{ enrolledAt: at, run: count, seq: count, acked: count, isRevoked: fc.boolean() },
});

const watched: readonly fc.Arbitrary<ServerChange>[] = [
  fc.record({ do: fc.constant('agent'), agent: storedAgent }),
  fc.record({
    do: fc.constant('item'),
    item: fc.record({
      ...{ agent, item, kind: fc.constant('disk'), saw, why: text, detail, seenAt: at },
      ...{ everyMs: fc.nat(), limitMs: fc.nat({ max: 100_000_000 }) },
    }),
  }),
  fc.record({ do: fc.constant('forget-item'), agent, item }),
  fc.record({
    do: fc.constant('transition'),
    transition: fc.record({
      ...{ agent, item, at, from: maybe(saw), to: saw, why: text, isByAgentClock: fc.boolean() },
    }),
  }),
  fc.record({
    do: fc.constant('line'),
    line: fc.record({
      ...{ agent, n: fc.nat({ max: 30 }), from: fc.constantFrom('kernel', 'journal') },
      ...{ at, priority: fc.nat({ max: 7 }), text },
    }),
  }),
  fc.record({
    do: fc.constant('job'),
    job: fc.record({
      ...{ job: id, agent, act: fc.constantFrom('backup', 'drill'), name: text, by: text },
      ...{ askedAt: at, changedAt: at, why: text, share: maybe(fc.nat({ max: 1000 })) },
      answer: maybe(text),
      state: fc.constantFrom<JobState | 'asked'>(
        'asked',
        'taken',
        'running',
        'done',
        'gaps',
        'lost',
      ),
    }),
  }),
  fc.record({
    do: fc.constant('word'),
    word: fc.record({ agent, n: fc.nat({ max: 30 }), body: text }),
  }),
  fc.record({ do: fc.constant('heard'), agent, upTo: fc.nat({ max: 30 }) }),
  fc.record({ do: fc.constant('silent'), agent, from: at }),
  fc.record({ do: fc.constant('back'), agent, at }),
  fc.record({
    do: fc.constant('maintenance'),
    maintenance: fc.record({
      ...{ id, subjects: fc.array(text), by: text, reason: text, from: at, until: at },
    }),
  }),
  fc.record({
    do: fc.constant('freeze'),
    freeze: fc.record({
      ...{ id, by: text, reason: text, at, until: at, endedAt: maybe(at), endedBy: maybe(text) },
    }),
  }),
];

const mark = fc.constantFrom('ok', 'degraded', 'unknown', 'failed');
const told: readonly fc.Arbitrary<TellChange>[] = [
  fc.record({
    do: fc.constant('alert'),
    alert: fc.record({
      ...{ id, subject: text, mark, why: text, consequences: fc.array(text), openedAt: at },
      ...{ changedAt: at, since: at, acknowledgedBy: maybe(text), closedAt: maybe(at) },
      state: fc.constantFrom<Alert['state']>('open', 'acknowledged', 'closed'),
      told: fc.record({ at, mark, worst: mark, failed: fc.array(text) }),
      ...{ flaps: fc.nat(), steadySince: maybe(at) },
    }),
  }),
  fc.record({
    do: fc.constant('outbox'),
    row: fc.record({
      ...{ id, channel: text, alert: maybe(id), body: text, createdAt: at, dueAt: at },
      what: fc.constantFrom<OutboxRow['what']>('opened', 'closed', 'test'),
      state: fc.constantFrom<OutboxRow['state']>('waiting', 'sending', 'sent', 'given-up'),
      ...{ attempts: fc.nat(), receipt: maybe(text) },
    }),
  }),
  fc.record({
    do: fc.constant('confirmation'),
    confirmation: fc.record({
      ...{ channel: fc.constantFrom('mail', 'hook'), person: fc.constantFrom(...NAMES) },
      ...{ askedAt: at, testedAt: at, confirmedAt: maybe(at) },
    }),
  }),
];

const name = fc.constantFrom(...NAMES);
const sha256 = fc.constantFrom(...HASHES);
const user: fc.Arbitrary<User> = fc.record({
  ...{ name, role: fc.constantFrom('viewer', 'admin'), password: maybe(text) },
  ...{ isDisabled: fc.boolean(), createdAt: at },
});
const session: fc.Arbitrary<Session> = fc.record({
  ...{ sha256, user: name, csrf: text, createdAt: at, usedAt: at },
});
/** Made at one moment: what is over then is let go of, which other tests look at. */
const oneTime: fc.Arbitrary<OneTime> = fc.record({
  ...{ sha256, kind: fc.constantFrom('sign-in', 'enrolment'), of: name, by: text, expiresAt: at },
  createdAt: fc.constant(unixMs(0)),
});
const access: readonly fc.Arbitrary<AccessChange>[] = [
  fc.record({ do: fc.constant('user'), user }),
  fc.record({ do: fc.constant('remove-user'), name }),
  fc.record({
    do: fc.constant('token'),
    token: fc.tuple(fc.nat({ max: 3 }), name, at, text).map(([no, owner, expiresAt, label]) => ({
      ...{ id: `${no}`.repeat(32), sha256: `${no}`.repeat(64), owner, label, expiresAt },
      ...{ scopes: ['read' as const], createdAt: unixMs(0) },
    })),
  }),
  fc.record({ do: fc.constant('remove-token'), id }),
  fc.record({ do: fc.constant('session'), session }),
  fc.record({ do: fc.constant('end-session'), sha256 }),
  fc.record({ do: fc.constant('end-sessions'), user: name }),
  fc.record({ do: fc.constant('one-time'), oneTime }),
  fc.record({
    do: fc.constant('audit'),
    entry: fc.record({
      ...{ at, who: text, act: fc.constant('freeze'), subject: text, from: text, detail },
      outcome: fc.constantFrom('done', 'refused'),
    }),
  }),
];

export const anyChange: fc.Arbitrary<Change> = fc.oneof(...watched, ...told, ...access);

export type Act =
  | { readonly do: 'commit'; readonly changes: readonly Change[] }
  | { readonly do: 'spend'; readonly sha256: string; readonly kind: OneTime['kind'] }
  | { readonly do: 'reopen' };

export const anyActs: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('commit'),
        changes: fc.array(anyChange, { maxLength: 12 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('spend'),
        sha256,
        kind: fc.constantFrom('sign-in', 'enrolment'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen') }) },
  ),
  { maxLength: 12 },
);
