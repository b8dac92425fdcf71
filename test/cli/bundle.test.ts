// Goal: what `holdfast bundle` shows and writes holds no name, address or secret that the programs it asks print, and
// it writes nothing that nobody agreed to. Method: the real program; doubles of gluster and journalctl that print
// planted ones, and one that hangs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test, type TestContext } from 'node:test';
import { Bench } from './run-cli.ts';

const PLANTED = [
  'gl7mirror',
  '192.0.2.77',
  '2001:db8::77',
  'hunter2hunter2',
  'carla77',
  'planted77',
];
const GLUSTER = `#!/bin/sh
case "$*" in
  *version) echo "glusterfs 10.3" ;;
  *peer*) echo "Hostname: gl7mirror"; echo "State: Peer in Cluster (Connected)" ;;
  *info) echo "Brick1: gl7mirror:/bricks/b1"; echo "bind: 192.0.2.77,2001:db8::77" ;;
  *) echo "planted77.example.org is away"; exit 1 ;;
esac
`;
const JOURNAL = `#!/bin/sh
echo "[91000.1] XFS (dm-3): metadata I/O error"
echo "[91000.2] nfs: server gl7mirror not responding"
echo "[91000.3] cifs: mount //nas/x password=hunter2hunter2 /home/carla77/x"
`;

function bench(t: TestContext): { readonly bench: Bench; readonly env: Record<string, string> } {
  const made = new Bench();
  t.after(() => made.remove());
  for (const [name, text] of [
    ['gluster', GLUSTER],
    ['journalctl', JOURNAL],
  ] as const) {
    fs.chmodSync(made.write(`bin/${name}`, text), 0o700);
  }
  const env = { PATH: `${made.at('bin')}:${process.env.PATH ?? ''}`, SUDO_USER: 'carla77' };
  return { bench: made, env };
}

test('nothing planted is shown or written; what it was is kept here', (t) => {
  const { bench: at, env } = bench(t);
  at.write('holdfast.yaml', 'hosts:\n  hv9: {address: root@planted77.example.org}\n');
  const ran = at.run(['bundle', '--output', 'report.txt', '--yes'], { env });
  assert.equal(ran.status, 0, ran.stderr);
  const written = fs.readFileSync(at.at('report.txt'), 'utf8');
  for (const text of [ran.stdout, written]) {
    assert.match(text, /== gluster peers\nHostname: HOST-\d+\n/);
    assert.match(text, /XFS \(dm-3\): metadata I\/O error/);
    assert.match(text, /gluster ended with 1/);
    for (const word of PLANTED) assert.ok(!text.includes(word), word);
  }
  const names = fs.readFileSync(at.at('state/bundle/names.json'), 'utf8');
  for (const word of ['gl7mirror', '192.0.2.77', 'carla77']) assert.ok(names.includes(word), word);
  assert.ok(!names.includes('hunter2hunter2'), 'a secret is kept nowhere');
  assert.equal(fs.statSync(at.at('state/bundle/names.json')).mode & 0o777, 0o600);
  // One that is there is not written over.
  assert.equal(at.run(['bundle', '--output', 'report.txt', '--yes'], { env }).status, 64);
});

test('without somebody who has read it nothing is written', (t) => {
  const { bench: at, env } = bench(t);
  const ran = at.run(['bundle', '--output', 'report.txt'], { env });
  assert.equal(ran.status, 64);
  assert.match(ran.stderr, /--yes/);
  assert.ok(!fs.existsSync(at.at('report.txt')));
  const { said } = at.json(['bundle'], { env });
  for (const word of PLANTED) assert.ok(!JSON.stringify(said).includes(word), word);
});
