import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../../base/bytes.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { EarlyAsk } from './early-ask.ts';
import type { Asked } from './wrapped.ts';

// Goal: what was begun is told once, to who asks; what was left, or does not tell enough, is asked anew.

const change: WrappedChange = {
  ...{ what: 'create', path: byteString('a'), isDir: false, size: 1, mtimeS: 1 },
};
const ended: Asked = { kind: 'ended', code: 7, said: '' };

function early(): { readonly early: EarlyAsk; readonly asked: string[] } {
  const asked: string[] = [];
  const asking = new EarlyAsk((see, same, stop) => {
    asked.push(same === undefined ? 'changes' : 'all');
    stop?.addEventListener('abort', () => asked.push('stopped'));
    see(change);
    same?.(byteString('b'));
    return Promise.resolve(ended);
  });
  return { early: asking, asked };
}

async function seenBy(asking: EarlyAsk, wantsAll: boolean): Promise<readonly string[]> {
  const seen: string[] = [];
  const same = (path: string): void => void seen.push(`same ${path}`);
  const answer = await asking.ask(({ path }) => void seen.push(path), wantsAll ? same : undefined);
  assert.equal(answer, ended);
  return seen;
}

test('what was begun is the answer, once', async () => {
  const { early: asking, asked } = early();
  asking.begin();
  assert.deepEqual(await seenBy(asking, false), ['a']);
  assert.deepEqual(asked, ['changes']);
  assert.deepEqual(await seenBy(asking, false), ['a']);
  assert.deepEqual(asked, ['changes', 'changes']);
});

test('what was left, or does not say what stays, is asked anew', async () => {
  const { early: asking, asked } = early();
  asking.begin();
  await asking.leave();
  assert.deepEqual(await seenBy(asking, false), ['a']);
  assert.deepEqual(asked, ['changes', 'stopped', 'changes']);
  asking.begin();
  assert.deepEqual(await seenBy(asking, true), ['a', 'same b']);
  assert.deepEqual(asked.slice(3), ['changes', 'stopped', 'all']);
});

test('what cannot be begun is said to who asks', async () => {
  const asking = new EarlyAsk(() => Promise.reject(new Error('no such program')));
  asking.begin();
  await new Promise(setImmediate);
  await assert.rejects(seenBy(asking, false), /no such program/);
});
