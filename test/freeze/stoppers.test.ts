// Goal: real puppet, cron and rsyncd are stopped by `holdfast freeze`, and started again by `holdfast unfreeze`
// where they ran before and nowhere else; killed at every step of it, the next unfreeze knows. Method: the real
// programs in a PID and mount namespace of their own; commands of an owner that kill their caller.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { Bench, type Ran } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { SmallHost } from './small-host.ts';
import { freePort } from '../run/free-port.ts';

async function smallHost(t: TestContext): Promise<SmallHost> {
  const host = new SmallHost();
  t.after(() => host.remove());
  await host.ready();
  return host;
}

interface SaidRows {
  readonly rows: readonly {
    readonly name: string;
    readonly state: string;
    readonly why: string;
  }[];
}

function rowsOf(text: string): Readonly<Record<string, string>> {
  const { rows } = JSON.parse(text) as SaidRows;
  return Object.fromEntries(rows.map(({ name, state }) => [name, state]));
}

const freeze = (host: SmallHost) =>
  host.holdfast('freeze', '--reason', 'storage work', '--for', '1h', '--json');

const isRoot = process.getuid?.() === 0;
const alone = { skip: isRoot ? false : 'namespaces want root' };

test('cron: stopped by its init script, and started again', alone, async (t) => {
  if (!needs(t, 'cron')) return;
  const host = await smallHost(t);
  host.bench.write('holdfast.yaml', 'stoppers:\n  cron: {kind: cron}\n');
  const isUp = (): boolean => host.processes().some((line) => /^\/usr\/sbin\/cron/.test(line));
  assert.equal(host.run(['service', 'cron', 'start']).status, 0);
  assert.ok(isUp(), 'cron runs');
  const frozen = freeze(host);
  assert.equal(frozen.status, 0, frozen.stdout + frozen.stderr);
  assert.equal(rowsOf(frozen.stdout).cron, 'stopped');
  assert.ok(!isUp(), 'cron is stopped');
  // Nobody said yes: it is shown, and nothing is started.
  const asked = host.holdfast('unfreeze');
  assert.equal(asked.status, 2, asked.stdout);
  assert.match(asked.stdout, /to start +cron \(cron\)/);
  assert.ok(!isUp(), 'still stopped');
  const motd = host.holdfast('claim', '--motd').stdout;
  assert.match(motd, /Changes are frozen/);
  host.run(['rm', `${host.bench.state}/guard/freeze.json`]);
  const ended = host.holdfast('claim', '--motd').stdout.replaceAll(/\s+/g, ' ');
  assert.match(ended, /what it stopped is still stopped: cron \(holdfast unfreeze\)/);
  const over = host.holdfast('unfreeze', '--yes');
  assert.equal(over.status, 0, over.stdout + over.stderr);
  assert.match(over.stdout, /started +cron/);
  assert.ok(isUp(), 'cron runs again');
  assert.deepEqual(host.stoppedNames(), []);
  // Where it did not run before, it is not started.
  host.run(['service', 'cron', 'stop']);
  freeze(host);
  assert.equal(host.holdfast('unfreeze').status, 0);
  assert.ok(!isUp(), 'it did not run before');
});

test('puppet: disabled by its own lock; a lock of somebody else stays', alone, async (t) => {
  if (!needs(t, 'puppet-agent')) return;
  const host = await smallHost(t);
  host.bench.write('holdfast.yaml', 'stoppers:\n  puppet: {kind: puppet, limit: 60s}\n');
  const lock = (): string =>
    host.run(['sh', '-c', 'cat /var/cache/puppet/state/agent_disabled.lock 2>/dev/null']).stdout;
  const frozen = freeze(host);
  assert.equal(rowsOf(frozen.stdout).puppet, 'stopped', frozen.stdout + frozen.stderr);
  assert.match(lock(), /holdfast: storage work, by /);
  const over = host.holdfast('unfreeze', '--yes');
  assert.equal(over.status, 0, over.stdout + over.stderr);
  assert.equal(lock(), '');
  // Disabled by an admin before the freeze: it stays disabled.
  host.run(['puppet', 'agent', '--disable', 'mending by hand']);
  assert.equal(rowsOf(freeze(host).stdout).puppet, 'stopped');
  assert.equal(host.holdfast('unfreeze', '--yes').status, 0);
  assert.match(lock(), /mending by hand/);
  // Taken over by an admin during the freeze: it is not enabled over their head.
  host.run(['puppet', 'agent', '--enable']);
  freeze(host);
  host.run(['puppet', 'agent', '--enable']);
  host.run(['puppet', 'agent', '--disable', 'mending by hand']);
  const held = host.holdfast('unfreeze', '--yes');
  assert.equal(held.status, 6, held.stdout + held.stderr);
  assert.match(held.stdout, /somebody else disabled it since: mending\s+by\s+hand/);
  assert.match(lock(), /mending by hand/);
});

test('an rsync daemon of the owner is stopped and started by its own line', alone, async (t) => {
  if (!needs(t, 'rsync')) return;
  const host = await smallHost(t);
  const port = await freePort();
  const pidFile = host.bench.at('rsyncd.pid');
  const config = host.bench.write(
    'rsyncd.conf',
    `pid file = ${pidFile}\nuse chroot = no\nlog file = ${host.bench.at('log')}\n[m]\npath = ${host.bench.at('m')}\n`,
  );
  host.bench.write('m/file', 'x');
  const line = ['rsync', '--daemon', `--config=${config}`, `--port=${port}`, '--address=127.0.0.1'];
  host.bench.write(
    'holdfast.yaml',
    `stoppers:\n  mirrors: {kind: rsyncd, pid-file: ${pidFile}, start: ${JSON.stringify(line)}}\n`,
  );
  const answers = (): boolean =>
    host.run(['rsync', `rsync://127.0.0.1:${port}/m/`]).stdout.includes('file');
  assert.equal(host.run(line).status, 0);
  for (let wait = 0; wait < 100 && !answers(); wait++);
  assert.ok(answers(), 'it serves');
  const frozen = freeze(host);
  assert.equal(rowsOf(frozen.stdout).mirrors, 'stopped', frozen.stdout + frozen.stderr);
  assert.ok(!answers(), 'it serves no more');
  const over = host.holdfast('unfreeze', '--yes');
  assert.equal(over.status, 0, over.stdout + over.stderr);
  for (let wait = 0; wait < 100 && !answers(); wait++);
  assert.ok(answers(), 'it serves again');
});

/** Commands over a file that says `on` or `off`; `die` names where the caller is killed. */
const SWITCH = `#!/bin/sh
cd "$(dirname "$0")"
die() { [ "$(cat die 2>/dev/null)" = "$1" ] && { rm -f die; kill -9 $PPID; sleep 1; exit 9; }; }
case $1 in
  state) die state-$(cat is); [ "$(cat is)" = on ] && exit 0; exit 3 ;;
  stop) die before-stop; echo off > is; echo stop >> log; die after-stop ;;
  start) die before-start; echo on > is; echo start >> log; die after-start ;;
esac
exit 0
`;

const STEPS = ['state-on', 'before-stop', 'after-stop', 'state-off', 'before-start', 'after-start'];

test('killed with -9 between any two steps: what ran runs again, and is started at most once', async (t) => {
  let kills = 0;
  for (const was of ['on', 'off']) {
    for (const step of STEPS) {
      await t.test(`it was ${was}, killed at ${step}`, async (t2) => {
        const host = new KilledHost(was);
        t2.after(() => host.remove());
        host.dieAt(step);
        const frozen = host.run('freeze', '--reason', 'storage work');
        if (!isKilled(frozen)) assert.equal(host.is(), 'off');
        // Whatever was stopped is on record by now.
        if (was === 'on' && host.is() === 'off') assert.deepEqual(host.stopped(), ['deploys.json']);
        if (was === 'off') assert.deepEqual(host.stopped(), []);
        // The second try may be the one that is killed; the last never is.
        const first = host.run('unfreeze', '--yes');
        if (isKilled(frozen) || isKilled(first)) kills += 1;
        host.mayLive();
        const over = host.run('unfreeze', '--yes');
        assert.equal(over.status, 0, over.stdout + over.stderr);
        assert.equal(host.is(), was);
        assert.deepEqual(host.stopped(), []);
        assert.ok(host.starts() <= 2, 'a start that was killed may be asked for again');
        await Promise.resolve();
      });
    }
  }
  assert.equal(kills, 7, 'all six where it ran, and its state where it did not');
});

const isKilled = ({ status }: Ran): boolean => status === null || status === 137;

class KilledHost {
  readonly #bench = new Bench();

  constructor(was: string) {
    const script = this.#bench.write('switch', SWITCH);
    fs.chmodSync(script, 0o700);
    this.#bench.write('is', `${was}\n`);
    const line = (verb: string): string => JSON.stringify([script, verb]);
    const commands = `state: ${line('state')}, stop: ${line('stop')}, start: ${line('start')}`;
    this.#bench.write('holdfast.yaml', `stoppers:\n  deploys: {kind: command, ${commands}}\n`);
  }

  dieAt(step: string): void {
    this.#bench.write('die', step);
  }

  mayLive(): void {
    fs.rmSync(this.#bench.at('die'), { force: true });
  }

  run(...args: readonly string[]): Ran {
    return this.#bench.run(args);
  }

  is(): string {
    return fs.readFileSync(this.#bench.at('is'), 'utf8').trim();
  }

  starts(): number {
    const log = this.#bench.at('log');
    if (!fs.existsSync(log)) return 0;
    return fs
      .readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line === 'start').length;
  }

  stopped(): readonly string[] {
    const dir = path.join(this.#bench.state, 'guard/stopped');
    return fs.existsSync(dir) ? fs.readdirSync(dir).filter((name) => name.endsWith('.json')) : [];
  }

  remove(): void {
    this.#bench.remove();
  }
}
