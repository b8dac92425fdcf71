// Goal: a source on another host is judged over ssh with nothing installed there; with Holdfast
// there, `promote` tells both sides; a re-imaged host is a candidate until it is promoted.
// Method: a real sshd whose sessions have a state of their own, and after the re-image another
// /etc/machine-id and an empty state.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { eligibilityOf, type TreesHere } from '../../src/main/guard/eligibility.ts';
import { Bench } from '../cli/run-cli.ts';
import { canStartSshd, type Sshd, startSshd } from '../ssh/sshd-fixture.ts';

const PROGRAMS = path.join(import.meta.dirname, '../../bin');
let sshd: Sshd | undefined;
const bench = new Bench();

before(async () => {
  const canStart = canStartSshd({ skip: () => undefined });
  if (canStart) sshd = await startSshd();
});
after(async () => {
  await sshd?.stop();
  bench.remove();
});

/** The sessions there have this state, this machine-id, and Holdfast or not. */
function machineThere(
  { authorize }: Sshd,
  of: { readonly state: string; readonly id: string; readonly installed: boolean },
): void {
  const id = bench.write(`id-${of.id}`, `${of.id.repeat(32)}\n`);
  const programs = of.installed ? `${PROGRAMS}:` : '';
  const inside = `mount --bind ${id} /etc/machine-id && HOLDFAST_STATE=${of.state} PATH=${programs}$PATH exec sh -c "$SSH_ORIGINAL_COMMAND"`;
  const file = bench.write('session.sh', inside);
  authorize(`command="unshare --mount sh ${file}"`);
}

function trees({ environment }: Sshd): TreesHere {
  return { state: byteString(bench.state), environment, mayAsk: false };
}

function over({ environment }: Sshd): { env: Record<string, string> } {
  return { env: { HOLDFAST_SSH: environment.HOLDFAST_SSH ?? '', PATH: process.env.PATH ?? '' } };
}

test('a host with nothing installed: unknown, then enrolled from here, then re-imaged', async (t) => {
  if (!canStartSshd(t) || sshd === undefined) return;
  machineThere(sshd, { state: bench.at('none'), id: '1', installed: false });
  bench.write('bare/file');
  const place = sshd.place(bench.at('bare'));
  const named = { at: { host: place.host, port: sshd.port }, path: byteString(bench.at('bare')) };
  const first = await eligibilityOf(trees(sshd), named, { mustExist: ['file', 'more'] });
  assert.equal(first.role, 'unknown');
  assert.deepEqual(first.sentinels, [
    { name: 'file', ok: true },
    { name: 'more', ok: false },
  ]);
  const text = `${place.host}:${sshd.port}:${bench.at('bare')}`;
  const enrolled = bench.json(['promote', text], over(sshd));
  assert.equal(enrolled.status, 0, JSON.stringify(enrolled.said));
  assert.deepEqual(
    (enrolled.said.told as { how: string }[]).map(({ how }) => how),
    ['not-installed'],
  );
  assert.equal((await eligibilityOf(trees(sshd), named)).role, 'source');
  machineThere(sshd, { state: bench.at('none'), id: '2', installed: false });
  const reImaged = await eligibilityOf(trees(sshd), named, { lastSeen: first.sighting });
  assert.equal(reImaged.role, 'candidate');
  assert.equal(reImaged.differs[0]?.what, 'machine');
});

test('two hosts with Holdfast: the re-imaged one is a candidate, restored and promoted a source', async (t) => {
  if (!canStartSshd(t) || sshd === undefined) return;
  const tin = bench.at('tin');
  machineThere(sshd, { state: bench.at('tin-state'), id: '3', installed: true });
  bench.write('tin/wikiversions.php');
  bench.write('here/wikiversions.php');
  const named = { at: { host: sshd.host, port: sshd.port }, path: byteString(tin) };
  const text = `${sshd.host}:${sshd.port}:${tin}`;
  const args = ['promote', text, '--must-exist', 'wikiversions.php'];
  const first = bench.json(args, over(sshd));
  assert.equal(first.status, 0, JSON.stringify(first.said));
  assert.ok(fs.existsSync(path.join(tin, '.holdfast-tree')), 'the marker was written over there');
  assert.ok(fs.existsSync(bench.at('tin-state/guard/install.json')));
  assert.equal((await eligibilityOf(trees(sshd), named)).role, 'source');
  // Re-imaged: another machine, no state, the tree half there.
  machineThere(sshd, { state: bench.at('tin-state-2'), id: '4', installed: true });
  fs.unlinkSync(path.join(tin, 'wikiversions.php'));
  const reImaged = await eligibilityOf(trees(sshd), named);
  assert.equal(reImaged.role, 'candidate');
  assert.deepEqual(
    new Set(reImaged.differs.map(({ what }) => what)),
    new Set(['machine', 'missing']),
  );
  // The other co-master takes over; nothing need be done on the broken one for that.
  const over1 = bench.json(
    ['promote', bench.at('here'), '--instead-of', text, '--reason', 'tin was re-imaged', '--yes'],
    over(sshd),
  );
  assert.equal(over1.status, 0, JSON.stringify(over1.said));
  assert.equal(over1.said.generation, 2);
  // Restored and verified there, it takes the role back.
  const early = bench.json(['promote', text, '--reason', 'restored', '--yes'], over(sshd));
  assert.equal(early.said.error?.code, 'HF_TREE_NOT_PROMOTED', 'what must exist is missing still');
  fs.copyFileSync(bench.at('here/wikiversions.php'), path.join(tin, 'wikiversions.php'));
  const back = bench.json(['promote', text, '--reason', 'restored, verified', '--yes'], over(sshd));
  assert.equal(back.status, 0, JSON.stringify(back.said));
  assert.equal(back.said.generation, 3);
  const now = await eligibilityOf(trees(sshd), named);
  assert.deepEqual([now.role, now.generation, now.differs], ['source', 3, []]);
  const here = { at: undefined, path: byteString(bench.at('here')) };
  assert.equal((await eligibilityOf(trees(sshd), here)).role, 'candidate');
});

test('a host that does not answer is an error with a remedy, and no verdict', async (t) => {
  if (!canStartSshd(t) || sshd === undefined) return;
  sshd.authorize('command="exit 3"');
  const named = { at: { host: sshd.host, port: sshd.port }, path: byteString('/srv') };
  await assert.rejects(eligibilityOf(trees(sshd), named), { code: /^HF_(?:SSH|TREE|STORE)_/ });
});
