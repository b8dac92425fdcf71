// Goal: who hears what, and when, is what holdfast.yaml says of each channel.
// Method: the schema and the policy made of it; quiet hours over a whole year, changes of the clock included.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { quietHours } from '../../src/main/tell/quiet-hours.ts';
import { tellPolicyOf } from '../../src/main/tell/tell-policy-of.ts';
import { tellSchema } from '../../src/wire/tell-config.ts';

const mail = { kind: 'smtp', server: 'localhost', sender: 'h@example.org', to: 'ann@example.org' };

function policyOf(given: object, tell: object = {}) {
  const parsed = tellSchema.parse({ ...tell, channels: { ann: { ...mail, ...given } } });
  const [channel] = tellPolicyOf(parsed).channels;
  assert.ok(channel !== undefined);
  return channel;
}

test('hosts, after and quiet are what they say', () => {
  const channel = policyOf({ hosts: ['web*', 'db1'], after: '15min', quiet: '22:00-07:00' });
  assert.deepEqual(channel.hosts, ['web*', 'db1']);
  assert.equal(channel.afterMs, 15 * 60_000);
  const { isQuiet = () => undefined } = channel;
  assert.equal(isQuiet(unixMs(Date.UTC(2026, 10, 21, 3))), true);
  assert.equal(isQuiet(unixMs(Date.UTC(2026, 10, 21, 7))), false);
  const plain = policyOf({});
  assert.deepEqual([plain.hosts, plain.afterMs, plain.isQuiet], [undefined, undefined, undefined]);
  assert.deepEqual(policyOf({ hosts: 'web1' }).hosts, ['web1']);
});

test('what is no hour, no zone, or would never be told is refused', () => {
  const refused = (given: object, tell: object = {}): void => {
    assert.ok(!tellSchema.safeParse({ ...tell, channels: { ann: { ...mail, ...given } } }).success);
  };
  for (const quiet of ['22-7', '24:00-07:00', '22:60-07:00', '07:00-07:00', 'night']) {
    refused({ quiet });
  }
  refused({ hosts: [] });
  refused({ quiet: '22:00-07:00' }, { zone: 'Mars/Olympus' });
});

test('quiet hours follow the clock on the wall, through summer and winter', () => {
  const isQuiet = quietHours('22:00-07:00', 'Europe/Berlin');
  const at = (month: number, day: number, hour: number) =>
    isQuiet(unixMs(Date.UTC(2026, month, day, hour, 30)));
  assert.deepEqual(
    [at(0, 10, 5), at(0, 10, 6), at(0, 10, 20), at(0, 10, 21)],
    [true, false, false, true],
  );
  assert.deepEqual(
    [at(6, 10, 4), at(6, 10, 5), at(6, 10, 19), at(6, 10, 20)],
    [true, false, false, true],
  );
  const noon = quietHours('11:00-13:00', 'UTC');
  let quiet = 0;
  for (let hour = 0; hour < 24; hour++) quiet += noon(unixMs(Date.UTC(2026, 0, 1, hour))) ? 1 : 0;
  assert.equal(quiet, 2);
});
