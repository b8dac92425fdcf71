/**
 * A look at many hosts: how long it takes, and what it costs here and there. `npm run bench-look`.
 * All hosts are played by one sshd on this machine, each with a name and a machine-id of its own, so
 * this machine pays for both sides.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Machine, startMachine } from '../test/look/machine.ts';
import { ALIAS } from '../test/ssh/sshd-fixture.ts';
import { describeMachine } from './machine.ts';
import { type Cost, measure } from './measure.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import type { Scratch } from './scratch.ts';
import { median } from './summary.ts';
import { HOLDFAST } from './tools.ts';

const HELP = `npm run bench-look -- [options]

  --hosts N       how many are looked at together (default 100)
  --mounts N      of the one large host (default 1000)
  --guests N      of the one large host (default 200)
  --runs N        rounds; figures are medians (default 3)
{common}

Needs root (namespaces, loop devices) and openssh-server.
`;

/** What Look was promised to take (issue 4). */
const OPTIONS = { hosts: '100', mounts: '1000', guests: '200', runs: '3' };
type Run = BenchRun<keyof typeof OPTIONS>;

const GOALS = { wallS: 60, largeHostCpuS: 3 };
const TICKS_PER_SECOND = 100;
const SETTLE_MS = 50;
/** Which of the hosts somebody is: its shell takes on its name and machine-id. */
const NTH = 'HF_NTH';

interface Measured extends Cost {
  readonly run: number;
  /** Of sshd and all that its sessions ran, for each host. */
  readonly thereCpuS: number;
}

async function main({ scratch, values, keep }: Run): Promise<void> {
  const size = { mounts: Number(values.mounts), guests: Number(values.guests) };
  const of = { hosts: Number(values.hosts), ...size, runs: Number(values.runs) };
  const many = await lookedAt(scratch, { ...of, story: manyStory(of.hosts) });
  const large = await lookedAt(scratch, { ...of, hosts: 1, story: largeStory(size) });
  tell({ scratch, of, many, large, keep });
}

async function lookedAt(
  scratch: Scratch,
  of: { readonly hosts: number; readonly runs: number; readonly story: string },
): Promise<readonly Measured[]> {
  const machine = await startMachine({
    ...{ name: 'played', story: `${shellStory()}\n${of.story}`, settings: [`AcceptEnv ${NTH}`] },
  });
  const measured: Measured[] = [];
  try {
    const config = configOf(scratch, machine, of.hosts);
    for (let run = 1; run <= of.runs; run++) {
      const env = {
        HOLDFAST_SHIPPED: process.env.HOLDFAST_SHIPPED ?? '1',
        HOLDFAST_STATE: scratch.directory(`state-${run}`),
      };
      const argv = [HOLDFAST, 'look', '--from', config, '--limit', '2m'];
      const beforeS = machine.cpuS(TICKS_PER_SECOND);
      const cost = await measure({ command: { argv, env } }, scratch);
      // Sessions are counted when sshd has seen their end.
      while (machine.processes().length > 1) await setTimeout(SETTLE_MS);
      const thereCpuS = (machine.cpuS(TICKS_PER_SECOND) - beforeS) / of.hosts;
      measured.push({ run, ...cost, thereCpuS });
      const words = [`wall ${cost.wallS.toFixed(1)} s`, `here ${cost.cpuS.toFixed(2)} s of CPU`];
      say(`${of.hosts} hosts: ${words.join(', ')}, there ${thereCpuS.toFixed(2)} s each`);
    }
  } finally {
    await machine.stop();
  }
  return measured;
}

function configOf(scratch: Scratch, machine: Machine, hosts: number): string {
  const names = Array.from({ length: hosts }, (_, at) => at + 1);
  const lines = [
    ...names.flatMap((nth) => [`Host h${nth}`, `  SetEnv ${NTH}=${nth}`]),
    'Host *',
    ...[`HostName ${machine.host}`, `Port ${machine.port}`, 'User root'],
    ...[`IdentityFile ${machine.dir}/client-key`, `HostKeyAlias ${ALIAS}`],
    ...[`UserKnownHostsFile ${machine.dir}/known_hosts`, 'GlobalKnownHostsFile none'],
    ...['IdentitiesOnly yes', 'IdentityAgent none', 'UpdateHostKeys no'],
  ];
  const file = join(scratch.root, 'ssh_config');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** root's shell, which makes one machine look like another. */
function shellStory(): string {
  return `
cat > opt/nth <<'EOF'
#!/bin/sh
export ${NTH}
exec unshare --mount --uts sh -c '
  hostname "h$${NTH}"
  printf "%032x\\n" "$${NTH}" > /run/machine-id-$$
  mount --bind /run/machine-id-$$ /etc/machine-id
  exec sh "$@"' sh "$@"
EOF
chmod 755 opt/nth
sed -i 's#^\\(root:.*:\\)[^:]*$#\\1/opt/nth#' etc/passwd`;
}

/** What a small server has. */
function manyStory(hosts: number): string {
  return `
mkdir -p srv/share var/www/site etc/cron.d
mkdir -p var/lib/postgresql/15/main/base/1 var/lib/postgresql/15/main/global
mkdir -p var/lib/postgresql/15/main/pg_wal
for i in $(seq 500); do echo $i > srv/share/$i; done
for i in $(seq 200); do echo $i > var/www/site/$i.html; done
echo 15 > var/lib/postgresql/15/main/PG_VERSION
echo '30 1 * * * root borg create ssh://backup@h${hosts}/./h::{now} /srv' > etc/cron.d/backup`;
}

function largeStory(of: { readonly mounts: number; readonly guests: number }): string {
  return `
mkdir -p etc/libvirt/qemu var/lib/libvirt/images srv/m
for i in $(seq ${of.guests}); do
  truncate -s 20G var/lib/libvirt/images/g$i.qcow2
  printf '<domain type="kvm">\\n<name>g%s</name>\\n<devices><disk type="file" device="disk"><driver name="qemu" type="qcow2" cache="none"/><source file="/var/lib/libvirt/images/g%s.qcow2"/><target dev="vda"/></disk></devices>\\n</domain>\\n' $i $i > etc/libvirt/qemu/g$i.xml
done
mkdir -p srv/data
for i in $(seq ${of.mounts}); do
  mkdir srv/m/$i
  if [ $((i % 2)) = 0 ]; then mount -t tmpfs -o size=64k tmpfs srv/m/$i; continue; fi
  mkdir srv/data/$i
  echo $i > srv/data/$i/file
  mount --bind srv/data/$i srv/m/$i
done`;
}

interface Told {
  readonly scratch: Scratch;
  readonly of: object;
  readonly many: readonly Measured[];
  readonly large: readonly Measured[];
  readonly keep: Run['keep'];
}

function tell({ scratch, of, many, large, keep }: Told): void {
  const mid = (runs: readonly Measured[], figure: keyof Measured): number =>
    median(runs.map((run) => run[figure]));
  const figures = {
    manyWallS: mid(many, 'wallS'),
    manyHereCpuS: mid(many, 'cpuS'),
    manyThereCpuS: mid(many, 'thereCpuS'),
    manyRssPeakBytes: mid(many, 'rssPeakBytes'),
    largeWallS: mid(large, 'wallS'),
    largeThereCpuS: mid(large, 'thereCpuS'),
  };
  const goals = {
    wall: { limitS: GOALS.wallS, isMet: figures.manyWallS <= GOALS.wallS },
    largeHost: { limitS: GOALS.largeHostCpuS, isMet: figures.largeThereCpuS < GOALS.largeHostCpuS },
  };
  say(JSON.stringify({ figures, goals }, undefined, 2));
  const machine = describeMachine(scratch.root);
  const date = new Date().toISOString();
  keep('look', { format: 1, date, ...of, machine, figures, goals, many, large });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
