// Goal: what happened to Wikimedia on 2 February 2016 cannot happen to who has Holdfast. tin was
// re-imaged and put back as a master before it was provisioned; then root typed the wrapper on the good
// host, and rsync --delete emptied /srv/mediawiki-staging, of which no backup existed. Method: the two
// masters as machines with disk, name, machine id and network of their own, real sshd and rsync; each
// step begins with machines of its own and stands alone. Only names of hosts are those of 2016.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canStartMachines } from '../look/six-machines.ts';
import { needs } from '../run/needs.ts';
import type { Ran } from '../cli/run-cli.ts';
import { type Master, startMaster, startReimaged, startTargets } from './masters.ts';

const STAGING = '/srv/staging';
/** These machines are small; the usual floor is larger than their disks. */
const VAULT = 'export HOLDFAST_VAULT=/var/vault; ';

/** Whether the machines can be started; else says why on `t`. */
function canReplay(t: { skip(message?: string): void }): boolean {
  return canStartMachines(t) && needs(t, 'rsync');
}

/** As scap had it: it takes any name, and asks nothing. */
const WRAPPER = '/usr/local/bin/scap-master-sync';
const WRAPPER_OF_2016 = `#!/bin/sh
# Brings the staging area of another master here.
set -e
exec rsync --archive --delete-delay --delete --compress "$1":${STAGING}/ ${STAGING}/
`;

async function withMaster(name: string, work: (master: Master) => Promise<void>): Promise<void> {
  const master = await startMaster(name);
  try {
    await work(master);
  } finally {
    await master.stop();
  }
}

interface Masters {
  readonly mira: Master;
  /** As it is at the time: a re-image is another machine under the same name. */
  readonly tin: () => Master;
  readonly reimageTin: () => Promise<void>;
}

/** Both whole, mira behind the kit, and synced from tin as on any day. */
async function withMasters(work: (masters: Masters) => Promise<void>): Promise<void> {
  await withMaster('mira', async (mira) => {
    let tin = await startMaster('tin', { behind: mira });
    try {
      mira.knows('tin', tin.machine);
      closeWayAround(mira);
      mira.must('scap-master-sync tin');
      tin.must(`rm ${STAGING}/wmf-config/db-3.php && touch ${STAGING}/wmf-config/db-new.php`);
      mira.must('scap-master-sync tin');
      const reimageTin = async (): Promise<void> => {
        await tin.stop();
        tin = await startReimaged('tin', mira);
        mira.knows('tin', tin.machine);
      };
      await work({ mira, tin: () => tin, reimageTin });
    } finally {
      await tin.stop();
    }
  });
}

/** What the kit prints, put in place by somebody who has read it. */
function closeWayAround(mira: Master): void {
  mira.write(WRAPPER, WRAPPER_OF_2016);
  mira.must(`chmod 755 ${WRAPPER}`);
  assert.deepEqual(waysOf(mira), [{ where: WRAPPER, state: 'open' }]);
  const { pieces } = JSON.parse(mira.must('holdfast guard kit --json')) as Kit;
  const piece = pieces.find(({ file }) => file === WRAPPER);
  assert.ok(piece, 'the kit has nothing for the wrapper');
  mira.must('sh -s', piece.text);
  assert.deepEqual(waysOf(mira), [{ where: WRAPPER, state: 'closed' }]);
}

function waysOf(mira: Master): readonly object[] {
  const { ways } = JSON.parse(mira.must('holdfast guard coverage --json')) as Ways;
  return ways.map(({ where, state }) => ({ where, state }));
}

/** Exactly what was typed at 09:37. */
const TYPED = `cd ${STAGING} && scap-master-sync tin`;
const [HELD, DENIED] = [120, 121];

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

test('the wrapper, typed by hand as root on the good host: refused, in one sentence', async (t) => {
  if (!canReplay(t)) return;
  await withMasters(async ({ mira, reimageTin }) => {
    await reimageTin();
    const before = mira.manifest(STAGING);
    const { status, stdout, stderr } = mira.type(TYPED);
    assert.equal(status, DENIED, stderr);
    const said = `${stdout}${stderr}`;
    assert.match(said, /Nothing was or will be deleted/);
    assert.match(
      said.replace(/\s+/g, ' '),
      /the source is not on the machine [^.]*, now it is machine/,
    );
    assert.match(said, /No approval can release this/);
    assert.match(said, /delete 77\d of 7\d\d entries/);
    assert.deepEqual(mira.manifest(STAGING), before);
  });
});

test('forced through: recorded, and all of it is put back', async (t) => {
  if (!canReplay(t)) return;
  await withMasters(async ({ mira, reimageTin }) => {
    await reimageTin();
    const before = mira.manifest(STAGING);
    const rsync = `rsync --archive --delete-delay --delete tin:${STAGING}/ ${STAGING}/`;
    const forced = mira.type(`holdfast guard run --break-glass "tin is right" -- ${rsync}`);
    assert.equal(forced.status, 0, forced.stderr);
    const said = `${forced.stdout}${forced.stderr}`;
    assert.match(said, /eligible-source/);
    const [, plan = ''] = /holdfast undo (p-[0-9a-f]{8})/.exec(said) ?? [];
    assert.notEqual(plan, '', said);
    assert.ok(mira.manifest(STAGING).length < 20, 'it was carried out');

    const records = mira.must('cat /var/lib/holdfast/guard/broken/*.json');
    assert.match(records, new RegExp(`"plan":"${plan}"`));
    assert.match(records, /"reason":"tin is right"/);

    const undone = mira.type(`holdfast undo ${plan}`);
    assert.equal(undone.status, 0, `${undone.stdout}${undone.stderr}`);
    assert.deepEqual(mira.manifest(STAGING), before);
  });
});

test('a claim alone would have held it, and who logs in is told', async (t) => {
  if (!canReplay(t)) return;
  await withMasters(async ({ mira, tin }) => {
    mira.must('holdfast claim tin --reason "re-imaging tin" --for 3h');
    assert.match(mira.must('holdfast claim --motd'), /claimed tin until .*: re-imaging tin/);
    // Nothing else is wrong with it yet: the same machine, whole but for one file.
    tin().must(`rm ${STAGING}/wmf-config/db-4.php`);
    const before = mira.manifest(STAGING);
    const { status, stdout, stderr } = mira.type(TYPED);
    assert.equal(status, HELD, stderr);
    assert.match(`${stdout}${stderr}`.replace(/\s+/g, ' '), /claimed tin until .*re-imaging tin/);
    assert.deepEqual(mira.manifest(STAGING), before);
    mira.must('holdfast claim --end tin');
    mira.must(TYPED);
    assert.notDeepEqual(mira.manifest(STAGING), before);
  });
});

test('enrolled: synced to and not from, until a person has promoted it after a compare', async (t) => {
  if (!canReplay(t)) return;
  await withMaster('mira', async (mira) => {
    const tin = await startReimaged('tin', mira);
    try {
      mira.knows('tin', tin.machine);
      for (const [master, vault] of [
        [mira, 'vault: /var/vault\n'],
        [tin, ''],
      ] as const) {
        master.must('mkdir -p /etc/holdfast');
        master.write('/etc/holdfast/holdfast.yaml', `${vault}min-free: 1MiB\n`);
      }
      mira.must('holdfast init');
      mira.must(`holdfast promote ${STAGING} --must-exist wikiversions.php`);
      const good = mira.manifest(STAGING);
      const rsync = `rsync -a --delete tin:${STAGING}/ ${STAGING}/`;
      const pull = (): Ran => mira.type(`holdfast guard run -- ${rsync}`);

      const empty = pull();
      assert.equal(empty.status, DENIED, empty.stderr);
      assert.match(`${empty.stdout}${empty.stderr}`.replace(/\s+/g, ' '), /is no source for it/);
      assert.deepEqual(mira.manifest(STAGING), good);

      // The restore: the good host fills it. The first time only adopts, the second makes it equal.
      const fill = `holdfast sync ${STAGING} tin:${STAGING} --yes`;
      assert.equal(mira.type(fill).status, 2);
      mira.must(fill);
      assert.deepEqual(contentOf(tin), contentOf(mira));

      // Whole, but a replica: a change made there does not come back.
      tin.must(`rm ${STAGING}/wmf-config/db-9.php`);
      const replica = pull();
      assert.equal(replica.status, DENIED, replica.stderr);
      assert.match(`${replica.stdout}${replica.stderr}`, /is a replica: it may be synced to/);
      assert.deepEqual(mira.manifest(STAGING), good);

      const promote = `holdfast promote tin:${STAGING} --reason "re-imaged, restored, verified"`;
      const asked = mira.type(promote);
      assert.equal(asked.status, 2, asked.stderr);
      assert.match(`${asked.stdout}${asked.stderr}`, /wmf-config\/db-9\.php/);
      mira.must(`${promote} --yes`);
      const first = pull();
      assert.equal(first.status, HELD, 'its first run adopts');
      mira.must(`holdfast guard run -- ${rsync}`);
      assert.deepEqual(contentOf(mira), contentOf(tin));
    } finally {
      await tin.stop();
    }
  });
});

const TARGETS = 20;
const HOOK = (said: string): string => `#!/bin/sh\necho "${said}" >> /tmp/pool\n`;

test('twenty targets in batches, each out of the pool meanwhile; one fails, and stays out', async (t) => {
  if (!canReplay(t)) return;
  await withMaster('mira', async (mira) => {
    const targets = await startTargets(TARGETS, mira);
    try {
      prepareRollout(mira);
      const names = targets.map(({ machine }) => machine.name);
      const [failing = ''] = names.slice(6);
      // Room for its plan, and not for what is put there.
      targets[6]?.must(
        'room=$(df --output=avail -k /srv | tail -1); head -c $(( (room - 1500) * 1024 )) /dev/zero > /filler',
      );
      const places = names.map((name) => `${name}:${STAGING}`).join(' ');
      const { status, stdout, stderr } = mira.type(
        `holdfast sync ${STAGING} ${places} --yes --canary 1 --batch 5 --max-failures 1`,
      );
      assert.equal(status, 1, `${stdout}${stderr}`);
      assert.match(stdout, /19 of 20 targets done/);
      const good = contentOf(mira);
      for (const target of targets) {
        const { name } = target.machine;
        if (name === failing) assert.notDeepEqual(contentOf(target), good);
        else assert.deepEqual(contentOf(target), good, name);
      }
      assertPool(mira.must('cat /tmp/pool').trim().split('\n'), failing);
    } finally {
      for (const target of targets) await target.stop();
    }
  });
});

/** What scap did by hand that day: each host is taken out of the pool, and put back when it is done. */
function prepareRollout(mira: Master): void {
  const hooks = { depool: 'out $HOLDFAST_HOST', repool: 'in $HOLDFAST_HOST $HOLDFAST_OUTCOME' };
  for (const [name, said] of Object.entries(hooks)) {
    mira.write(`/usr/local/bin/${name}`, HOOK(said));
    mira.must(`chmod 755 /usr/local/bin/${name}`);
  }
  const rollout =
    '{before: [/usr/local/bin/depool], after: [/usr/local/bin/repool], after-failure: keep-out}';
  mira.must('mkdir -p /etc/holdfast');
  mira.write(
    '/etc/holdfast/holdfast.yaml',
    `vault: /var/vault\nmin-free: 1MiB\nguard:\n  rollout: ${rollout}\n`,
  );
  mira.must('holdfast init');
}

/** The canary alone, then never more than five out of the pool; the one that failed stays out. */
function assertPool(lines: readonly string[], failing: string): void {
  const out = new Set<string>();
  let most = 0;
  for (const [at, line] of lines.entries()) {
    const [what, host = ''] = line.split(' ');
    if (what === 'out') out.add(host);
    else out.delete(host);
    most = Math.max(most, out.size - (out.has(failing) && out.size > 1 ? 1 : 0));
    if (at === 1) assert.equal(line, 'in mw01 done', 'the canary is done before others begin');
  }
  assert.deepEqual([...out], [failing]);
  assert.ok(most > 1 && most <= 5, `${most} were out at once`);
}

/** Paths and bytes; the marker belongs to the place. */
function contentOf(master: Master): readonly string[] {
  const list = `find . -type f ! -name .holdfast-tree -print0 | LC_ALL=C sort -z`;
  return master.must(`cd ${STAGING} && ${list} | xargs -0 sha256sum`).split('\n');
}

interface Kit {
  readonly pieces: readonly { readonly file: string; readonly text: string }[];
}

interface Ways {
  readonly ways: readonly { readonly where: string; readonly state: string }[];
}

interface Coverage {
  readonly rows: readonly { readonly path: string; readonly state: string }[];
}
