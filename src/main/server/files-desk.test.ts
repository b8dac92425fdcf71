// Goal: of one answer one part lies at the server at most; who gives more at once gives nothing, and no
// request of it is left waiting.
// Method: the desk alone, and an agent that does not wait to be answered.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Fault } from '../../base/fault.ts';
import { FilesDesk } from './files-desk.ts';

const AGENT = 'a1'.repeat(16);
const ASK = 'b2'.repeat(16);
const WANT = { want: 'list', own: true, snapshot: 'c3'.repeat(32), path: '', from: 0, count: 1 };

function desk() {
  const parts = { newId: () => ASK, nowMs: () => 0, restoreOf: () => undefined };
  const files = new FilesDesk({ ...parts, partWaitMs: 5000 });
  const answering = files.open({ agent: AGENT, host: 'web1', want: WANT as never });
  const give = (part: number, isLast = false): Promise<unknown> => {
    const message = { format: 'holdfast-give-0', agent: AGENT, ask: ASK, part, isLast } as const;
    return files.give(message, new Uint8Array([part]));
  };
  return { answering, give };
}

const given = (goesOn: boolean): object => ({ format: 'holdfast-given-0', goesOn });
/** Undefined where it is not answered: it has had every turn that it needs. */
const soon = (run: Promise<unknown>): Promise<unknown> =>
  Promise.race([run, new Promise((resolve) => setImmediate(resolve, undefined))]);

test('parts one after the other, each answered when it was taken', async () => {
  const { answering, give } = desk();
  const first = give(0);
  assert.equal(await soon(first), undefined, 'nobody took it yet');
  assert.deepEqual((await answering.next()).bytes, new Uint8Array([0]));
  const next = answering.next();
  assert.deepEqual(await first, given(true));
  assert.deepEqual(await give(1, true), given(true));
  assert.deepEqual((await next).bytes, new Uint8Array([1]));
});

test('who does not wait is refused, and all that it gave is answered', async () => {
  const { answering, give } = desk();
  const all = [give(0), give(1), give(2), give(3, true)];
  const answers = await Promise.all(all.map(soon));
  assert.deepEqual(
    answers,
    all.map(() => given(false)),
  );
  await assert.rejects(
    answering.next(),
    (error) => error instanceof Fault && error.code === 'HF_FILES_BROKEN',
  );
});
