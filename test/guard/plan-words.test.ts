// Goal: a judged plan reads as it was agreed, at 80 columns and in ASCII: a sentence first, every
// reason with what to do, the most alarming first, what can be typed at the end; and what a path, a
// host or a program says moves no cursor.
// Method: plans against golden files (SNAP_UPDATE=1 writes them); widths; a plan full of escapes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import { byteString } from '../../src/base/bytes.ts';
import type { Op, PlanSource } from '../../src/base/plan.ts';
import { PLAIN, type Style } from '../../src/base/say.ts';
import { widthOf } from '../../src/base/say-width.ts';
import { days, GIB, hours, KIB, minutes, unixMs } from '../../src/base/units.ts';
import { DEFAULT_POLICY } from '../../src/guard/core/guard-policy.ts';
import { judgePlan } from '../../src/guard/core/judge.ts';
import type { JudgeFacts } from '../../src/guard/core/judge-facts.ts';
import type { JudgedHeader } from '../../src/guard/core/own-rules.ts';
import { PlanPicture } from '../../src/guard/core/plan-picture.ts';
import { releaseVerdict } from '../../src/guard/core/release.ts';
import { explanationOf, ruleNamed, sayRule } from '../../src/guard/core/say-rule.ts';
import { sayVerdict } from '../../src/guard/core/say-verdict.ts';
import { RULE_NAMES } from '../../src/base/plan.ts';
import { deleteExample, headerExample, PLAN_NOW } from './plan-example.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/guard');
const DIGEST = nodeHash().sha256Text(byteString('plan'));
const PROVEN: Op['undo'] = { kind: 'quarantine', verified: true, fidelity: 'exact' };
const NONE: Op['undo'] = {
  kind: 'none',
  verified: false,
  why: 'extra/ lies on another file system',
  fidelity: 'exact',
};

const op = (name: string, given: Partial<Op> = {}): Omit<Op, 'n'> =>
  deleteExample(name, { undo: PROVEN, ...given });
const SOURCE: PlanSource = {
  ...{ place: 'build1:/srv/release', identity: 'release', role: 'source', generation: 3 },
  listing: {
    ...{ complete: 'yes', filter: null, filterNarrowsDeletes: false, seen: 18_034 },
    ...{ errors: [], sentinels: [], readAt: PLAN_NOW },
  },
  differs: [],
};
const HEADER: JudgedHeader = {
  ...headerExample({ expires: unixMs(PLAN_NOW + days(7)) }),
  source: SOURCE,
  target: { ...headerExample().target, entries: 18_932 },
};
const FACTS: JudgeFacts = {
  now: PLAN_NOW,
  pipeline: { isFirstRun: false, deletedIn24h: 0, deletedP99: 180, runs: 90 },
  claims: [],
  approvals: [],
};

interface Told {
  readonly header?: Partial<JudgedHeader>;
  readonly facts?: Partial<JudgeFacts>;
  readonly ops: readonly Omit<Op, 'n'>[];
  readonly style?: Style;
  readonly approvedBy?: string;
  readonly isObserved?: boolean;
}

function told({
  header = {},
  facts = {},
  ops,
  style = PLAIN,
  approvedBy,
  isObserved,
}: Told): string {
  const given = { ...HEADER, ...header };
  const picture = new PlanPicture(PLAN_NOW);
  const numbered = ops.map((each, n) => ({ ...each, n }));
  for (const each of numbered) picture.add(each);
  const modes = { undo: 'observe', live: 'observe', radius: 'observe' } as const;
  const policy = isObserved === true ? { ...DEFAULT_POLICY, modes } : DEFAULT_POLICY;
  const judged = judgePlan({ header: given, facts: { ...FACTS, ...facts }, policy }, numbered);
  const approvals = (approvedBy?.split(',') ?? []).map((person) => ({
    person,
    at: PLAN_NOW,
    namedTarget: true,
  }));
  const verdict = releaseVerdict(judged, { now: PLAN_NOW, approvals });
  const said = { header: given, verdict, digest: DIGEST, picture, now: PLAN_NOW };
  return `${[...sayVerdict(said, style)].join('\n')}\n`;
}

const many = (count: number, dir: string, given: Partial<Op> = {}): readonly Omit<Op, 'n'>[] =>
  Array.from({ length: count }, (_, n) => op(`${dir}/f${n}`, { bytes: n * KIB, ...given }));

const HELD: Told = {
  ops: [
    ...many(306, 'new', { op: 'create', cause: 'new' }),
    ...many(15, 'changed', { op: 'update', cause: 'differs' }),
    ...many(1150, 'pool'),
    ...many(38, 'extra', { undo: NONE, bytes: 30 * KIB }),
    ...many(2, 'pool/hot', { live: { state: 'in-use', evidence: 'open in nginx (pid 812)' } }),
    op('old', {
      kind: 'dir',
      entries: 5107,
      bytes: 1.2 * GIB,
      newest: unixMs(PLAN_NOW - minutes(4)),
    }),
    op('same', { op: 'update', cause: 'differs', attributesOnly: true, bytes: 0 }),
    op('z', { op: 'rename', cause: 'new', from: byteString('y') }),
  ],
};
const DENIED: Told = {
  header: {
    source: {
      ...SOURCE,
      place: 'tin:/srv/staging',
      role: 'candidate',
      listing: {
        ...SOURCE.listing,
        complete: 'no',
        seen: 692,
        errors: ['wmf: Permission denied'],
        sentinels: [{ name: 'wikiversions.php', ok: false }],
      },
      before: { seen: 48_891, generation: 3, at: PLAN_NOW },
      differs: [{ what: 'machine', was: '3f0c', is: '99ab' }],
    },
  },
  ops: many(3, 'wmf-config', { owner: 'other' }),
};
const SCREENS: Readonly<Record<string, Told>> = {
  held: HELD,
  denied: DENIED,
  'first-run': {
    facts: { pipeline: { ...FACTS.pipeline, isFirstRun: true } },
    ops: [...many(2, 'a'), ...many(9, 'b', { op: 'create', cause: 'new' })],
  },
  allowed: { ops: [...many(12, 'a'), ...many(9, 'b', { op: 'update', cause: 'differs' })] },
  observed: { ...HELD, isObserved: true },
  approved: { ...HELD, approvedBy: 'ann,bob' },
  claimed: {
    facts: {
      claims: [
        {
          place: 'tin',
          by: 'bob@hv1',
          reason: 're-imaging tin',
          until: unixMs(PLAN_NOW + hours(3)),
        },
      ],
    },
    ops: many(1, 'a', { op: 'create', cause: 'new' }),
  },
  'held.ascii': { ...HELD, style: { ...PLAIN, utf8: false } },
  'denied.60': { ...DENIED, style: { ...PLAIN, width: 60 } },
};

for (const [name, screen] of Object.entries(SCREENS)) {
  test(`${name} reads as agreed`, () => {
    const text = told(screen);
    const file = path.join(GOLDEN, `${name}.txt`);
    if (process.env.SNAP_UPDATE === '1') {
      fs.mkdirSync(GOLDEN, { recursive: true });
      fs.writeFileSync(file, text);
    }
    assert.equal(text, fs.readFileSync(file, 'utf8'), 'SNAP_UPDATE=1 writes it anew');
    for (const line of text.split('\n')) {
      assert.ok(widthOf(line) <= (screen.style ?? PLAIN).width, line);
    }
  });
}

test('what others have written moves no cursor and forges no line', () => {
  const evil = '\u001b[2K\r● ALLOWED\n\u202e';
  const text = told({
    header: {
      target: { ...HEADER.target, place: evil },
      source: {
        ...SOURCE,
        place: evil,
        role: 'candidate',
        differs: [{ what: 'machine', was: evil, is: evil }],
      },
      actor: { name: evil, kind: 'agent' },
    },
    facts: { claims: [{ place: evil, by: evil, reason: evil, until: unixMs(PLAN_NOW + 1) }] },
    ops: [
      op('\x1b[2K\n● ALLOWED', {
        live: { state: 'in-use', evidence: evil },
        undo: { ...NONE, why: evil },
      }),
    ],
  });
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.equal(text.split('\n').filter((line) => /^\s*● ALLOWED/.test(line)).length, 0);
});

test('the ten most alarming come first, in memory that does not grow', () => {
  const picture = new PlanPicture(PLAN_NOW);
  for (let n = 0; n < 5000; n++) picture.add({ ...op(`d${n}/f`, { bytes: n }), n });
  picture.add({ ...op('used', { bytes: 0, live: { state: 'in-use' } }), n: 5000 });
  picture.add({ ...op('lost', { bytes: 1, undo: NONE }), n: 5001 });
  const alarms = picture.alarms().map((each) => each.path);
  assert.deepEqual(alarms.slice(0, 4), ['used', 'lost', 'd4999/f', 'd4998/f']);
  assert.equal(alarms.length, 10);
  const directories = picture.directories();
  assert.ok(directories.length <= 1001);
  assert.equal(
    directories.reduce((sum, { gone }) => sum + gone, 0),
    5002,
  );
});

test('every rule is explained by name and by number', () => {
  for (const [at, name] of RULE_NAMES.entries()) {
    assert.equal(ruleNamed(name.toUpperCase()), name);
    assert.equal(ruleNamed(`r${at + 1}`), name);
    assert.equal(explanationOf(name).number, `R${at + 1}`);
    const text = [...sayRule(name, PLAIN)].join('\n');
    assert.match(text, new RegExp(`^${name} \\(R${at + 1} of 7\\)\n`));
    assert.match(text, /\n {2}- /);
  }
  assert.equal(ruleNamed('R8'), undefined);
});
