/**
 * Two hosts with data sets of their own, one vault and a copy of it: backups, restores, collections,
 * copies, checks and new keys by the real program, several at once, killed with SIGKILL at any moment.
 * docs/design/053-faults.md
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Seeded } from '../../sim/seeded.ts';
import {
  acknowledged,
  listingOf,
  outcomeOf,
  type Ran,
  RealTree,
} from '../integration/real-vault.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');
const HOSTS = ['alpha', 'beta'] as const;
type Host = (typeof HOSTS)[number];
/** Of each data set so many snapshots stay; the rest goes within seconds. */
const KEPT = 4;
const KEEP = `last=${KEPT},min-age=1s`;
const ROUNDS_PER_JUDGEMENT = 6;
const AT_ONCE_MAX = 3;
const KILLED_SHARE = 0.5;
/** Of a command that is killed, before anybody has measured it. */
const TYPICAL_MS = 1500;

interface Acknowledged {
  readonly host: Host;
  readonly listing: ReadonlyMap<string, string>;
}

export interface SoakReport {
  readonly rounds: number;
  readonly killed: number;
  /** How often each command ended by itself, with its outcome. */
  readonly ended: ReadonlyMap<string, number>;
  readonly acknowledged: number;
  readonly judged: number;
  readonly freedBytes: number;
}

interface Action {
  readonly name: string;
  readonly run: (killAfterMs: number | undefined) => Promise<void>;
}

export class Soak implements Disposable {
  readonly #dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-soak-'));
  readonly #seeded: Seeded;
  readonly #trees: Readonly<Record<Host, RealTree>>;
  readonly #known = new Map<string, Acknowledged>();
  readonly #typicalMs = new Map<string, number>();
  readonly #ended = new Map<string, number>();
  #killed = 0;
  #judged = 0;
  #rounds = 0;
  #freedBytes = 0;
  #keys = 0;

  constructor(seed: number) {
    this.#seeded = new Seeded(seed);
    const treeOf = (host: Host, nth: number): RealTree => {
      fs.mkdirSync(this.#at(host));
      const tree = new RealTree(this.#at(host), seed + nth);
      tree.grow(60, 60_000);
      tree.grow(1, 3_000_000);
      return tree;
    };
    this.#trees = { alpha: treeOf('alpha', 1), beta: treeOf('beta', 2) };
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.#dir, { recursive: true, force: true });
  }

  /** @param until when to begin no other round, in ms of `performance.now()` */
  async run(until: number): Promise<SoakReport> {
    const made = await this.#holdfast('alpha', ['init', '--new-key-file', this.#at('key')]);
    assert.equal(made.code, 0, made.said);
    for (const host of HOSTS) await this.#backup(host).run(undefined);
    while (this.#rounds === 0 || performance.now() < until) {
      this.#rounds += 1;
      await Promise.all(this.#chosen().map((action) => action.run(this.#killAfter(action.name))));
      if (this.#rounds % ROUNDS_PER_JUDGEMENT === 0) await this.#judge();
    }
    // Whoever comes next begins with what the killed have left, and nobody helps.
    for (const host of HOSTS) await this.#backup(host).run(undefined);
    for (const action of [this.#gc(), this.#copy(), this.#check(), this.#gc()]) {
      await action.run(undefined);
    }
    await this.#judge();
    await this.#demandSound(this.#at('vault'));
    await this.#demandSound(this.#at('copy'));
    return {
      ...{ rounds: this.#rounds, killed: this.#killed, ended: this.#ended },
      ...{ acknowledged: this.#known.size, judged: this.#judged, freedBytes: this.#freedBytes },
    };
  }

  #at(name: string): string {
    return path.join(this.#dir, name);
  }

  /** Some at once, none twice: two backups of one data set are no two hosts. */
  #chosen(): readonly Action[] {
    const all = [
      ...HOSTS.map((host) => this.#backup(host)),
      ...[this.#gc(), this.#copy(), this.#check(), this.#restore(), this.#addKey()],
    ];
    const count = 1 + this.#seeded.below(AT_ONCE_MAX);
    return Array.from({ length: count }, () =>
      all.splice(this.#seeded.below(all.length), 1),
    ).flat();
  }

  #killAfter(name: string): number | undefined {
    if (!this.#seeded.isTrue(KILLED_SHARE)) return undefined;
    return (this.#typicalMs.get(name) ?? TYPICAL_MS) * this.#seeded.next() * 1.2;
  }

  #backup(host: Host): Action {
    return this.#action('backup', async (killAfterMs) => {
      this.#trees[host].live();
      const listing = listingOf(this.#at(host));
      const args = ['backup', '--min-free', '0', '--full-speed', this.#at(host)];
      const ran = await this.#inVault(host, args, killAfterMs);
      const snapshot = acknowledged(ran);
      if (snapshot !== undefined) this.#known.set(snapshot, { host, listing });
      else if (ran.code !== undefined) assert.fail(`backup: ${ran.said}`);
      return ran;
    });
  }

  #gc(): Action {
    return this.#action('gc', async (killAfterMs) => {
      const args = ['vault', 'gc', '--keep', KEEP, '--grace', '1s', '--yes'];
      const ran = await this.#inVault('alpha', args, killAfterMs);
      this.#demandDone('vault gc', ran);
      this.#freedBytes += Number(ran.json?.freedBytes ?? 0);
      return ran;
    });
  }

  #copy(): Action {
    return this.#action('copy', async (killAfterMs) => {
      const args = ['vault', 'copy', '--min-free', '0', this.#at('vault'), this.#at('copy')];
      const ran = await this.#holdfast('alpha', args, killAfterMs);
      this.#demandDone('vault copy', ran);
      return ran;
    });
  }

  #check(): Action {
    return this.#action('check', async (killAfterMs) => {
      const ran = await this.#inVault('beta', ['vault', 'check', '--read-data'], killAfterMs);
      this.#demandDone('vault check', ran);
      return ran;
    });
  }

  #restore(): Action {
    return this.#action('restore', async (killAfterMs) => {
      const newest = this.#newestOf(this.#seeded.isTrue(0.5) ? 'alpha' : 'beta');
      return this.#restored(this.#at('vault'), newest, killAfterMs);
    });
  }

  #addKey(): Action {
    return this.#action('key add', async (killAfterMs) => {
      this.#keys += 1;
      const args = ['key', 'add', '--new-key-file', this.#at(`key-${this.#keys}`)];
      const ran = await this.#inVault('alpha', args, killAfterMs);
      this.#demandDone('key add', ran);
      return ran;
    });
  }

  #action(name: string, act: (killAfterMs: number | undefined) => Promise<Ran>): Action {
    return {
      name,
      run: async (killAfterMs) => {
        const ran = await act(killAfterMs);
        if (ran.code === undefined) this.#killed += 1;
        else {
          this.#typicalMs.set(name, ran.durationMs);
          const ended = `${name} ${ran.code}`;
          this.#ended.set(ended, (this.#ended.get(ended) ?? 0) + 1);
        }
      },
    };
  }

  /** Killed, or done: nothing here is a reason to say anything else. */
  #demandDone(what: string, { code, said }: Ran): void {
    if (code !== undefined) assert.equal(code, 0, `${what}: ${said}`);
  }

  #newestOf(host: Host): string {
    const own = [...this.#known].filter(([, each]) => each.host === host).map(([id]) => id);
    return own.at(-1) ?? assert.fail('each host was backed up first');
  }

  /** Opens, restores the newest of each host and one of the others, and misses none that had to stay. */
  async #judge(): Promise<void> {
    this.#judged += 1;
    const ran = await this.#inVault('beta', ['snapshots']);
    this.#demandDone('snapshots', ran);
    const { snapshots = [] } = ran.json as { snapshots?: { id: string; dataSet: string }[] };
    // Newest first, as it lists them.
    for (const [id, { host }] of this.#known) {
      const own = snapshots.filter(({ dataSet }) => dataSet.includes(this.#at(host)));
      const isThere = own.some((each) => each.id === id);
      const later = [...this.#known].filter(([, each]) => each.host === host).map(([each]) => each);
      const newer = later.slice(later.indexOf(id) + 1).length;
      assert.ok(isThere || own.length >= KEPT, `${id} of ${host} is gone, of ${own.length}`);
      assert.ok(isThere || newer > 0, `${id} of ${host} was the newest, and is gone`);
    }
    const there = snapshots.map(({ id }) => id).filter((id) => this.#known.has(id));
    const any = there[this.#seeded.below(there.length)];
    for (const id of new Set([...HOSTS.map((host) => this.#newestOf(host)), any])) {
      if (id !== undefined) await this.#restored(this.#at('vault'), id);
    }
  }

  async #demandSound(vault: string): Promise<void> {
    const ran = await this.#holdfast('beta', [
      ...['vault', 'check', '--read-data', '--vault', vault, '--key-file', this.#at('key')],
    ]);
    this.#demandDone(`vault check of ${vault}`, ran);
    for (const host of HOSTS) await this.#restored(vault, this.#newestOf(host));
  }

  async #restored(vault: string, id: string, killAfterMs?: number): Promise<Ran> {
    const target = this.#at(`restored-${this.#seeded.below(2 ** 31)}`);
    const args = ['restore', '--vault', vault, '--key-file', this.#at('key'), id, target];
    const ran = await this.#holdfast('beta', args, killAfterMs);
    this.#demandDone('restore', ran);
    if (ran.code !== undefined) {
      const expected = this.#known.get(id)?.listing ?? assert.fail('it was acknowledged');
      assert.deepEqual([...listingOf(target)], [...expected], `snapshot ${id}`);
    }
    fs.rmSync(target, { recursive: true, force: true });
    return ran;
  }

  #inVault(host: Host, args: readonly string[], killAfterMs?: number): Promise<Ran> {
    const where = ['--vault', this.#at('vault'), '--key-file', this.#at('key')];
    const [last, ...before] = args.toReversed();
    // What a backup takes stands at the end.
    const isPath = args[0] === 'backup';
    const given = isPath ? [...before.reverse(), ...where, last ?? ''] : [...args, ...where];
    return this.#holdfast(host, given, killAfterMs);
  }

  #holdfast(host: Host, args: readonly string[], killAfterMs?: number): Promise<Ran> {
    const env = {
      ...process.env,
      HOLDFAST_STATE: this.#at(`state-${host}`),
      ...(args[0] === 'init' ? { HOLDFAST_VAULT: this.#at('vault') } : {}),
    };
    const child = spawn(process.execPath, [MAIN, ...args, '--json'], { env, cwd: this.#dir });
    return outcomeOf(child, killAfterMs);
  }
}
