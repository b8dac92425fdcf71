// Goal: machines that were cloned or set back, and vaults that lost something or were set back, are
// findings and never errors: what to do is said by `snapshots`, `vault check`, `exposure` and `vault
// copy`, and every branch restores. A vault that was set back is noticed where a witness is left: the
// state of the host that wrote it, what that knows of its copies, and the copy itself.
// Method: the real program; machines are state directories, and names of hosts in namespaces of their own.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { needs } from '../run/needs.ts';
import { Bench, PROGRAM, type RunOptions } from './run-cli.ts';

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** A machine: its state, and the vault that it writes to. */
interface Machine {
  readonly name: string;
  readonly state: string;
  readonly vault: string;
  /** Its own name for itself; that of this machine where it has none. */
  readonly host?: string;
}

interface Finding {
  readonly kind: string;
  readonly seq?: number;
  readonly hosts?: readonly string[];
}

class Estate {
  readonly bench = new Bench();
  /** Content of the data by id of the snapshot. */
  readonly held = new Map<string, string>();
  #restores = 0;

  constructor(t: TestContext) {
    t.after(() => this.bench.remove());
    assert.equal(this.bench.run(['init']).status, 0);
  }

  get first(): Machine {
    return { name: 'first', state: this.bench.state, vault: this.bench.vault };
  }

  options({ state, vault, host }: Machine): RunOptions {
    const env = { HOLDFAST_STATE: state, HOLDFAST_VAULT: vault };
    return host === undefined ? { env } : { env, program: 'unshare' };
  }

  run(machine: Machine, ...args: readonly string[]) {
    const { host } = machine;
    const named = ['--uts', 'sh', '-c', `hostname ${host} && exec "$0" "$@"`, PROGRAM];
    const all = host === undefined ? args : [...named, ...args];
    return this.bench.run(all, this.options(machine));
  }

  json(machine: Machine, ...args: readonly string[]): { status: number | null; said: unknown } {
    const { status, stdout, stderr } = this.run(machine, ...args, '--json');
    assert.notEqual(stdout, '', stderr);
    return { status, said: JSON.parse(stdout) };
  }

  backup(machine: Machine, content: string): { id: string; seq: number } {
    this.bench.write('data/file', content);
    const { status, said } = this.json(machine, 'backup', '--name', 'data', this.bench.at('data'));
    assert.equal(status, 0, JSON.stringify(said));
    const [backup] = (said as { backups: [{ snapshot: string; seq: number }] }).backups;
    this.held.set(backup.snapshot, content);
    return { id: backup.snapshot, seq: backup.seq };
  }

  copied(machine: Machine, name: string): Machine {
    const of = (what: string) => this.bench.at(name, what);
    fs.mkdirSync(this.bench.at(name), { recursive: true });
    fs.cpSync(machine.state, of('state'), { recursive: true, preserveTimestamps: true });
    fs.cpSync(machine.vault, of('vault'), { recursive: true, preserveTimestamps: true });
    return { name, state: of('state'), vault: of('vault') };
  }

  /** As a snapshot of a virtual machine is: all of it as it was. */
  setBack(machine: Machine, to: Machine, what: readonly ('state' | 'vault')[]): void {
    for (const each of what) {
      fs.rmSync(machine[each], { recursive: true });
      fs.cpSync(to[each], machine[each], { recursive: true, preserveTimestamps: true });
    }
  }

  findings(machine: Machine): readonly Finding[] {
    const { status, said } = this.json(machine, 'snapshots');
    assert.equal(status, 0, 'a finding is no error');
    return (said as { findings: readonly Finding[] }).findings;
  }

  /** Every snapshot that the vault lists holds what its machine had. */
  restoresAll(machine: Machine, count: number): void {
    const { said } = this.json(machine, 'snapshots');
    const ids = (said as { snapshots: readonly { id: string }[] }).snapshots.map(({ id }) => id);
    assert.equal(ids.length, count);
    for (const id of ids) {
      this.#restores += 1;
      const to = this.bench.at(`back-${this.#restores}`);
      const ran = this.run(machine, 'restore', id, to);
      assert.equal(ran.status, 0, ran.stderr);
      assert.equal(fs.readFileSync(path.join(to, 'file'), 'utf8'), this.held.get(id));
    }
  }
}

test('a clone in one vault goes on with the numbers of the other; that two write as one is said', (t) => {
  if (!needs(t, 'root')) return;
  const estate = new Estate(t);
  const one = { ...estate.first, host: 'one' };
  estate.backup(one, 'before it was cloned');
  const clone = { ...estate.copied(one, 'clone'), vault: one.vault, host: 'two' };
  const seqs = [
    estate.backup(one, 'of one').seq,
    estate.backup(clone, 'of the clone').seq,
    estate.backup(one, 'of one again').seq,
  ];
  assert.deepEqual(seqs, [2, 3, 4], 'no number is used twice');
  const check = estate.run(one, 'vault', 'check', '--read-data');
  assert.equal(check.status, 0, 'nothing is lost');
  assert.match(flat(check.stdout), /one and two take turns as one writer/);
  const exposure = estate.run(one, 'exposure');
  assert.match(flat(exposure.stdout), /take turns as one writer.* a key of its own/);
  estate.restoresAll(one, 4);
  // As it is said: then it is another writer, and its turns are its own.
  const [vault = ''] = fs.readdirSync(path.join(clone.state, 'vaults'));
  fs.rmSync(path.join(clone.state, 'vaults', vault, 'writer'));
  assert.equal(estate.backup(clone, 'with a key of its own').seq, 1);
  estate.restoresAll(one, 5);
});

test('a clone with its vault: where both come together a number is there twice, and all restore', (t) => {
  const estate = new Estate(t);
  const one = estate.first;
  estate.backup(one, 'before it was cloned');
  const clone = estate.copied(one, 'clone');
  assert.equal(estate.backup(one, 'of one').seq, 2);
  assert.equal(estate.backup(clone, 'of the clone').seq, 2);
  assert.deepEqual(estate.findings(one), []);
  const copy = estate.run(one, 'vault', 'copy', clone.vault, one.vault);
  assert.equal(copy.status, 6, copy.stdout);
  const [fork, ...others] = estate.findings(one);
  assert.deepEqual([fork?.kind, fork?.seq, others.length], ['fork', 2, 0]);
  const shown = flat(estate.run(one, 'snapshots').stdout);
  assert.match(shown, /fork writer [0-9a-f]{16}: number 2 exists 2 times/);
  assert.match(shown, /do all of them restore; on each machine but one move/);
  const check = estate.run(one, 'vault', 'check', '--read-data');
  assert.equal(check.status, 0, 'a fork loses nothing');
  assert.match(flat(check.stdout), /number 2 exists 2 times/);
  assert.match(flat(estate.run(one, 'exposure').stdout), /number 2 exists 2 times/);
  assert.equal(estate.backup(one, 'goes on').seq, 3);
  estate.restoresAll(one, 4);
});

test('a machine that was set back with its vault: its copy is the witness, and gives back what was lost', (t) => {
  const estate = new Estate(t);
  const one = estate.first;
  const copy = { ...one, vault: estate.bench.at('copy') };
  estate.backup(one, 'first');
  const before = estate.copied(one, 'before');
  estate.backup(one, 'second');
  assert.equal(estate.run(one, 'vault', 'copy', one.vault, copy.vault).status, 0);
  estate.setBack(one, before, ['state', 'vault']);
  assert.equal(estate.run(one, 'vault', 'check').status, 0, 'here nothing knows of it');
  assert.equal(estate.backup(one, 'second, after it was set back').seq, 2);
  const again = estate.run(one, 'vault', 'copy', one.vault, copy.vault);
  assert.equal(again.status, 6, again.stdout);
  assert.match(flat(again.stdout), /in the copy and not in the vault.*or the vault was set back/);
  assert.equal(estate.findings(copy)[0]?.kind, 'fork');
  estate.restoresAll(copy, 3);
  const repair = estate.run(one, 'vault', 'repair', one.vault, '--from', copy.vault);
  assert.equal(repair.status, 0, repair.stdout);
  estate.restoresAll(one, 3);
  assert.equal(estate.run(one, 'vault', 'copy', one.vault, copy.vault).status, 0);
});

test('a state that was set back alone goes on where the vault is: no number twice, no finding', (t) => {
  const estate = new Estate(t);
  const one = estate.first;
  estate.backup(one, 'first');
  const before = estate.copied(one, 'before');
  estate.backup(one, 'second');
  estate.setBack(one, before, ['state']);
  assert.equal(estate.backup(one, 'third').seq, 3);
  assert.deepEqual(estate.findings(one), []);
  assert.equal(estate.run(one, 'vault', 'check').status, 0);
  estate.restoresAll(one, 3);
});

test('a vault that was set back alone: its host knows; without that, what the host knows of its copies', (t) => {
  const estate = new Estate(t);
  const one = estate.first;
  estate.backup(one, 'first');
  const before = estate.copied(one, 'before');
  estate.backup(one, 'second');
  const copy = estate.bench.at('copy');
  assert.equal(estate.run(one, 'vault', 'copy', one.vault, copy).status, 0);
  estate.setBack(one, before, ['vault']);
  const known = estate.run(one, 'vault', 'check');
  assert.equal(known.status, 1, known.stdout);
  assert.match(flat(known.stdout), /this host wrote [0-9a-f]{8}, its number 2, and it is not here/);
  const [vault = ''] = fs.readdirSync(path.join(one.state, 'vaults'));
  fs.rmSync(path.join(one.state, 'vaults', vault, 'writer'));
  const copied = estate.run(one, 'vault', 'check');
  assert.equal(copied.status, 1, copied.stdout);
  assert.match(flat(copied.stdout), /the copy in \S+copy held a snapshot, and it is not here/);
  const other = { ...estate.copied(one, 'elsewhere'), state: before.state };
  assert.equal(estate.run(other, 'vault', 'check').status, 0, 'nobody else can know');
});

test('a snapshot that somebody deleted is a gap, and a copy gives it back', (t) => {
  const estate = new Estate(t);
  const one = estate.first;
  const ids = ['first', 'second', 'third'].map((text) => estate.backup(one, text).id);
  const copy = estate.bench.at('copy');
  assert.equal(estate.run(one, 'vault', 'copy', one.vault, copy).status, 0);
  const folder = path.join(one.vault, 'snapshots');
  const gone = fs.readdirSync(folder).find((name) => name.endsWith(ids[1]?.slice(0, 32) ?? ''));
  fs.rmSync(path.join(folder, gone ?? ''));
  const [gap] = estate.findings(one);
  assert.deepEqual(gap, { ...gap, kind: 'gap', from: 2, to: 2 });
  const shown = flat(estate.run(one, 'snapshots').stdout);
  assert.match(shown, /gap writer .*: number 2 is missing: lost, or removed by somebody/);
  assert.match(shown, /holdfast vault repair VAULT --from COPY/);
  assert.match(flat(estate.run(one, 'exposure').stdout), /number 2 is missing/);
  assert.equal(estate.run(one, 'vault', 'check').status, 1);
  estate.restoresAll(one, 2);
  assert.equal(estate.run(one, 'vault', 'repair', one.vault, '--from', copy).status, 0);
  assert.deepEqual(estate.findings(one), []);
  estate.restoresAll(one, 3);
});
