// Goal: a host that was taken over makes nobody take a file for whole that is not, says nothing of
// another host's data, and costs the server no memory; nobody but the host that was asked answers.
// Method: the real server over TLS; an agent that signs what it should not say.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import https from 'node:https';
import test, { type TestContext } from 'node:test';
import { ServerBench, type Talker } from './server-bench.ts';

const ID = '7c63b3d1'.repeat(8);
const SAID = {
  ...{ id: ID, host: 'db1', dataSet: 'www', coveredUpTo: 1_800_000_000_000, bytes: 5 },
  ...{ entries: 1, isTorn: false, gapCount: 0 },
};

interface Want {
  readonly want: string;
  readonly path?: string;
  readonly own?: boolean;
}

/** An agent that answers what it is asked as the test wants it. */
class Liar {
  readonly #talker: Talker;
  #isOver = false;
  readonly #asked: Promise<void>;
  readonly wants: Want[] = [];

  constructor(
    t: TestContext,
    talker: Talker,
    answer: (liar: Liar, ask: string, want: Want) => Promise<void>,
  ) {
    this.#talker = talker;
    this.#asked = this.#run(answer);
    t.after(async () => {
      this.#isOver = true;
      await this.#asked.catch(() => undefined); // The server hangs up.
    });
  }

  async #run(answer: (liar: Liar, ask: string, want: Want) => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      const message = {
        format: 'holdfast-ask-0',
        agent: this.#talker.agent.id,
        may: 'content',
        places: ['/srv/back'],
      };
      const { body } = await this.#talker.post('ask', JSON.stringify(message));
      const { asks = [] } = body as { asks?: { ask: string; want: Want }[] };
      for (const { ask, want } of asks) {
        this.wants.push(want);
        await answer(this, ask, want);
      }
    }
  }

  /** @returns whether more is wanted */
  async give(
    ask: string,
    part: number,
    of: { isLast?: boolean; sha256?: string; bytes: string | Buffer },
  ): Promise<boolean> {
    const { bytes, isLast = false, ...rest } = of;
    const head = {
      format: 'holdfast-give-0',
      agent: this.#talker.agent.id,
      ask,
      part,
      isLast,
      ...rest,
    };
    const line = Buffer.from(`${JSON.stringify(head)}\n`);
    const { body } = await this.#talker.post('give', Buffer.concat([line, Buffer.from(bytes)]));
    return (body as { goesOn?: boolean }).goesOn === true;
  }
}

/** What a browser would be left with. */
function download(
  port: number,
  token: string,
): Promise<{ status: number; body: string; isWhole: boolean }> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const where = `/v1/snapshots/${ID}/content?path=file&through=web1`;
    const to = { host: '127.0.0.1', port, path: where, agent: false as const, headers };
    const request = https.request({ ...to, rejectUnauthorized: false }, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString()));
      const end = (): void =>
        resolve({ status: response.statusCode ?? 0, body, isWhole: response.complete });
      for (const event of ['end', 'error', 'close']) response.on(event, end);
    });
    // Nothing came yet when it was broken off.
    request.on('error', () => resolve({ status: 0, body: '', isWhole: false }));
    request.end();
  });
}

const shaOf = (text: string): string => createHash('sha256').update(text).digest('hex');

async function opened(
  t: TestContext,
  answer: (liar: Liar, ask: string, want: Want) => Promise<void>,
): Promise<{ readonly bench: ServerBench; readonly token: string; readonly liar: Liar }> {
  const bench = await ServerBench.open(t);
  const talker = await bench.enrol('web1');
  await talker.say([]);
  const liar = new Liar(t, talker, answer);
  const token = await bench.tokenOf('operator');
  while (bench.server.served.files.present(talker.agent.id) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { bench, token, liar };
}

const head = (size: number, sha256: string | null): string =>
  JSON.stringify({ snapshot: SAID, path: 'file', size, sha256 });

test('what is right is whole', async (t) => {
  const { bench, token } = await opened(t, async (liar, ask) => {
    await liar.give(ask, 0, { bytes: head(5, shaOf('right')) });
    await liar.give(ask, 1, { bytes: 'rig' });
    await liar.give(ask, 2, { bytes: 'ht', isLast: true, sha256: shaOf('right') });
  });
  assert.deepEqual(await download(bench.port, token), {
    status: 200,
    body: 'right',
    isWhole: true,
  });
});

const LIES: Readonly<Record<string, (liar: Liar, ask: string) => Promise<unknown>>> = {
  'a digest that is not of it': async (liar, ask) => {
    await liar.give(ask, 0, { bytes: head(5, shaOf('right')) });
    await liar.give(ask, 1, { bytes: 'wro' });
    await liar.give(ask, 2, { bytes: 'ng', isLast: true, sha256: shaOf('wrong') });
  },
  // As large as a part may be: what went out too early has then all arrived.
  'a trailer that is not of it': async (liar, ask) => {
    const wrong = 'wrong'.repeat(200_000);
    await liar.give(ask, 0, { bytes: head(wrong.length, null) });
    await liar.give(ask, 1, { bytes: wrong, isLast: true, sha256: shaOf('right') });
  },
  'no trailer': async (liar, ask) => {
    await liar.give(ask, 0, { bytes: head(5, null) });
    await liar.give(ask, 1, { bytes: 'wrong', isLast: true });
  },
  'more than it said': async (liar, ask) => {
    await liar.give(ask, 0, { bytes: head(5, null) });
    await liar.give(ask, 1, { bytes: 'right' });
    await liar.give(ask, 2, { bytes: ' and more', isLast: true, sha256: shaOf('right and more') });
  },
  'less than it said': async (liar, ask) => {
    await liar.give(ask, 0, { bytes: head(9, null) });
    await liar.give(ask, 1, { bytes: 'right', isLast: true, sha256: shaOf('right') });
  },
  'parts out of order': async (liar, ask) => {
    await liar.give(ask, 0, { bytes: head(5, null) });
    await liar.give(ask, 2, { bytes: 'right', isLast: true, sha256: shaOf('right') });
  },
};

for (const [lie, tell] of Object.entries(LIES)) {
  test(`${lie}: broken off before its end`, async (t) => {
    const { bench, token } = await opened(t, async (liar, ask) => void (await tell(liar, ask)));
    const { isWhole, body } = await download(bench.port, token);
    assert.equal(isWhole, false);
    assert.ok(!body.includes('ng') && body !== 'right', 'the last part is held back');
  });
}

test('another snapshot, another path, another size than the limit, or nonsense: nothing begins', async (t) => {
  const answers = [
    JSON.stringify({
      snapshot: { ...SAID, id: 'a'.repeat(64) },
      path: 'file',
      size: 5,
      sha256: null,
    }),
    JSON.stringify({ snapshot: SAID, path: 'other', size: 5, sha256: null }),
    head(2 ** 50, null),
    head(-1, null),
    '{"snapshot":',
    JSON.stringify({ ...JSON.parse(head(5, null)), more: 1 }),
  ];
  const left = [...answers];
  const { bench, token } = await opened(t, async (liar, ask) => {
    await liar.give(ask, 0, { bytes: left.shift() ?? '' });
  });
  for (const answer of answers) {
    const { status, body } = await download(bench.port, token);
    assert.ok(status >= 400, `${answer}: ${status} ${body}`);
    assert.match(body, /HF_FILES_(BROKEN|TOO_LARGE)/);
  }
});

test('a host speaks of its own data alone, and is asked for no other’s', async (t) => {
  const { bench, token, liar } = await opened(t, async (it, ask) => {
    const bytes = JSON.stringify({ snapshots: [SAID], total: 1, next: null });
    await it.give(ask, 0, { bytes, isLast: true });
  });
  const listed = await bench.json<{ snapshots: { host: string }[] }>('/v1/snapshots', { token });
  assert.deepEqual(
    listed.snapshots.map(({ host }) => host),
    ['web1'],
  );
  assert.deepEqual(
    liar.wants.map(({ own }) => own),
    [true],
  );
  await bench.enrol('db1');
  const other = await bench.ask('/v1/snapshots?through=web1&host=db1', { token });
  assert.equal(other.status, 503);
  assert.match(other.text, /no restore host/);
  assert.equal(liar.wants.length, 1, 'it was not asked');
});

test('an agent gives nothing for what another was asked', async (t) => {
  const asks: string[] = [];
  const { bench, token } = await opened(t, (_liar, ask) => {
    asks.push(ask);
    return Promise.resolve();
  });
  const other = await bench.enrol('db1');
  const waiting = download(bench.port, token);
  while (asks.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const line = JSON.stringify({
    ...{ format: 'holdfast-give-0', agent: other.agent.id, ask: asks[0], part: 0, isLast: false },
  });
  const { status, body } = await other.post('give', Buffer.from(`${line}\n${head(5, null)}`));
  assert.deepEqual([status, (body as { goesOn?: boolean }).goesOn], [200, false]);
  bench.server.served.files.close();
  assert.ok((await waiting).status >= 400);
});

test('no more is asked of a host at once than it answers', async (t) => {
  const { bench, token } = await opened(t, () => Promise.resolve());
  const all = Array.from({ length: 20 }, () => download(bench.port, token));
  const busy = await Promise.race(all);
  assert.match(busy.body, /HF_API_BUSY/);
  bench.server.served.files.close();
  assert.equal((await Promise.all(all)).filter(({ body }) => /HF_API_BUSY/.test(body)).length, 4);
});
