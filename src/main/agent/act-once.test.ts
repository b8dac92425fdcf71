// Goal: a connection that says nothing does not keep root's side of level act to itself. Method: streams
// of this process; nothing comes.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { actOnce } from './act-once.ts';

test('who says nothing is answered, and makes room', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const end = await actOnce({ input, output }, { env: {}, saidWithinMs: 30 });
  assert.equal(end.state, 'failed');
  assert.match(end.why, /no word to apply a plan by/);
  assert.ok(input.destroyed);
  assert.match(String(output.read()), /"state":"failed"/);
});
