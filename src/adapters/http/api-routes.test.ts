// Goal: an answer that goes on, and that a bug breaks off, ends with a code or with its connection, and
// never with the server.
// Method: a real listener on the loopback with one route, whose stream fails before its head and after.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { route } from '../../wire/api/route.ts';
import { nodeClock } from '../node/clock.ts';
import { addApiRoutes, on, type Streamed } from './api-routes.ts';
import { LOOPBACK_DOOR } from './door.ts';
import { listen, makeLoopbackApp } from './https-server.ts';

const NONE = z.object({});
const ROUTE = route({
  ...{ id: 'file', method: 'GET', path: '/file', summary: 'A file.', asker: 'anyone' },
  ...{ params: NONE, query: NONE, body: NONE, answer: z.string(), example: '' },
});
const NOBODY = {
  callerOfToken: () => Promise.resolve(undefined),
  callerOfSession: () => Promise.resolve(undefined),
};

async function served(t: TestContext, stream: Streamed['stream']) {
  const bugs: unknown[] = [];
  const onBug = (error: unknown): void => void bugs.push(error);
  const app = makeLoopbackApp({ onBug });
  t.after(() => app.close());
  addApiRoutes(app, [on(ROUTE, () => Promise.resolve({ stream }))], {
    ...{ gate: NOBODY, clock: nodeClock(), door: LOOPBACK_DOOR, onBug },
  });
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  return { bugs, get: () => fetch(`http://127.0.0.1:${port}/file`) };
}

test('what fails before its head is answered with a code, and a bug is told', async (t) => {
  const bug = new TypeError('of ours');
  const { bugs, get } = await served(t, () => Promise.reject(bug));
  const answer = await get();
  assert.equal(answer.status, 500);
  assert.equal(((await answer.json()) as { readonly code: string }).code, 'HF_API_BROKEN');
  assert.deepEqual(bugs, [bug]);
});

test('what fails after its head is broken off: nobody takes it for whole', async (t) => {
  const { bugs, get } = await served(t, async (response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('12345');
    await new Promise((resolve) => setImmediate(resolve));
    throw new Fault('HF_FILES_BROKEN', 'the host fell silent', { host: 'web1' });
  });
  await assert.rejects(async () => await (await get()).text());
  assert.deepEqual(bugs, []);
  // And it goes on.
  await assert.rejects(async () => await (await get()).text());
});
