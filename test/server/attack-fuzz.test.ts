// Goal: whatever comes, in whatever form, is answered: never by a bug, never not at all, and the server
// goes on. Method: for each route what its own schema allows, spoiled; the same for what agents say,
// signed; HOLDFAST_FUZZ_RUNS tries more (400 of each here).
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { type Place, placesOf } from './attack-places.ts';
import { post } from './agent-double.ts';
import { type Got, ServerBench, type Talker } from './server-bench.ts';

const RUNS = Number(process.env.HOLDFAST_FUZZ_RUNS ?? '400');
const SEED = Number(process.env.SEED ?? randomInt(2 ** 31));
const FREE = { burst: 1e6, perMinute: 1e6 };

type Schema = Readonly<Record<string, unknown>>;

/** JSON texts that somebody wrote to be unpleasant. */
const HOSTILE = [
  ...['null', 'true', '0', '-0', '-1', '1.5', '1e400', '-1e400', '9007199254740993', '1e-400'],
  ...[
    '""',
    '" "',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u202e\\u009b"',
    '"../../etc/passwd"',
  ],
  ...[
    '"__proto__"',
    '"constructor"',
    '[]',
    '[[]]',
    '{}',
    '{"__proto__":{"role":"admin"}}',
    '{"constructor":{"prototype":{"x":1}}}',
  ],
  ...[
    '{"toString":1,"valueOf":null,"length":-1}',
    '[null,null]',
    `"${'x'.repeat(3000)}"`,
    `"${'😀'.repeat(300)}"`,
  ],
  ...[`${'['.repeat(2000)}${']'.repeat(2000)}`, `${'{"a":'.repeat(1500)}1${'}'.repeat(1500)}`],
  ...[
    '{"a":1,"a":2}',
    'NaN',
    'Infinity',
    'undefined',
    "'x'",
    '01',
    '{,}',
    '[1,]',
    '{"a"}',
    '\ufeff{}',
  ],
];
const hostile = fc.constantFrom(...HOSTILE);

/** What a schema of the document allows, as JSON. */
function fitting(schema: Schema): fc.Arbitrary<string> {
  const {
    type,
    pattern,
    properties = {},
    items,
    anyOf,
  } = schema as {
    readonly type?: string;
    readonly pattern?: string;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly anyOf?: readonly Schema[];
  };
  const words = schema.enum as readonly unknown[] | undefined;
  if (words !== undefined) return fc.constantFrom(...words).map((each) => JSON.stringify(each));
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(fitting));
  if (type === 'array') {
    const each = items === undefined ? hostile : fitting(items);
    return fc.array(each, { minLength: 1, maxLength: 4 }).map((all) => `[${all.join(',')}]`);
  }
  if (type === 'object') return members(properties, new Set(schema.required as string[]));
  if (type === 'integer' || type === 'number') {
    const [min = -10, max = 1e9] = [schema.minimum, schema.maximum] as (number | undefined)[];
    return fc.integer({ min, max: Math.min(max, 2 ** 31 - 1) }).map(String);
  }
  if (type === 'boolean') return fc.boolean().map(String);
  if (pattern !== undefined)
    return fc.stringMatching(new RegExp(pattern)).map((text) => JSON.stringify(text));
  if (type === 'string')
    return fc.string({ unit: 'binary', maxLength: 300 }).map((text) => JSON.stringify(text));
  return hostile;
}

function members(
  of: Readonly<Record<string, Schema>>,
  needed: ReadonlySet<string>,
): fc.Arbitrary<string> {
  const each = Object.entries(of).map(([name, schema]) => {
    const member = fitting(schema).map((value) => [`${JSON.stringify(name)}:${value}`]);
    return needed.has(name) ? member : fc.oneof(member, fc.constant([]));
  });
  return fc.tuple(...each).map((all) => `{${all.flat().join(',')}}`);
}

/** As it is, or with a piece of it taken out, doubled, or put in place of another. */
function spoiled(good: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const at = fc.nat({ max: 1000 });
  const cut = fc.tuple(good, at, at, hostile).map(([text, from, count, bad]) => {
    const start = from % (text.length + 1);
    return text.slice(0, start) + bad + text.slice(start + (count % 20));
  });
  // One value of an object: what parses and is of the wrong kind.
  const swapped = fc.tuple(good, fc.nat({ max: 20 }), hostile).map(([text, nth, bad]) => {
    let seen = -1;
    return text.replaceAll(/:("(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|null)/g, (whole) => {
      seen += 1;
      return seen === nth % 6 ? `:${bad}` : whole;
    });
  });
  const grown = fc
    .tuple(good, hostile)
    .map(([text, bad]) => text.replace(/\}$/, `,"more":${bad}}`));
  return fc.oneof(good, cut, swapped, swapped, grown, hostile);
}

const wordOfPath = fc.oneof(
  fc
    .string({ unit: 'binary', maxLength: 40 })
    .map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom(
    '..',
    '%2e%2e%2f',
    '%00',
    '%ff%fe',
    '%',
    '%zz',
    'a%2fb',
    '-1',
    '__proto__',
    'x'.repeat(2100),
    '{host}',
    '*',
  ),
  fc.stringMatching(/^[0-9a-f]{32}$/),
  fc.constantFrom('web1', 'disk-space:%2Fsrv', 'constructor:x'),
);

interface Attempt {
  readonly place: Place;
  readonly path: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

function attempts(place: Place, token: string): fc.Arbitrary<Attempt> {
  const names = [...place.template.matchAll(/\{(\w+)\}/g)].map(([whole]) => whole);
  const query = place.parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  const path = fc
    .array(wordOfPath, { minLength: names.length, maxLength: names.length })
    .map((all) =>
      names.reduce((text, name, nth) => text.replace(name, all[nth] ?? ''), place.template),
    );
  const pairs = fc.array(fc.tuple(fc.constantFrom('more', '__proto__', ...query), wordOfPath), {
    maxLength: 3,
  });
  const search = pairs.map((all) => all.map(([name, value]) => `${name}=${value}`).join('&'));
  const body =
    place.body === undefined
      ? fc.oneof(fc.constant(undefined), hostile)
      : spoiled(fitting(place.body));
  const type = fc.constantFrom(
    'application/json',
    'application/json',
    'text/plain',
    'application/json; charset=x',
    'a/b; =',
  );
  return fc.tuple(path, search, body, type).map(([where, asked, said, media]) => ({
    ...{ place, path: asked === '' ? where : `${where}?${asked}`, body: said },
    headers: {
      authorization: `Bearer ${token}`,
      ...(said === undefined ? {} : { 'content-type': media }),
    },
  }));
}

function isWhole({ status, text, headers }: Got): boolean {
  if (status >= 500 && status !== 503) return false;
  const isJson = String(headers['content-type']).startsWith('application/json');
  if (!isJson) return true;
  const said = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return status < 400 || (typeof said.code === 'string' && typeof said.remedy === 'string');
}

test(`whatever comes to a route of the API is answered (seed ${SEED})`, async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('disk-space:/srv', 'healthy')]);
  // The one who attacks goes on being there, and a stream has no end.
  const places = (await placesOf(bench)).filter(
    ({ id }) => id !== 'events' && id !== 'signInByPassword',
  );
  const attempt = fc.constantFrom(...places).chain((place) => attempts(place, token));
  await fc.assert(
    fc.asyncProperty(attempt, async ({ place, path, body, headers }) => {
      const got = await bench.send(path, { method: place.method, headers, body });
      assert.ok(isWhole(got), `${place.method} ${path} ${body ?? ''}: ${got.status} ${got.text}`);
      assert.deepEqual(bench.wrong, []);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  assert.equal((await bench.ask('/healthz')).status, 200);
});

const RECORDS = (talker: Talker): readonly object[] => [
  talker.seen('disk-space:/srv', 'broken', 'full'),
  talker.line('XFS (loop0): log I/O error -5'),
  talker.job('a'.repeat(32), 'done'),
  { t: 'gone', n: 99, item: 'disk-space:/srv', why: '' },
  { t: 'lost', n: 100, count: 3, what: 'lines' },
  {
    ...{ t: 'was', n: 101, item: 'a:b', kind: 'a', saw: 'broken', boot: 'c', upMs: 5, wallMs: 6 },
    ...{ why: '', detail: { a: 1 } },
  },
];

test(`whatever an agent signs is answered, and nobody else is hurt (seed ${SEED})`, async (t) => {
  const bench = await ServerBench.open(t, { agentRates: { agent: FREE, refused: FREE } });
  const token = await bench.tokenOf('viewer');
  const [hostileOne, good] = [await bench.enrol('evil'), await bench.enrol('good')];
  await hostileOne.say([]);
  await good.say([good.seen('a:b', 'healthy')]);
  const bodies = fc.constantFrom('say', 'say', 'enrol').chain((verb) => {
    const whole = fc.nat({ max: 5 }).map((nth) => {
      const record = RECORDS(hostileOne)[nth];
      return verb === 'say'
        ? hostileOne.sayBody(record === undefined ? [] : [record])
        : hostileOne.agent.enrol('x'.repeat(43));
    });
    return fc.tuple(fc.constant(verb), spoiled(whole));
  });
  await fc.assert(
    fc.asyncProperty(bodies, async ([verb, body]) => {
      const headers = hostileOne.agent.headers(verb, bench.pin, body);
      const { status } = await post(bench, verb, { headers, body });
      assert.ok([200, 400, 401, 409, 413].includes(status), `${status} ${verb} ${body}`);
      assert.deepEqual(bench.wrong, []);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  assert.equal((await good.say([good.seen('a:b', 'healthy')])).status, 200);
  const { items } = await bench.json<{ items: { item: string; mark: string }[] }>(
    '/v1/hosts/good',
    { token },
  );
  assert.equal(items.find(({ item }) => item === 'a:b')?.mark, 'ok');
  assert.equal((await bench.ask('/v1/status', { token })).status, 200);
});

test('what deep JSON and a key below a text were is refused by name', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const propose = async (changes: unknown): Promise<string> => {
    const { status, text } = await bench.ask('/v1/config/proposal', { token, body: { changes } });
    return `${status} ${(JSON.parse(text) as { code: string }).code}`;
  };
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const got = await bench.send('/v1/config/proposal', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: `{"changes":[{"at":["hosts","x"],"value":${deep}}]}`,
  });
  assert.ok(got.status === 400 && got.text.includes('HF_API_INPUT'), got.text);
  const below = [
    { at: ['hosts', 'web1', 'address'], value: 'a.example' },
    { at: ['hosts', 'web1', 'address', 'deeper'], value: 1 },
  ];
  assert.equal(await propose(below), '400 HF_CONFIG_INVALID');
  for (const at of [
    ['hosts', '__proto__', 'address'],
    ['__proto__'],
    ['constructor', 'prototype', 'x'],
  ]) {
    assert.match(await propose([{ at, value: 'x' }]), /^400 HF_/, at.join());
  }
});
