// Goal: the line that a recovery plan prints for a repository of restic or borg brings the files back where
// they were, whatever their directory, their archive and their password file are called.
// Method: the real tools on repositories that are made here; what is deleted is brought back by bash.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import os from 'node:os';
import { test, type TestContext } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { openingsHere } from '../../src/main/look/connected-here.ts';
import { estateOfConnected, readConnected } from '../../src/main/estate/read-estate.ts';
import { type RecoveryPlan, recoveryPlanOf } from '../../src/watch/core/exposure/recovery-plan.ts';
import { hostNames } from '../../src/watch/core/look/host-names.ts';
import { loseNames, lostBy } from '../../src/watch/core/look/lose.ts';
import { lookedHosts } from '../../src/watch/core/look/looked-hosts.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { needs } from '../run/needs.ts';
import { treeOf } from '../cli/run-cli.ts';
import { DECLARED } from '../watch/recovery-example.ts';
import { ConnectBench } from './connect-bench.ts';

const SECRET = 'correct-horse-battery';
const DIRECTORY = "re:[odd] *o'clock? $(touch evil) \\ {now}";
const PASSWORD_FILE = "pw o'clock $HOME";

function filled(t: TestContext): { readonly bench: ConnectBench; readonly data: string } {
  const bench = new ConnectBench(t);
  bench.write(`${DIRECTORY}/index.html`, 'hello');
  bench.write(`${DIRECTORY}/below/big`, randomBytes(200_000));
  // What a pattern would match too, and what is not asked for.
  bench.write("re:o plain o'clockx/other", 'other');
  fs.chmodSync(bench.write(PASSWORD_FILE, `${SECRET}\n`), 0o600);
  bench.found(bench.at(DIRECTORY));
  return { bench, data: bench.at(DIRECTORY) };
}

/** As `holdfast recovery-plan --lost` makes it, of this machine alone. */
async function planFor(bench: ConnectBench, path: string): Promise<RecoveryPlan> {
  return bench.with({}, async ({ ledger, cli }) => {
    const now = cli.clock.now();
    const discovery = { ...bench.discovery(), seenAt: now };
    const read = await readConnected({ ledger, discovery, dataSets: [] }, now);
    const { machine } = sightOf('here');
    const host = os.hostname();
    const looks = [answered(host, { machine: { ...machine, hostName: host }, discovery })];
    const machines = lookedHosts(looks, now);
    const estate = estateOfConnected(discovery, read.estate);
    const declared = { ...DECLARED, services: [], dataSets: [] };
    const connected = { ...read.connected, evidence: new Map(), drills: [], openedOn: host };
    const lost = lostBy(byteString(`${host}:${path}`), loseNames(machines, estate, declared));
    const openings = openingsHere(connected, hostNames(machines));
    const nothing = { guests: [], unopened: [], passphraseFile: undefined };
    return recoveryPlanOf({ estate, machines, declared, openings, now, ...nothing }, [lost]);
  });
}

/** As somebody would type it, with nothing at hand but what the plan says. */
function typed(bench: ConnectBench, plan: RecoveryPlan): void {
  const [step] = plan.steps;
  assert.ok(step !== undefined);
  assert.ok(step.lines.typed.length > 0, step.lines.notes.join('\n'));
  for (const { words } of step.lines.typed) {
    const env = { PATH: process.env.PATH ?? '', HOME: bench.at('home'), LC_ALL: 'C.UTF-8' };
    const ran = spawnSync('bash', ['-c', words.join(' ')], {
      ...{ env, cwd: bench.dir, input: '', encoding: 'utf8' },
    });
    assert.equal(ran.status, 0, `${words.join(' ')}\n${ran.stderr}`);
  }
}

async function comesBack(bench: ConnectBench, data: string): Promise<void> {
  const before = treeOf(data);
  const beside = treeOf(bench.at("re:o plain o'clockx"));
  fs.rmSync(data, { recursive: true });
  fs.writeFileSync(bench.at("re:o plain o'clockx/other"), 'written since');
  typed(bench, await planFor(bench, data));
  assert.deepEqual(treeOf(data), before);
  assert.notDeepEqual(treeOf(bench.at("re:o plain o'clockx")), beside, 'it is left as it is');
  assert.ok(!fs.existsSync(bench.at('evil')));
}

test('restic', async (t) => {
  if (!needs(t, 'restic')) return;
  const { bench, data } = filled(t);
  const own = ['-q', '--no-cache', '-r', bench.at('repo {now}')];
  const restic = (...args: readonly string[]): string =>
    bench.tool('restic', [...own, ...args], { RESTIC_PASSWORD: SECRET });
  restic('init');
  restic('backup', data, bench.at("re:o plain o'clockx"));
  await bench.connect({
    ...{ tool: 'restic', repository: bench.at('repo {now}') },
    passwordFile: bench.at(PASSWORD_FILE),
  });
  await comesBack(bench, data);
});

test('borg: an archive in braces is no host name and no time', async (t) => {
  if (!needs(t, 'borgbackup')) return;
  const { bench, data } = filled(t);
  const borg = (...args: readonly string[]): string =>
    bench.tool('borg', args, { BORG_PASSPHRASE: SECRET, BORG_REPO: bench.at('repo') });
  borg('init', '--encryption', 'repokey');
  borg('create', "::{{x}} o'clock", data, bench.at("re:o plain o'clockx"));
  await bench.connect({
    ...{ tool: 'borg', repository: bench.at('repo') },
    passwordFile: bench.at(PASSWORD_FILE),
  });
  await comesBack(bench, data);
});
