// Goal: what persons say to a sync counts as it does elsewhere: root on the spot passes over every rule and it
// is said and written down; an approval that is not enough any more says why.
// Method: the real command line, real keys, a terminal of its own where a person approves.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { Signing } from './signing.ts';
import { type SyncPlace, syncPlace } from './sync-place.ts';
import { onTerminal } from './terminal.ts';

const STRICT = 'guard:\n  modes: { live: observe }\n  limits: { deletes: 1 }\n';
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

test('root passes over every rule, a freeze too: said, written down, and put back', (t) => {
  if (!needs(t, 'root', 'rsync')) return;
  const place = syncPlace(t, { config: STRICT });
  place.fill(9);
  assert.equal(place.json().code, 0);
  place.put('foreign', 'x', place.target);
  for (let at = 0; at < 6; at++) fs.rmSync(path.join(place.source, `f${at}`));
  const frozen = place.holdfast(['freeze', '--for', '1h', '--reason', 'storage']);
  assert.equal(frozen.status, 0, frozen.stderr);
  const held = place.run([place.source, place.target, '--yes']);
  assert.equal(held.status, 2, held.stdout + held.stderr);
  assert.equal(fs.readdirSync(place.target).length, 10);
  const before = place.listing();

  const glass = ['--break-glass', 'the mirror burns'];
  const quiet = place.run([place.source, place.target, ...glass]);
  assert.equal(quiet.status, 2, 'what it takes away is still asked for');
  const broken = place.run([place.source, place.target, '--yes', ...glass]);
  assert.equal(broken.status, 0, broken.stdout + broken.stderr);
  assert.match(flat(broken.stdout), /Passed over by .*, break-glass: the mirror burns/);
  place.demandEqual();
  const notes = fs.readdirSync(path.join(place.state, 'guard/broken'));
  assert.equal(notes.length, 1);
  const note = fs.readFileSync(path.join(place.state, 'guard/broken', notes[0] ?? ''), 'utf8');
  assert.match(note, /the mirror burns/);
  assert.match(note, /"exact-plan"/);
  const pipelines = path.join(place.state, 'guard/pipelines');
  const lines = fs
    .readdirSync(pipelines, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('/runs/'))
    .map((name) => fs.readFileSync(path.join(pipelines, name), 'utf8'));
  assert.ok(
    lines.some((line) => /"broken":\{[^}]*the mirror burns/.test(line)),
    'in the history as well',
  );

  place.holdfast(['unfreeze']);
  const [, id = ''] = /holdfast undo (p-[0-9a-f]{8})/.exec(broken.stdout) ?? [];
  const undone = place.holdfast(['undo', id]);
  assert.equal(undone.status, 0, undone.stdout + undone.stderr);
  assert.deepEqual(place.listing(), before);
});

test('only root, and only of this machine: what to type there is said', (t) => {
  const place = syncPlace(t);
  place.fill(1);
  const far = place.run([place.source, 'web1:/srv/www', '--break-glass', 'why']);
  assert.equal(far.status, 64, far.stdout);
  const isRoot = process.getuid?.() === 0;
  const told = isRoot ? /guard run --break-glass .* rsync -a --delete .* \/srv\/www\// : /root/;
  assert.match(flat(far.stderr), told);
  assert.equal(fs.existsSync(path.join(place.state, 'guard')), false, 'nothing was begun');
});

test('an approval that is not enough any more says why', async (t) => {
  if (!needs(t, 'openssh-client', 'bsdutils')) return;
  const people = approving(t);
  const { place } = people;
  place.fill(9);
  assert.equal(place.json().code, 0);
  for (const at of [0, 1]) fs.rmSync(path.join(place.source, `f${at}`));
  const first = place.json();
  assert.equal(first.code, 2, JSON.stringify(first.said.verdict));
  await people.approve(first.said.plan.id);

  fs.rmSync(path.join(place.source, 'f2'));
  const grown = place.run([place.source, place.target, '--yes']);
  assert.equal(grown.status, 2, grown.stdout);
  const why = `An approval of ${first.said.plan.id} does not count: it did not cover to delete f2.`;
  assert.ok(flat(grown.stdout).includes(why), grown.stdout);

  place.put('f2', ' 2\n');
  const passed = place.json();
  assert.equal(passed.code, 0, JSON.stringify(passed.said.verdict));
  for (const at of [3, 4]) fs.rmSync(path.join(place.source, `f${at}`));
  const used = place.run([place.source, place.target, '--yes']);
  assert.equal(used.status, 2, used.stdout);
  assert.match(flat(used.stdout), /does not count: it was used for p-/);
});

function approving(t: TestContext): {
  readonly place: SyncPlace;
  readonly approve: (id: string) => Promise<void>;
} {
  const keys = new Signing();
  t.after(() => keys.end());
  const place = syncPlace(t, { config: STRICT });
  const ann = keys.key('ann');
  fs.writeFileSync(path.join(place.state, 'allowed_signers'), keys.allowed([['ann', ann]]));
  const approve = async (id: string): Promise<void> => {
    const shown = place.holdfast(['plan', id, '--json']);
    const { digest } = JSON.parse(shown.stdout) as { readonly digest: string };
    const env = { HOME: place.dir, LANG: 'C.UTF-8', HOLDFAST_STATE: place.state };
    const command = `${PROGRAM} approve ${id} ${digest.slice(0, 8)} --key ${ann}`;
    const ran = await onTerminal(command, { env, cwd: place.dir });
    assert.equal(ran.status, 0, ran.shown);
  };
  return { place, approve };
}
