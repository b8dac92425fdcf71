// Goal: what happened to Wikimedia on 2 February 2016 cannot happen to who has Holdfast. tin was
// re-imaged and put back as a master before it was provisioned; then root typed the wrapper on the good
// host, and rsync --delete emptied /srv/mediawiki-staging, of which no backup existed. Method: the two
// masters as machines with disk, name, machine id and network of their own, real sshd and rsync; each
// step begins with machines of its own and stands alone. Only names of hosts are those of 2016.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canStartMachines } from '../look/six-machines.ts';
import { needs } from '../run/needs.ts';
import { type Master, startMaster } from './masters.ts';

const STAGING = '/srv/staging';
/** These machines are small; the usual floor is larger than their disks. */
const VAULT = 'export HOLDFAST_VAULT=/var/vault; ';

/** Whether the machines can be started; else says why on `t`. */
function canReplay(t: { skip(message?: string): void }): boolean {
  return canStartMachines(t) && needs(t, 'rsync');
}

async function withMaster(name: string, work: (master: Master) => Promise<void>): Promise<void> {
  const master = await startMaster(name);
  try {
    await work(master);
  } finally {
    await master.stop();
  }
}

test('long before: that only /home is backed up is said', async (t) => {
  if (!canReplay(t)) return;
  await withMaster('mira', async (mira) => {
    mira.must(`mkdir -p /home/jynus && echo notes > /home/jynus/notes`);
    mira.must(`${VAULT} holdfast init && holdfast backup /home --min-free 1MiB`);
    const said = JSON.parse(mira.must(`${VAULT} holdfast coverage --json`)) as Coverage;
    const stateOf = (path: string): string | undefined =>
      said.rows.find((row) => row.path === path)?.state;
    assert.equal(stateOf(STAGING), 'none');
    assert.equal(stateOf('/home/jynus'), 'covered');
    const { stdout } = mira.type(`${VAULT} holdfast coverage`);
    assert.match(stdout, /In no recovery point.*\/srv\/staging/s);
  });
});

interface Coverage {
  readonly rows: readonly { readonly path: string; readonly state: string }[];
}
