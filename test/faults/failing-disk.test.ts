// Goal: on a disk that answers some reads and writes with EIO, whatever is done with a vault says so or
// does all of it; who was told that it is done finds it done; what was acknowledged restores when the
// disk is well again, without anything done by hand. Method: the real program, ext4 and XFS on nbdkit's
// error filter (test/integration/failing-disk.ts). The seed gives the work, not which requests fail.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Seeded } from '../../sim/seeded.ts';
import { simSeeds } from '../../sim/sim-seeds.ts';
import { type Failing, FailingDisk } from '../integration/failing-disk.ts';
import {
  acknowledged,
  errorCode,
  listingOf,
  type Ran,
  RealTree,
  RealVault,
} from '../integration/real-vault.ts';
import { needs } from '../run/needs.ts';

const [SEED = 0] = simSeeds();
/** Of all kinds on each; one takes half a minute and more. */
const ROUNDS = Number(process.env.HOLDFAST_FAILING_DISK_ROUNDS ?? 0);
/** Of what fails nothing is said beforehand; usually it is most commands. */
const HIT_MIN = 2;
/** Longer than the grace of a second that is given. */
const GRACE_MS = 1200;
const RATES = { reads: '8%', writes: '4%' };
const KINDS: readonly (readonly Failing[])[] = [['reads'], ['writes'], ['reads', 'writes']];
const ONCE = { ext4: KINDS.slice(2), xfs: KINDS.slice(0, 2) };

interface Work {
  readonly name: string;
  readonly run: () => Promise<Ran>;
  /** With a disk that is well, where it said that it was done. */
  readonly judge?: (ran: Ran) => Promise<void>;
}

class OnFailingDisk {
  readonly #real: RealVault;
  readonly #disk: FailingDisk;
  readonly #seeded = new Seeded(SEED);
  readonly #tree: RealTree;
  readonly #known = new Map<string, ReadonlyMap<string, string>>();
  readonly #elsewhere: string;
  /** How each ended, and how often. */
  readonly ended = new Map<string, number>();
  readonly failed = { reads: 0, writes: 0 };
  /** Findings of checks. */
  named = 0;
  #names = 0;

  constructor(real: RealVault, disk: FailingDisk) {
    this.#real = real;
    this.#disk = disk;
    this.#tree = new RealTree(real.data, SEED);
    this.#elsewhere = path.join(real.dir, 'elsewhere');
    real.vault = path.join(disk.at, 'vault');
  }

  async begin(): Promise<void> {
    await this.#real.init();
    this.#tree.grow(60, 60_000);
    this.#tree.grow(1, 6_000_000);
    for (const times of [1, 2]) {
      this.#tree.live();
      const listing = listingOf(this.#real.data);
      const snapshot = acknowledged(await this.#real.backup());
      this.#known.set(snapshot ?? assert.fail(`backup ${times}`), listing);
    }
    assert.equal((await this.#copyTo(this.#elsewhere)).code, 0);
  }

  async round(which: readonly Failing[]): Promise<void> {
    const { backup, restore, check, gc } = this;
    const [copyOut, copyIn] = [this.copy(false), this.copy(true)];
    for (const work of [backup(), restore(), check(), copyOut, copyIn, gc()]) {
      await this.#under(which, work);
    }
    await this.#repaired(which);
    await this.#demandSound();
  }

  backup = (): Work => {
    this.#tree.live();
    const listing = listingOf(this.#real.data);
    return {
      name: 'backup',
      run: () => this.#real.backup(),
      judge: async (ran) => {
        this.#known.set(acknowledged(ran) ?? assert.fail(ran.said), listing);
      },
    };
  };

  restore = (): Work => {
    const [newest, listing] = [...this.#known].at(-1) ?? assert.fail('none is known');
    const target = this.#place('restored');
    return {
      name: 'restore',
      run: () => this.#inVault('restore', newest, target),
      judge: async () => assert.deepEqual([...listingOf(target)], [...listing]),
    };
  };

  check = (): Work => ({
    name: 'check',
    run: () => this.#inVault('vault', 'check', '--read-data'),
  });

  gc = (): Work => ({
    name: 'gc',
    run: async () => {
      await sleep(GRACE_MS);
      const keep = ['--keep', 'last=2,min-age=1s', '--grace', '1s'];
      return this.#inVault('vault', 'gc', ...keep, '--yes');
    },
  });

  /** Away from that disk, or to another place on it. */
  copy(isIn: boolean): Work {
    const to = isIn ? path.join(this.#disk.at, 'copy') : this.#elsewhere;
    const from = isIn ? this.#elsewhere : this.#real.vault;
    return {
      name: isIn ? 'copy in' : 'copy out',
      run: () => this.#copyTo(to, from),
      judge: async () => {
        const there = await this.#snapshotsOf(to);
        const missing = (await this.#snapshotsOf(from)).filter((id) => !there.includes(id));
        assert.deepEqual(missing, [], 'it said that all was copied');
        await this.#demandWhole(to);
      },
    };
  }

  /** A pack is lost; the copy has it. */
  async #repaired(which: readonly Failing[]): Promise<void> {
    assert.equal((await this.#copyTo(this.#elsewhere)).code, 0, 'of a disk that is well');
    const packs = path.join(this.#real.vault, 'packs');
    const names = fs.readdirSync(packs);
    const lost = names[this.#seeded.below(names.length)] ?? assert.fail('it has packs');
    fs.unlinkSync(path.join(packs, lost));
    const mend = ['vault', 'repair', this.#real.vault, '--from', this.#elsewhere];
    const run = (): Promise<Ran> => this.#real.run([...mend, '--min-free', '0']);
    const judge = async (): Promise<void> => assert.ok(fs.existsSync(path.join(packs, lost)));
    await this.#under(which, { name: 'repair', run, judge });
    const { code, said } = await run();
    assert.equal(code, 0, said);
    await judge();
  }

  async #under(which: readonly Failing[], { name, run, judge }: Work): Promise<void> {
    this.#disk.fail(...which);
    const ran = await run();
    const failed = this.#disk.mend();
    for (const each of ['reads', 'writes'] as const) this.failed[each] += failed[each];
    // What was not durable is gone with it.
    this.#disk.remount();
    const ended = `${name} ${ran.code ?? 'killed'} ${errorCode(ran) ?? ''}`.trim();
    this.ended.set(ended, (this.ended.get(ended) ?? 0) + 1);
    assert.ok(ran.code !== undefined, 'it ended by itself');
    assert.notEqual(errorCode(ran), 'HF_INTERNAL', ran.said);
    this.#demandNamed(ran);
    if (ran.code === 0) await judge?.(ran);
    else
      assert.ok(failed.reads + failed.writes > 0, `${name}: nothing failed, and yet ${ran.said}`);
  }

  /** What a check finds is an object of the vault, and why is what the kernel said. */
  #demandNamed({ json, said }: Ran): void {
    if (json?.isSound !== false) return;
    const { findings = [] } = json as { findings?: { object: string; why: string }[] };
    assert.ok(findings.length > 0, said);
    for (const { object, why } of findings) {
      if (/EIO/.test(why)) assert.ok(fs.existsSync(path.join(this.#real.vault, object)), said);
    }
    this.named += findings.length;
  }

  async #demandSound(): Promise<void> {
    for (const name of ['backup', 'gc'] as const) {
      const work = this[name]();
      const ran = await work.run();
      assert.equal(ran.code, 0, `${name}: ${ran.said}`);
      await work.judge?.(ran);
    }
    await this.#demandWhole(this.#real.vault);
  }

  /** Every byte, and what was acknowledged so far as it is there. */
  async #demandWhole(vault: string): Promise<void> {
    const there = await this.#snapshotsOf(vault);
    const where = ['--vault', vault, '--key-file', this.#real.key];
    const checked = await this.#real.run(['vault', 'check', '--read-data', ...where]);
    const { findings = [] } = checked.json as { findings?: { object: string }[] };
    // A copy of before knows that this host has written more since.
    const isOld = vault !== this.#real.vault && findings[0]?.object === 'snapshots/';
    const isWell = checked.code === 0 || (isOld && findings.length === 1);
    assert.ok(isWell, `${vault}: ${checked.said}`);
    const known = [...this.#known].filter(([id]) => there.includes(id));
    for (const [id, listing] of known.slice(-1)) {
      const target = this.#place('judged');
      const ran = await this.#real.run(['restore', ...where, id, target]);
      assert.equal(ran.code, 0, ran.said);
      assert.deepEqual([...listingOf(target)], [...listing], `snapshot ${id} of ${vault}`);
      fs.rmSync(target, { recursive: true });
    }
    if (vault !== this.#real.vault) return;
    const newest = [...this.#known.keys()].at(-1) ?? assert.fail('none is known');
    assert.ok(there.includes(newest), 'the newest that was acknowledged is there');
  }

  async #snapshotsOf(vault: string): Promise<string[]> {
    const where = ['--vault', vault, '--key-file', this.#real.key];
    const { code, json, said } = await this.#real.run(['snapshots', ...where]);
    assert.equal(code, 0, said);
    const { snapshots = [] } = json as { snapshots?: { id: string }[] };
    return snapshots.map(({ id }) => id);
  }

  #copyTo(to: string, from = this.#real.vault): Promise<Ran> {
    return this.#real.run(['vault', 'copy', from, to, '--min-free', '0']);
  }

  #inVault(...args: readonly string[]): Promise<Ran> {
    const [command = '', ...rest] = args;
    const where = ['--vault', this.#real.vault, '--key-file', this.#real.key];
    if (command !== 'vault') return this.#real.run([command, ...where, ...rest]);
    return this.#real.run([...args, ...where]);
  }

  #place(name: string): string {
    this.#names += 1;
    return path.join(this.#real.dir, `${name}-${this.#names}`);
  }
}

async function work(t: TestContext, type: 'ext4' | 'xfs'): Promise<void> {
  using real = new RealVault();
  await using disk = await FailingDisk.make(real.dir, type, RATES);
  const all = new OnFailingDisk(real, disk);
  await all.begin();
  const tell = (): void => {
    const ended = [...all.ended].sort().map(([what, times]) => `${what}: ${times}`);
    const { reads, writes } = all.failed;
    const failed = `${reads} reads and ${writes} writes failed, ${all.named} findings`;
    t.diagnostic(`SEED=${SEED}: ${failed}; ${ended.join(', ')}`);
  };
  try {
    for (const which of ROUNDS === 0
      ? ONCE[type]
      : Array.from({ length: ROUNDS }, () => KINDS).flat()) {
      await all.round(which);
    }
  } finally {
    tell();
  }
  assert.ok(all.failed.reads > 0, 'liveness: requests failed');
  const hit = [...all.ended].filter(([what]) => !what.endsWith(' 0'));
  const times = hit.reduce((sum, [, each]) => sum + each, 0);
  assert.ok(times >= HIT_MIN, `liveness: ${times} were hit`);
}

for (const type of ['ext4', 'xfs'] as const) {
  test(`a vault on an ${type} whose disk fails now and then`, async (t) => {
    const tools = type === 'xfs' ? (['xfs', 'xfsprogs'] as const) : [];
    if (!needs(t, 'root', 'mount', 'loop', 'fuse', 'nbdkit', 'libnbd-bin', ...tools)) return;
    await work(t, type);
  });
}
