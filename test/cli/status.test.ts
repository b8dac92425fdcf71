// Goal: `holdfast status --nagios` is one line and 0 to 3 whatever is there, and unknown where nothing is known.
// Method: the real program, without a vault, with one on the same machine, and with a broken configuration.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench } from './run-cli.ts';

test('nothing known is unknown; what one loss takes for good is critical', (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  const none = bench.run(['status', '--nagios'], { env: { HOLDFAST_VAULT: '' } });
  assert.equal(none.status, 3, none.stdout + none.stderr);
  assert.match(none.stdout, /^HOLDFAST UNKNOWN - [^\n]+\n$/);
  bench.write('data/file', 'x');
  assert.equal(
    bench.run(['init', '--passphrase-file', bench.write('pass', 'long enough\n')]).status,
    0,
  );
  const key = { HOLDFAST_PASSPHRASE_FILE: bench.at('pass') };
  const backup = bench.run(['backup', bench.at('data')], { env: key });
  assert.equal(backup.status, 0, backup.stderr);
  const own = bench.run(['status', '--nagios'], { env: key });
  assert.equal(own.status, 2, own.stdout + own.stderr);
  assert.match(
    own.stdout,
    /^HOLDFAST CRITICAL - if .* were lost: .* for good .* \| data_sets=1 for_good=\d/,
  );
  const screen = bench.run(['status'], { env: key });
  assert.equal(screen.status, 0, screen.stderr);
  assert.match(screen.stdout, /1 data set, \d+ single loss/);
  bench.run(['freeze', '--reason', 'storage work']);
  assert.match(bench.run(['status'], { env: key }).stdout, /Changes are frozen until/);
});

test('what is in the way is unknown, on one line', (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  bench.write('holdfast.yaml', 'nonsense: [');
  const broken = bench.run(['status', '--nagios']);
  assert.equal(broken.status, 3);
  assert.match(broken.stdout, /^HOLDFAST UNKNOWN - [^\n]*HF_CONFIG_INVALID[^\n]*\n$/);
  assert.equal(bench.run(['status', '--nagios', '--warning', 'soon']).status, 3);
});
