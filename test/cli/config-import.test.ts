// Goal: hosts and contacts of others' files are shown against holdfast.yaml, nothing is written unless it is asked for,
// and then only what was missing: comments, other hosts and the mode of the file stay. Method: the real program; an
// inventory, targets and prometheus.yml, Icinga 2 objects with comments, templates and names that are none.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test, type TestContext } from 'node:test';
import { Bench } from './run-cli.ts';

function bench(t: TestContext): Bench {
  const made = new Bench();
  t.after(() => made.remove());
  return made;
}

const ICINGA = `template Host "generic" { check_command = "hostalive" }
/* object Host "commented" { address = "192.0.2.99" } */
object Host "web1" {
  import "generic"
  address = "192.0.2.1" // object Host "no" {
  groups = [ "web", "linux" ]
  vars.http["/"] = { uri = "/" /* address = "192.0.2.77" */ }
}
object Host "db1" { address = "192.0.2.2"; }
object Host "-oProxyCommand=x" { address = "192.0.2.3" }
object User "ann" {
  display_name = "Ann A."
  email = "ann@example.org"
}
object User "bad" { email = "a b" }
`;

test('Icinga: shown, and written when it is asked for', (t) => {
  const at = bench(t);
  const file = at.write(
    'holdfast.yaml',
    '# ours\nhosts:\n  web1: {address: 192.0.2.9} # by hand\n  hv1: {}\n',
  );
  fs.chmodSync(file, 0o640);
  const before = fs.readFileSync(file, 'utf8');
  at.write('hosts.conf', ICINGA);
  const shown = at.run(['config', 'import', 'hosts.conf']);
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /^Icinga: 1 host to add, 1 that differ, 0 as declared/);
  assert.match(shown.stdout, /\n\+ {2}db1: \{address: 192\.0\.2\.2\}\n/);
  assert.match(shown.stdout, /\n! {2}web1: declared as 192\.0\.2\.9, here 192\.0\.2\.1/);
  assert.match(shown.stdout, /Ann A\.: ann@example\.org/);
  assert.match(shown.stdout, /left out: -oProxyCommand=x/);
  assert.doesNotMatch(shown.stdout, /commented|generic|a b|192\.0\.2\.77/);
  assert.equal(fs.readFileSync(file, 'utf8'), before, 'nothing is written');
  const written = at.run(['config', 'import', 'hosts.conf', '--write']);
  assert.equal(written.status, 0, written.stderr);
  const after = fs.readFileSync(file, 'utf8');
  assert.match(after, /^# ours\n/);
  assert.match(after, /web1: *\{ *address: 192\.0\.2\.9 *\} # by hand/);
  assert.match(after, /db1: *\{ *address: 192\.0\.2\.2 *\}/);
  assert.equal(fs.statSync(file).mode & 0o777, 0o640);
  assert.equal(at.run(['config', 'check']).status, 0);
  assert.match(at.run(['config', 'import', 'hosts.conf']).stdout, /0 hosts to add/);
});

test('Prometheus: targets of a file, and of prometheus.yml', (t) => {
  const at = bench(t);
  at.write(
    'targets.json',
    JSON.stringify([
      { targets: ['web1.example.org:9100', '[2001:db8::1]:9100'], labels: { job: 'node' } },
      { targets: ['localhost:9090', 'bad host'] },
    ]),
  );
  const json = at.json(['config', 'import', 'targets.json']).said;
  assert.deepEqual(json.added, [
    { name: 'web1.example.org', groups: ['node'] },
    { name: '2001:db8::1', groups: ['node'] },
  ]);
  at.write(
    'prometheus.yml',
    'scrape_configs:\n  - job_name: node\n    static_configs:\n      - targets: ["db1:9100"]\n  - job_name: pg\n    static_configs:\n      - targets: ["db1:9187"]\n',
  );
  const yml = at.json(['config', 'import', 'prometheus.yml', '--write']).said;
  assert.deepEqual(yml.added, [{ name: 'db1', groups: ['node', 'pg'] }]);
  assert.match(
    fs.readFileSync(at.at('holdfast.yaml'), 'utf8'),
    /db1: *\{ *groups: \[ *node, pg *\] *\}/,
  );
});

test('Ansible: an inventory, and a file that is none', (t) => {
  const at = bench(t);
  at.write('inventory.ini', '[web]\nweb1 ansible_host=192.0.2.1 ansible_user=root\n[db]\ndb1\n');
  const shown = at.run(['config', 'import', 'inventory.ini']).stdout;
  assert.match(shown, /^Ansible: 2 hosts to add/);
  assert.match(shown, /\+ {2}web1: \{address: root@192\.0\.2\.1, groups: \[web\]\}/);
  assert.ok(!fs.existsSync(at.at('holdfast.yaml')));
  assert.equal(at.run(['config', 'import', 'absent']).status, 64);
});
