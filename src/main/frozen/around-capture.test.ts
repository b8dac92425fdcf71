// Goal: a capture that goes on after its view was taken away makes no snapshot of what it then found.
// Method: a stop while the capture hangs, and a clock that is moved by hand past what it may take.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../base/units.ts';
import type { FrozenSource } from '../../host/frozen-source.ts';
import { aroundCapture } from './around-capture.ts';
import { NO_HOOKS } from './capture-plan.ts';

test('when the view is gone, the capture is told so before it signs', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const closed = Promise.withResolvers<undefined>();
  const source: FrozenSource = {
    method: 'btrfs',
    open: async () => ({
      roots: [],
      coveredUpTo: unixMs(0),
      guarantee: 'crash-consistent',
      facts: {},
      close: async () => closed.resolve(undefined),
    }),
  };
  let clean: (() => Promise<void>) | undefined;
  const stops = {
    onStop: (act: () => Promise<void>) => {
      clean = act;
      return () => undefined;
    },
  };
  const taken = Promise.withResolvers<unknown>();
  const hung = Promise.withResolvers<undefined>();
  void aroundCapture({ dataSet: 'd', hooks: NO_HOOKS, source }, stops, {
    take: async ({ frozen }) => {
      assert.deepEqual(frozen?.gaps(), [], 'while it stands nothing is wrong with it');
      hung.resolve(undefined);
      await closed.promise;
      try {
        taken.resolve(frozen.gaps());
      } catch (error) {
        taken.resolve(error);
      }
    },
    tell: () => ({ word: 'done', snapshot: '' }),
  });
  await hung.promise;
  const ended = clean?.();
  t.mock.timers.tick(3000);
  await ended;
  const told = await taken.promise;
  assert.ok(told instanceof Error && 'code' in told && told.code === 'HF_RUN_STOPPED');
});
