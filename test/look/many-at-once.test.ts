// Goal: the answer comes with what is there: hosts that hang, end, refuse or talk on cost their own
// limit and nobody else's, each says why, and nothing that was started is left.
// Method: programs in the place of ssh. Those that wait do so until they are ended, and limits pass
// when the test says so.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { parseAskedHost } from '../../src/adapters/look/asked-host.ts';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { minutes } from '../../src/base/units.ts';
import { type LookAtHosts, lookAtHosts } from '../../src/main/look/look-at-hosts.ts';
import type { HostLook } from '../../src/watch/core/look/host-sight.ts';
import { fakeSsh } from './fake-ssh.ts';
import { readKinds } from './kinds-of-records.ts';

const LOOK = `printf '%s\\n' '["look",1,0,0,"root"]' '["list","/",""]' '["end",1,""]'`;
/** Of the whole look, and of one that has begun. */
const RECORDS_SIZE =
  '["look",1,0,0,"root"]\n'.length * 2 + '["list","/",""]\n["end",1,""]\n'.length;
/** Until it is ended; it says where it can be seen. */
const HANG = 'echo $$ >> "$(dirname "$0")/hanging"; exec sleep 100000';

async function look(
  hosts: Readonly<Record<string, string>>,
  options: Partial<LookAtHosts> = {},
  names = Object.keys(hosts),
): Promise<readonly HostLook[]> {
  const ssh = fakeSsh(hosts);
  try {
    const looks = await lookAtHosts(names.map(parseAskedHost), {
      clock: nodeClock(),
      environment: ssh.environment,
      script: '',
      readSight: readKinds,
      limit: minutes(5),
      mayAsk: false,
      atOnce: 16,
      stop: new AbortController().signal,
      progress: () => undefined,
      later: () => () => undefined,
      ...options,
    });
    for (const pid of hanging(ssh.dir)) assert.ok(!isRunning(pid), `${pid} is left`);
    return looks;
  } finally {
    ssh.remove();
  }
}

function hanging(dir: string): readonly number[] {
  if (!fs.existsSync(`${dir}/hanging`)) return [];
  return fs.readFileSync(`${dir}/hanging`, 'latin1').trim().split('\n').map(Number);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const whole = (looks: readonly HostLook[]): readonly string[] =>
  looks.map((each) =>
    each.kind === 'failed'
      ? `${each.host}: ${each.why}`
      : `${each.host}: ${each.sight.units.join(' ')}${each.sight.cut === undefined ? '' : `, ${each.sight.cut}`}`,
  );

test('each host says what was seen or why nothing was, in the order in which they were named', async () => {
  const looks = await look({
    good: LOOK,
    noisy: `echo 'Welcome to noisy'; printf 'last login: '; ${LOOK}`,
    after: `${LOOK}; exec sleep 100000`,
    cut: `${LOOK.replace(` '["end",1,""]'`, '')}; exit 255`,
    refused: `echo 'ann@refused: Permission denied (publickey).' >&2; exit 255`,
    gone: `echo 'ssh: Could not resolve hostname gone: Name or service not known' >&2; exit 255`,
    router: `printf '\\033[2J%% Invalid input\\r\\n'; exit 0`,
    noshell: `echo 'sh: not found' >&2; exit 127`,
    silent: 'exit 0',
  });
  assert.deepEqual(whole(looks), [
    'good: look list end',
    'noisy: look list end',
    'after: look list end',
    'cut: look list, it broke off',
    'refused: no connection to refused: ann@refused: Permission denied (publickey).',
    'gone: no connection to gone: ssh: Could not resolve hostname gone: Name or service not known',
    'router: router answers with no look: % Invalid input',
    'noshell: noshell answers with no look: sh: not found',
    'silent: silent answers with no look: the shell there ended with 0',
  ]);
  for (const each of looks) if (each.kind === 'failed') assert.notEqual(each.remedy, '');
});

test('a host that hangs costs its limit, before its first record and after it', async () => {
  const limits: (() => void)[] = [];
  const later: LookAtHosts['later'] = (span, act) => {
    if (span === minutes(5)) limits.push(act);
    return () => undefined;
  };
  let isPassed = false;
  const progress: LookAtHosts['progress'] = ({ doneCount, byteCount }) => {
    if (doneCount < 1 || byteCount < RECORDS_SIZE || isPassed) return;
    isPassed = true;
    for (const act of limits) act();
  };
  const begun = `printf '%s\\n' '["look",1,0,0,"root"]'; ${HANG}`;
  const looks = await look({ before: HANG, begun, good: LOOK }, { later, progress });
  assert.deepEqual(whole(looks), [
    'before: before was not done after 5 min',
    'begun: look, begun was not done after 5 min',
    'good: look list end',
  ]);
});

test('one that prints on and on without a record is ended', async () => {
  const looks = await look({ yes: 'exec yes y', good: LOOK });
  assert.deepEqual(whole(looks), ['yes: yes prints on and on, and no look', 'good: look list end']);
});

test('stopped, it answers with what is there and asks nobody any more', async () => {
  const stop = new AbortController();
  const progress: LookAtHosts['progress'] = ({ doneCount, byteCount }) => {
    // The first is done, and the second has said something.
    if (doneCount === 1 && byteCount > 100) stop.abort();
  };
  const said = `printf '%s\\n' '["look",1,0,0,"root"]' '["list","/","${'x'.repeat(100)}"]'; ${HANG}`;
  const hosts = { good: LOOK, stuck: said, never: LOOK };
  const looks = await look(hosts, { stop: stop.signal, progress, atOnce: 1 });
  assert.deepEqual(whole(looks), [
    'good: look list end',
    'stuck: look list, it was stopped here',
    'never: it was stopped here',
  ]);
});

test('no more than asked for at once', async () => {
  let most = 0;
  const names = Array.from({ length: 9 }, (_, at) => `h${at}`);
  const hosts = Object.fromEntries(names.map((name) => [name, LOOK]));
  const looks = await look(hosts, {
    atOnce: 4,
    progress: ({ asked }) => {
      most = Math.max(most, asked.length);
    },
  });
  assert.deepEqual(
    looks.map(({ host }) => host),
    names,
  );
  assert.equal(most, 4);
});

test('ssh is told to ask nobody, to forward nothing and to check host keys as configured', async () => {
  const args = `echo "$ARGS" >&2; exit 3`;
  const [batch] = await look({ hv1: args }, {}, ['ann@hv1:2222']);
  const [asking] = await look({ hv1: args }, { mayAsk: true });
  assert.ok(batch?.kind === 'failed' && asking?.kind === 'failed');
  const wanted = [
    '-T',
    '-a',
    '-x',
    'BatchMode=yes',
    'ConnectTimeout=15',
    'ClearAllForwardings=yes',
  ];
  for (const word of [...wanted, 'ForwardAgent=no', 'ControlMaster=no', '-l ann', '-p 2222']) {
    assert.ok(batch.why.includes(word), `${word}: ${batch.why}`);
  }
  assert.match(batch.why, / -- hv1 exec sh -s 285$/);
  assert.doesNotMatch(asking.why, /BatchMode/);
  assert.doesNotMatch(batch.why + asking.why, /StrictHostKeyChecking/);
});

test('the machine itself is looked at by its own shell, which is ended with all it started', async () => {
  const script = `printf '%s\\n' '["look",1,0,0,"root"]'; sleep 100000 & echo '["run","'$!'",0,""]'; wait`;
  const seen: string[] = [];
  const readSight: LookAtHosts['readSight'] = async (bytes, asked) => {
    for await (const some of bytes) {
      seen.push(Buffer.from(some).toString());
      if (seen.join('').includes('"run"')) break;
    }
    return readKinds(Readable.from([]), asked);
  };
  const looks = await look({ localhost: '' }, { script, readSight });
  assert.equal(looks[0]?.kind, 'answered');
  const pid = Number(/"run","(\d+)"/.exec(seen.join(''))?.[1]);
  assert.ok(pid > 1);
  while (isRunning(pid) && !isZombie(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
});

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}
