// Goal: one line looks at many machines through the system's ssh: a jump host, another port, another
// user, a shell that is not POSIX; those that hang, refuse, flood or lie cost nobody else; nothing is
// written there, nothing is left running there or here, and nothing they send reaches the terminal.
// Method: the real program against real sshd in namespaces of their own, each with its own disk,
// whose files (with their change times) and processes are compared before and after.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Bench } from '../cli/run-cli.ts';
import { canStartMachines, type Machines, startMachines } from './six-machines.ts';

interface SaidHost {
  readonly host: string;
  readonly kind: string;
  readonly isWhole?: boolean;
  readonly why?: string;
  readonly remedy?: string;
}

const SIX = ['fs1', 'hv1', 'web1', 'db1', 'bk1', 'plain'];
/** Far more than a machine needs, however slow: no host of these tests depends on it. */
const LIMIT = ['--limit', '5m'];
/** When it is certain that it never will. */
const SETTLE_MS_MAX = 300_000;

test('six machines and those that misbehave', async (t) => {
  if (!canStartMachines(t)) return;
  const machines = await startMachines();
  const bench = new Bench();
  const options = { env: { HOLDFAST_SSH: `ssh -F ${machines.config}` } };
  const look = (args: readonly string[]) => bench.json(['look', ...args, ...LIMIT], options);
  const hostsOf = (said: object): readonly SaidHost[] =>
    (said as { ssh: { hosts: SaidHost[] } }).ssh.hosts;
  try {
    await t.test('all six answer, and end with 0', () => {
      const { status, said } = look(SIX);
      const hosts = hostsOf(said);
      assert.deepEqual(
        hosts.map(({ host }) => host),
        SIX,
      );
      for (const each of hosts) assert.ok(each.isWhole, JSON.stringify(each));
      assert.equal(status, 0);
      tellTheirStories(said as unknown as SaidAnswer);
    });
    await t.test('a second look writes nothing there, and leaves nothing running', async () => {
      const before = await settled(machines);
      assert.equal(look(SIX).status, 0);
      assert.deepEqual(await settled(machines), before);
      assert.deepEqual(running(machines.config), []);
    });
    await t.test('the others say why, and what to do; the six are seen all the same', () => {
      const others = ['hang', 'refused', 'lost', 'stranger', 'endless', 'garbage'];
      const { status, said } = look([...others, 'words', 'noisy', 'fs1']);
      const whys = hostsOf(said).flatMap(({ host, why, remedy }) => {
        if (why !== undefined) assert.ok(remedy, host);
        return why === undefined ? [] : [`${host}: ${why}`];
      });
      const wanted = [
        /^hang: no connection to hang: .*timed out/i,
        /^refused: no connection to refused: .*Permission denied \(publickey\)/,
        /^lost: no connection to lost: .*Permission denied \(publickey\)/,
        /^stranger: no connection to stranger: Host key verification failed/,
        /^endless: endless prints on and on, and no look$/,
      ];
      for (const [at, pattern] of wanted.entries()) assert.match(whys[at] ?? '', pattern);
      const seen = hostsOf(said).filter(({ isWhole }) => isWhole);
      assert.deepEqual(
        seen.map(({ host }) => host),
        ['words', 'noisy', 'fs1'],
      );
      assert.equal(status, 6);
    });
    await t.test('one that floods is cut short, and is no whole answer', () => {
      const { status, said } = look(['flood', 'plain']);
      const [flood, plain] = hostsOf(said);
      assert.deepEqual([flood?.kind, flood?.isWhole], ['answered', false]);
      assert.ok(plain?.isWhole);
      assert.equal(status, 6);
    });
    await t.test(
      'where nobody answers it ends with 1, after the limit of the one that is silent',
      () => {
        const ran = bench.json(['look', 'silent', 'refused', '--limit', '3s'], options);
        assert.equal(ran.status, 1);
        assert.match(hostsOf(ran.said)[0]?.why ?? '', /^silent was not done after 3/);
      },
    );
    await t.test('what they send never reaches the terminal as it is', () => {
      const ran = bench.run(['look', 'fs1', 'garbage', ...LIMIT, '--all'], options);
      assert.deepEqual(unseenIn(ran.stdout + ran.stderr), []);
    });
    await t.test(
      'stopped in the middle, it answers and leaves nothing on either side',
      async () => {
        const before = await settled(machines);
        const stuck = (): number =>
          machines
            .named('rogue')
            .processes()
            .filter((args) => args.startsWith('sleep')).length;
        // What an account over there does by itself goes on without us; one more is ours.
        const stuckBefore = stuck();
        const child = bench.start(['look', 'plain', 'silent', 'fs1', ...LIMIT, '--json'], options);
        let out = '';
        child.stdout?.on('data', (bytes) => (out += String(bytes)));
        const ended = once(child, 'close');
        await until(() => stuck() > stuckBefore);
        child.kill('SIGINT');
        const [code] = (await ended) as [number | null];
        assert.ok(code === 1 || code === 6, `${code}: ${out}`);
        const silent = hostsOf(JSON.parse(out) as object).find(({ host }) => host === 'silent');
        assert.match(silent?.why ?? '', /stopped/);
        assert.deepEqual(running(machines.config), []);
        assert.deepEqual(await settled(machines), before);
      },
    );
  } finally {
    bench.remove();
    await machines.stop();
  }
});

interface SaidAnswer {
  readonly hosts: readonly {
    readonly host: string;
    readonly data: readonly {
      readonly path?: string;
      readonly kind: string;
      readonly bytes: number;
      readonly loss: { readonly kind: string };
    }[];
  }[];
  readonly backups: readonly { readonly tool: string; readonly where: string | null }[];
  readonly findings: readonly { readonly code: string; readonly hosts: readonly string[] }[];
  readonly singlePoints: readonly { readonly code: string; readonly hosts: readonly string[] }[];
}

/** What must be told of each; more may be, of the kernel and the disks below all of them. */
function tellTheirStories(said: SaidAnswer): void {
  const data = said.hosts.flatMap(({ host, data: rows }) =>
    rows.map(({ path, kind, bytes, loss }) => ({ what: `${host}:${path} ${kind}`, bytes, loss })),
  );
  const known = data.map(({ what }) => what);
  for (const what of [
    'fs1:/srv/images tree',
    'hv1:/var/lib/libvirt/images tree',
    'web1:/var/www/site www',
    'db1:/var/lib/postgresql/15/main postgres',
  ]) {
    assert.ok(known.includes(what), `${what}: ${known.join(', ')}`);
  }
  const images = data.find(({ what }) => what.startsWith('fs1:/srv/images'));
  assert.ok((images?.bytes ?? 0) >= 9_000_000, 'its size');
  // A repository was found and not opened: it could hold anything of any of them.
  for (const { what, loss } of data) assert.match(loss.kind, /^(?:all|unknown)$/, what);
  const backups = said.backups.map(({ tool, where }) => `${tool} ${where}`);
  for (const each of ['borg bk1:/srv/borg', 'pg_dump db1:/var/backups']) {
    assert.ok(backups.includes(each), `${each}: ${backups.join(', ')}`);
  }
  const found = [...said.findings, ...said.singlePoints].map(
    ({ code, hosts }) => `${code} ${hosts.join('+')}`,
  );
  for (const each of ['guest-cache-unsafe hv1', 'database-without-standby db1']) {
    assert.ok(found.includes(each), `${each}: ${found.join(', ')}`);
  }
}

/** Characters that a terminal obeys, the ends of lines aside. */
function unseenIn(text: string): readonly string[] {
  return [...text].filter((char) => char !== '\n' && /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(char));
}

/** What the six have on their disks and run, once whatever ran for others has ended. */
async function settled(machines: Machines): Promise<object> {
  const six = SIX.map((name) => machines.named(name));
  await until(() => six.every((each) => each.processes().length === 1));
  return six.map((each) => ({ files: each.files(), processes: each.processes() }));
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + SETTLE_MS_MAX;
  while (!isSo()) {
    assert.ok(Date.now() < end, 'it does not come about');
    await setTimeout(50);
  }
}

/** Processes of this machine that were started with that configuration. */
function running(config: string): readonly string[] {
  return fs.readdirSync('/proc').flatMap((pid) => {
    if (!/^[0-9]+$/.test(pid)) return [];
    try {
      const args = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return args.includes(config) ? [args] : [];
    } catch {
      return []; // It ended in between.
    }
  });
}
