// Goal: after the server was away, all agents come back at once: none is turned away for good, none is said to be
// well before it has said so, and all are within the longest pause of an agent and a lease. Method: as many real
// agents as this machine carries (HOLDFAST_FAULT_AGENTS), one host with a network of its own for all of them, each
// with a key and a state of its own; an oracle compares every answer.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, Estate, until } from '../estate/estate.ts';
import { canStartHosts, type HostProcess, type NetHost } from '../estate/net-host.ts';
import { type Known, Truth, Watcher } from '../estate/oracle.ts';

const AGENTS = Number(process.env.HOLDFAST_FAULT_AGENTS ?? 12);
/** So long that a lease would have ended, and pauses have grown. */
const AWAY_MS = 45_000;
/** docs/format/agent.md: 1 s, doubled to 60 s, times a random half to one. */
const PAUSE_MAX_MS = 60_000;
const SLACK_MS = 30_000;
/** Of the machine, the same for all of them: one agent that looks at it is enough. */
const WITHOUT = [
  ...['kernel:log', 'pressure:io', 'pressure:memory', 'processes:stuck', 'processes:zombies'],
  ...['mount:/', 'mount:/run', 'space:/', 'space:/run', 'inodes:/', 'inodes:/run'],
];

interface Herd {
  readonly host: NetHost;
  readonly agents: readonly HostProcess[];
  readonly known: readonly Known[];
  readonly line: Truth;
}

/** Enrolled one by one, and all started. */
async function startHerd(estate: Estate): Promise<Herd> {
  const host = await estate.addHost('herd');
  const config = estate.at('herd/agent.yaml');
  const file = estate.at('herd/well');
  fs.writeFileSync(file, '');
  const without = WITHOUT.map((item) => `'${item}'`).join(', ');
  const probe = `probes: {well: {kind: path, path: ${file}, every: 5s}}\n`;
  fs.writeFileSync(config, `without: [${without}]\n${probe}`, { mode: 0o644 });
  const truth = new Truth();
  truth.makes(true, () => undefined);
  const line = new Truth();
  const names = Array.from({ length: AGENTS }, (_, nth) => `web${nth}`);
  const states = await Promise.all(
    names.map(async (name) => {
      const { line: enrolment } = await estate.api.ask<{ readonly line: string }>(
        '/v1/enrolments',
        { host: name },
      );
      const state = estate.at(`herd/${name}/agent`);
      const enrol = ['agent', 'enroll', '-', '--state', state, '--config', config];
      const { status, stderr } = host.run(command(enrol), enrolment);
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      return state;
    }),
  );
  const agents = line.makes(true, () =>
    states.map((state, nth) =>
      host.start(command(['agent', '--state', state, '--config', config]), { log: `log${nth}` }),
    ),
  );
  const known = names.map((name) => ({ host: name, item: 'path:well', truth, line }));
  return { host, agents, known, line };
}

/** All say what is so. */
async function areWell(estate: Estate): Promise<number> {
  return await until('all are well', async () => {
    const well = (await estate.api.items()).filter(
      ({ item, mark }) => item === 'path:well' && mark === 'ok',
    );
    if (well.length === AGENTS) return true;
    throw new Error(`${well.length} of ${AGENTS}`);
  });
}

/** Of one process: CPU seconds, and resident memory in MB. */
function costOf(one: HostProcess): { readonly cpuS: number; readonly mb: number } {
  const fields = fs
    .readFileSync(`/proc/${one.pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  const pages = Number(fs.readFileSync(`/proc/${one.pid}/statm`, 'latin1').split(' ')[1]);
  return { cpuS: (Number(fields[11]) + Number(fields[12])) / 100, mb: (pages * 4096) / 1e6 };
}

test('all agents come back at once', async (t) => {
  if (!canStartHosts(t)) return;
  const estate = await Estate.start(t);
  const herd = await startHerd(estate);
  t.diagnostic(`${AGENTS} agents, all well after ${await areWell(estate)} ms`);
  const watcher = new Watcher(t, estate.api, herd.known);

  await estate.serverProcess.kill();
  await sleep(AWAY_MS);
  estate.startServer();
  await estate.answers();
  const backMs = await areWell(estate);
  const { cpuS, mb } = costOf(estate.serverProcess);
  const agents = herd.agents.map((one) => costOf(one).mb);
  t.diagnostic(
    `away ${AWAY_MS / 1000} s; all ${AGENTS} are back ${backMs} ms after it answers; the server took ` +
      `${cpuS.toFixed(1)} s of CPU, ${Math.round(mb)} MB; an agent at most ${Math.round(Math.max(...agents))} MB`,
  );
  assert.ok(backMs < PAUSE_MAX_MS + SLACK_MS, `${backMs} ms`);
  assert.ok(
    herd.agents.every((one) => !one.isOver),
    'every agent lives',
  );

  // A cut that ends: all connections are there still, and each has a request on its way.
  herd.line.makes(false, () => herd.host.unplug());
  await sleep(10_000);
  herd.line.makes(true, () => herd.host.plug());
  t.diagnostic(`cut for 10 s: all are well ${await areWell(estate)} ms after it`);
  const { wrong, samples, marks, missed } = await watcher.stop();
  t.diagnostic(`${samples} answers: ${JSON.stringify(marks)}; none: ${JSON.stringify(missed)}`);
  assert.deepEqual(wrong, []);
});
