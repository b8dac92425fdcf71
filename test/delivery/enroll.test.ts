// Goal: after `enroll` and `remove` a host is what it was, but for what is named; what was replaced is
// back; vaults and undo stay; either of them, killed at any command on the host, ends when it is run
// again; the token is in no argument.
// Method: the real commands over a real sshd, in a machine with a root of its own. Each command that
// the scripts run there counts, and at the n-th the shell is killed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Bench } from '../cli/run-cli.ts';
import { type Machine, startMachine } from '../look/machine.ts';
import { needs } from '../run/needs.ts';
import { canStartSshd } from '../ssh/sshd-fixture.ts';
import { LINE, makePackage } from './package-double.ts';
import { differences, pictureOf } from './root-picture.ts';

const DISK_SIZE = 2 ** 30;
/** What the programs that keep the list of users leave behind; the lists themselves are as before. */
const OF_USERADD = ['.pwd.lock', 'group-', 'gshadow-', 'passwd-', 'shadow-', 'subgid-', 'subuid-'];
const COUNTED = [
  ...['mkdir', 'mv', 'rm', 'rmdir', 'cp', 'chmod', 'chown', 'ln', 'tar'],
  ...['useradd', 'userdel', 'cat', 'sync'],
];
const SHIMS = '/srv/counted';
const NEVER = 1_000_000;

/** Every n-th command is one to be killed at; the first is drawn. */
const STRIDE = 4;
const seed = Number(process.env.SEED ?? randomInt(1000));

const STORY = `
mkdir -p srv/counted etc/systemd/system usr/local/bin usr/local/sbin var/cache
for each in ${COUNTED.join(' ')}; do
  cat >srv/counted/$each <<END
#!/bin/sh
read -r n <${SHIMS}/count
echo \\$((n - 1)) >${SHIMS}/count
if [ "\\$n" = 1 ]; then kill -9 \\$PPID; exit 9; fi
for at in /usr/sbin /usr/bin; do if [ -x \\$at/$each ]; then exec \\$at/$each "\\$@"; fi; done
END
  chmod 755 srv/counted/$each
done
echo ${NEVER} >srv/counted/count`;

class Stage {
  readonly machine: Machine;
  readonly bench = new Bench();
  readonly #file: string;
  readonly #line: string;

  constructor(machine: Machine) {
    this.machine = machine;
    this.#file = makePackage(this.bench.scratch, '0.1.0');
    this.#line = this.bench.write('line', `${LINE}\n`);
  }

  at(name: string): string {
    return path.join(this.machine.inside, name);
  }

  /** Without what useradd and userdel leave, and the counter of this test. */
  picture(): ReadonlyMap<string, string> {
    const all = new Map(pictureOf(this.machine.inside, ['/usr/local']));
    for (const name of [...OF_USERADD.map((each) => `/etc/${each}`), `${SHIMS}/count`]) {
      all.delete(name);
    }
    return all;
  }

  countdown(n: number): void {
    fs.writeFileSync(this.at(`${SHIMS}/count`), `${n}\n`);
  }

  left(): number {
    return Number(fs.readFileSync(this.at(`${SHIMS}/count`), 'utf8'));
  }

  enroll(...more: readonly string[]): ReturnType<Bench['json']> {
    const options = ['--package', this.#file, '--line-file', this.#line, '--yes', ...more];
    return this.#run(['enroll', this.#host(), ...options]);
  }

  remove(): ReturnType<Bench['json']> {
    return this.#run(['remove', this.#host(), '--yes']);
  }

  #host(): string {
    return `${this.machine.host}:${this.machine.port}`;
  }

  #run(args: readonly string[]): ReturnType<Bench['json']> {
    const env = { HOLDFAST_SSH: String(this.machine.environment.HOLDFAST_SSH) };
    return this.bench.json(args, { env });
  }
}

async function staged(
  t: { skip(message?: string): void },
  act: (stage: Stage) => void,
): Promise<void> {
  if (!canStartSshd(t) || !needs(t, 'loop', 'e2fsprogs')) return;
  const settings = [`SetEnv PATH=${SHIMS}:/usr/sbin:/usr/bin:/sbin:/bin`];
  const machine = await startMachine({ name: 'web1', story: STORY, diskSize: DISK_SIZE, settings });
  const stage = new Stage(machine);
  try {
    act(stage);
  } finally {
    stage.bench.remove();
    await machine.stop();
  }
}

function demandDone(ran: ReturnType<Bench['json']>, when = ''): void {
  assert.equal(ran.status, 0, `${when} ${JSON.stringify(ran.said)}`);
}

/** Until somebody else has it. */
function demandHeld(stage: Stage): void {
  for (let tries = 0; tries < 600; tries++) {
    const free = spawnSync('flock', ['-n', stage.at('/var/lib/holdfast'), 'true']).status === 0;
    if (!free) return;
    spawnSync('sleep', ['0.1']);
  }
  assert.fail('nobody took it');
}

test('what was put there goes again, and what it replaced comes back', async (t) => {
  await staged(t, (stage) => {
    fs.writeFileSync(stage.at('/usr/local/bin/holdfast'), 'of somebody else\n', { mode: 0o741 });
    fs.mkdirSync(stage.at('/etc/holdfast'));
    fs.writeFileSync(stage.at('/etc/holdfast/agent.yaml'), 'an older one\n', { mode: 0o640 });
    const before = stage.picture();
    const ran = stage.enroll('--level', 'keep');
    demandDone(ran);
    // No systemd runs in a chroot: it is enrolled and not started, and that is what it says.
    const { host } = stage.machine;
    assert.deepEqual(ran.said.hosts, [{ host, isStarted: false, isEnrolled: true }]);
    const put = differences(before, stage.picture());
    for (const each of [
      '/opt/holdfast/bin/holdfast',
      '/etc/systemd/system/holdfast-agent.service',
    ]) {
      assert.ok(put.includes(each), each);
    }
    const dropIn = '/etc/systemd/system/holdfast-agent.service.d/holdfast-keep.conf';
    assert.match(fs.readFileSync(stage.at(dropIn), 'utf8'), /CAP_DAC_READ_SEARCH/);
    assert.match(fs.readFileSync(stage.at('/etc/holdfast/agent.yaml'), 'utf8'), /^level: keep$/m);
    // The line came by stdin, to the agent's own user.
    const enrolled = fs.readFileSync(stage.at('/var/lib/holdfast/agent/enrolled.json'), 'utf8');
    assert.equal(enrolled, `holdfast\n${LINE}\n`);
    demandDone(stage.remove());
    assert.deepEqual(differences(before, stage.picture()), []);
    // And once more there is nothing to do.
    demandDone(stage.remove());
    assert.deepEqual(differences(before, stage.picture()), []);
  });
});

test('the list names all that was put there; a second time changes nothing but the level', async (t) => {
  await staged(t, (stage) => {
    const before = stage.picture();
    demandDone(stage.enroll());
    const list = fs.readFileSync(stage.at('/var/lib/holdfast/installed.json'), 'utf8');
    const { steps } = JSON.parse(list) as {
      readonly steps: readonly { readonly do: string; readonly at: string }[];
    };
    const isListed = (name: string): boolean =>
      steps.some(
        ({ do: kind, at }) => at === name || (kind === 'tree' && name.startsWith(`${at}/`)),
      );
    // Of users the files that have them; and the list itself.
    const ofUsers = /^\/etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)$/;
    const others = differences(before, stage.picture())
      .filter((name) => !ofUsers.test(name) && name !== '/var/lib/holdfast/installed.json')
      .filter((name) => !isListed(name));
    assert.deepEqual(others, []);
    // What root wrote into the agent's file stays.
    const config = stage.at('/etc/holdfast/agent.yaml');
    fs.appendFileSync(config, '# by root\n');
    const once = stage.picture();
    demandDone(stage.enroll());
    assert.deepEqual(differences(once, stage.picture()), []);
    // Another level: its own files come, and go.
    const socket = stage.at('/etc/systemd/system/holdfast-act.socket');
    demandDone(stage.enroll('--level', 'act'));
    assert.ok(fs.existsSync(socket));
    assert.match(fs.readFileSync(config, 'utf8'), /^level: act\n[\s\S]*# by root$/m);
    demandDone(stage.enroll('--level', 'look'));
    assert.ok(!fs.existsSync(socket));
    // While another one is at work there, neither changes anything.
    const held = spawn('flock', [stage.at('/var/lib/holdfast'), 'sleep', '600'], {
      detached: true,
    });
    try {
      demandHeld(stage);
      const still = stage.picture();
      assert.notEqual(stage.remove().status, 0);
      assert.deepEqual(differences(still, stage.picture()), []);
    } finally {
      if (held.pid !== undefined) process.kill(-held.pid, 'SIGKILL');
    }
    demandDone(stage.remove());
    assert.deepEqual(differences(before, stage.picture()), []);
  });
});

test('vaults, undo and what nobody listed stay; the kit is taken back', async (t) => {
  await staged(t, (stage) => {
    const own = (name: string, text: string): void => {
      fs.mkdirSync(path.dirname(stage.at(name)), { recursive: true });
      fs.writeFileSync(stage.at(name), text);
    };
    demandDone(stage.enroll());
    own('/var/lib/holdfast/vault/header', 'vault');
    own('/var/lib/holdfast/vaults/ab/key', 'key');
    own('/var/lib/holdfast/guard/plans/p1/journal-1.ndjson', '{}\n');
    own('/var/lib/holdfast/guard/plans/p1/result.json', '{"outcome":"applied"}\n');
    own('/var/lib/holdfast/guard/plans/p2/journal-1.ndjson', '{}\n');
    own('/var/lib/holdfast/guard/plans/p2/result.json', '{"outcome":"released"}\n');
    own('/var/lib/holdfast/notes', 'of somebody');
    own('/var/lib/holdfast/state.db', 'cache');
    const kit = '#!/bin/sh\n# From `holdfast guard kit`: under the old name\nexec behind "$@"\n';
    own('/srv/publish', kit);
    own('/usr/local/lib/holdfast/behind/srv/publish', 'copy\n');
    own('/usr/local/lib/holdfast/behind/srv/publish.original', 'rsync --delete\n');
    own('/usr/local/lib/holdfast/shims/rsync', kit);
    const ran = stage.remove();
    demandDone(ran);
    const [first] = ran.said.hosts as readonly { readonly kept: readonly object[] }[];
    assert.deepEqual(first?.kept, [
      { kind: 'vault', what: '/var/lib/holdfast/vault' },
      { kind: 'vault', what: '/var/lib/holdfast/vaults' },
      { kind: 'undo', what: '1' },
      { kind: 'other', what: '/var/lib/holdfast/notes' },
    ]);
    const left = fs.readdirSync(stage.at('/var/lib/holdfast')).sort();
    assert.deepEqual(left, ['guard', 'notes', 'vault', 'vaults']);
    assert.equal(fs.readFileSync(stage.at('/srv/publish'), 'utf8'), 'rsync --delete\n');
    assert.ok(!fs.existsSync(stage.at('/usr/local/lib/holdfast')));
    assert.ok(!fs.existsSync(stage.at('/opt/holdfast')));
  });
});

test('a package that is not the one its list of sums names is not sent', (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  const file = makePackage(bench.scratch, '0.1.0');
  bench.write('SHA256SUMS', `${'0'.repeat(64)}  ${path.basename(file)}\n`);
  const { status, said } = bench.json(['enroll', 'nowhere', '--package', file, '--yes']);
  assert.equal(status, 1);
  assert.equal(said.error?.code, 'HF_ENROLL_PACKAGE');
});

test('killed at any command there, the same command again ends it', async (t) => {
  t.diagnostic(`SEED=${seed}`);
  await staged(t, (stage) => {
    const before = stage.picture();
    demandDone(stage.enroll());
    const enrollCount = NEVER - stage.left();
    const whole = stage.picture();
    stage.countdown(NEVER);
    demandDone(stage.remove());
    const removeCount = NEVER - stage.left();
    let killed = 0;
    for (let n = 1 + (seed % STRIDE); n <= enrollCount; n += STRIDE) {
      const when = `SEED=${seed}, enroll killed at ${n}`;
      stage.countdown(n);
      if (stage.enroll().status !== 0) killed += 1;
      stage.countdown(NEVER);
      // Half of them are taken back at once, the others ended first.
      if (n % 2 === 0) {
        demandDone(stage.enroll(), when);
        assert.deepEqual(differences(whole, stage.picture()), [], when);
      }
      demandDone(stage.remove(), when);
      assert.deepEqual(differences(before, stage.picture()), [], when);
    }
    for (let n = 1 + (seed % STRIDE); n <= removeCount; n += STRIDE) {
      const when = `SEED=${seed}, remove killed at ${n}`;
      demandDone(stage.enroll(), when);
      stage.countdown(n);
      if (stage.remove().status !== 0) killed += 1;
      stage.countdown(NEVER);
      demandDone(stage.remove(), when);
      assert.deepEqual(differences(before, stage.picture()), [], when);
    }
    t.diagnostic(`${killed} kills; ${enrollCount} commands to enrol, ${removeCount} to remove`);
    assert.ok(killed > 2, 'nothing was killed, so nothing was shown');
  });
});
