// Goal: any Nagios plugin runs by its name, its arguments reach it as they are, and what it answers is
// taken as the guidelines say. Method: plugins of the test's own, in a folder of plugins.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pluginProbe } from '../../src/adapters/probes/nagios-plugin.ts';
import { folder, look, script } from './probe-bench.ts';

const timed = { name: 'x', everyMs: 60_000, timeoutMs: 5000 };

test('its status is the answer, its first line the sentence, its figures are kept', async (t) => {
  const dir = folder(t);
  const body = `case $1 in
0) echo "DISK OK - free space: / 3326 MB|/=2643MB;5948;5958;0;5968 'a b'=0.35s;;";;
1) echo "WARNING - load 5";;
2) printf 'CRITICAL - down | t=1s\\nmore | u=7%%\\n';;
3) echo "UNKNOWN - no such device";;
esac
exit $1`;
  script(dir, 'check_it', body);
  const ask = (status: number) =>
    look(pluginProbe({ ...timed, plugin: 'check_it', args: [String(status)], folders: [dir] }));
  const [ok, warning, critical, unknown, four] = await Promise.all([0, 1, 2, 3, 4].map(ask));
  assert.equal(ok?.saw, 'healthy');
  assert.equal(ok.why, 'DISK OK - free space: / 3326 MB');
  assert.deepEqual(ok.detail, { '/': '2643MB', 'a b': '0.35s', status: 0 });
  assert.equal(warning?.saw, 'impaired');
  assert.equal(critical?.saw, 'broken');
  assert.deepEqual(critical.detail, { t: '1s', u: '7%', status: 2 });
  assert.equal(unknown?.saw, 'unreadable');
  assert.equal(four?.saw, 'unreadable');
  for (const status of [5, 64, 125, 126, 127, 130, 139, 255]) {
    assert.equal((await ask(status)).saw, 'unreadable', String(status));
  }
});

test('an argument is one argument: no shell, no environment of ours', async (t) => {
  const dir = folder(t);
  process.env.HOLDFAST_TEST_SECRET = 'hunter2';
  script(dir, 'check_args', 'echo "$# [$1] [$2] <$HOLDFAST_TEST_SECRET>"');
  const args = ['$(touch /tmp/x); `id`', ' -H "a b" | cat'];
  const seen = await look(pluginProbe({ ...timed, plugin: 'check_args', args, folders: [dir] }));
  // The bar begins what is measured; the shell would have run the rest.
  assert.equal(seen.why, '2 [$(touch /tmp/x); `id`] [ -H "a b"');
  const second = await look(
    pluginProbe({ ...timed, plugin: 'check_args', args: ['a', 'b'], folders: [dir] }),
  );
  assert.equal(second.why, '2 [a] [b] <>');
});

test('the folder of the host stands before those of the distribution', async (t) => {
  const [own, other] = [folder(t), folder(t)];
  script(other, 'check_it', 'echo other');
  const folders = [own, other];
  const ask = () => look(pluginProbe({ ...timed, plugin: 'check_it', args: [], folders }));
  assert.equal((await ask()).why, 'other');
  script(own, 'check_it', 'echo own');
  assert.equal((await ask()).why, 'own');
  const absent = pluginProbe({ ...timed, plugin: path.basename(own), args: [], folders });
  assert.equal((await look(absent)).saw, 'unreadable');
});

test('what it reads has stopped: whatever it says is not known', async (t) => {
  const dir = folder(t);
  const source = path.join(dir, 'status');
  script(dir, 'check_it', 'echo "OK - all is well"; exit "$1"');
  const ask = (status: number) =>
    look(
      pluginProbe({
        ...{ ...timed, plugin: 'check_it', args: [String(status)], folders: [dir] },
        ...{ reads: [source], ageMaxMs: 60_000 },
      }),
    );
  assert.equal((await ask(0)).saw, 'unreadable', 'it is not there');
  fs.writeFileSync(source, '');
  assert.equal((await ask(0)).saw, 'healthy');
  assert.equal((await ask(2)).saw, 'broken');
  const now = Date.now() / 1000;
  for (const at of [now - 62, now + 120]) {
    fs.utimesSync(source, at, at);
    for (const status of [0, 1, 2]) {
      const seen = await ask(status);
      assert.equal(seen.saw, 'unreadable', seen.why);
      assert.match(seen.why, /is no evidence: it was changed .* It says: OK - all is well/);
    }
  }
});
