// Goal: over a real sshd a target becomes what a place holds, judged by its own machine, with few bytes; a
// link that breaks leaves nothing half; neither side believes the other.
// Method: the real command line on both sides, with a state directory each; proxies that cut; a near and
// a far side that say what no honest one would.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { canStartSshd, type Sshd, startSshd } from '../ssh/sshd-fixture.ts';
import { type SyncPlace, syncPlace } from './sync-place.ts';
import { onTerminal } from './terminal.ts';

const missing: string[] = [];
const canRun = canStartSshd({ skip: (why = '') => void missing.push(why) });
let running: Promise<Sshd> | undefined;
after(async () => (await running)?.stop());

interface Far {
  readonly place: SyncPlace;
  /** The target, as it is named. */
  readonly target: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly farState: string;
}

async function far(t: TestContext): Promise<Far | undefined> {
  if (!canRun) {
    t.skip(missing.join('; '));
    return undefined;
  }
  running ??= startSshd();
  const sshd = await running;
  sshd.authorize('');
  const place = syncPlace(t);
  const farState = path.join(place.dir, 'far-state');
  const config = path.join(place.dir, 'far.yaml');
  fs.writeFileSync(config, 'guard:\n  modes: { live: observe, radius: observe }\n');
  const env = {
    HOLDFAST_SSH: sshd.environment.HOLDFAST_SSH,
    HOLDFAST_REMOTE: `env HOLDFAST_CONFIG=${config} HOLDFAST_STATE=${farState} ${PROGRAM}`,
  };
  return { place, farState, env, target: `${sshd.host}:${sshd.port}:${place.target}` };
}

/** An ssh that runs the command here, through a filter of what the near side sends. */
function localSsh(place: SyncPlace, filter: string, answers = 'cat'): string {
  const script = path.join(
    place.dir,
    `ssh-${createHash('sha256').update(`${filter} ${answers}`).digest('hex').slice(0, 16)}`,
  );
  const lines = ['#!/bin/sh', 'for a; do last=$a; done', `${filter} | sh -c "$last" | ${answers}`];
  fs.writeFileSync(script, `${lines.join('\n')}\n`, { mode: 0o755 });
  return script;
}

test('over ssh: adds, changes, renames, takes away, and again is nothing', async (t) => {
  if (!needs(t, 'rsync')) return;
  const given = await far(t);
  if (given === undefined) return;
  const { place, target, env, farState } = given;
  for (let at = 0; at < 10; at++) place.fill(30, `d${at}`);
  fs.writeFileSync(path.join(place.source, 'large'), Buffer.alloc(12_000_000, 'lorem ipsum'));
  fs.linkSync(path.join(place.source, 'd1/f1'), path.join(place.source, 'd2/again'));
  const to = [place.source, target, '--yes'];
  assert.equal(place.json(to, { env }).code, 0);
  place.demandEqual();
  assert.ok(fs.existsSync(path.join(farState, 'guard/plans')), 'the plan lies there');
  assert.equal(fs.existsSync(path.join(place.state, 'guard/plans')), false, 'and not here');
  assert.equal(place.json(to, { env }).said.notDone, 'equal');

  fs.rmSync(path.join(place.source, 'd3/f3'));
  fs.renameSync(path.join(place.source, 'd4'), path.join(place.source, 'e4'));
  place.put('d5/f5', 'other');
  const changed = place.json(to, { env });
  assert.equal(changed.code, 0, JSON.stringify(changed.said));
  place.demandEqual();
  assert.equal(changed.said.plan.summary.rename?.ops, 1);
  const bytes = changed.said.done?.linkBytes ?? Number.POSITIVE_INFINITY;
  assert.ok(bytes < 20_000, `what did not change is not sent: ${bytes} bytes`);
  const before = place.holdfast(['undo', changed.said.plan.id, '--json'], {
    env: { HOLDFAST_STATE: farState, HOLDFAST_CONFIG: path.join(place.dir, 'far.yaml') },
  });
  assert.equal(before.status, 0, before.stdout + before.stderr);
  assert.ok(fs.existsSync(path.join(place.target, 'd3/f3')), 'what was taken away is there again');
  assert.ok(fs.existsSync(path.join(place.target, 'd4/f4')), 'and under its old name');
});

test('the machine of the target judges: frozen there is frozen', async (t) => {
  const given = await far(t);
  if (given === undefined) return;
  const { place, target, env, farState } = given;
  place.fill(3);
  const there = { env: { HOLDFAST_STATE: farState } };
  const frozen = place.holdfast(['freeze', '--for', '1h', '--reason', 'test'], there);
  assert.equal(frozen.status, 0, frozen.stderr);
  const { code, said } = place.json([place.source, target, '--yes'], { env });
  assert.equal(code, 2, JSON.stringify(said.verdict));
  assert.ok(said.verdict.objections.some(({ rule }) => rule === 'exact-plan'));
  assert.deepEqual(fs.readdirSync(place.target), []);
});

test('what lies at the target and is not its own stays, as on this machine', async (t) => {
  const given = await far(t);
  if (given === undefined) return;
  const { place, target, env } = given;
  place.fill(3);
  place.put('foreign', 'x', place.target);
  const { code, said } = place.json([place.source, target, '--yes'], { env });
  assert.equal(code, 2);
  assert.equal(said.verdict.decision, 'additive-only');
  assert.deepEqual(fs.readdirSync(place.target).sort(), ['f0', 'f1', 'f2', 'foreign']);
});

test('what waits over there is named with its machine, and shown whole on request', async (t) => {
  const given = await far(t);
  if (given === undefined) return;
  const { place, target, env } = given;
  place.fill(30);
  place.put('old', 'from before', place.target);
  const all = place.json([place.source, target, '--dry-run', '--all'], { env }).said;
  assert.equal(all.ops?.length, all.plan.ops.count);
  assert.ok(all.plan.ops.count > 30);
  const { stdout } = place.run([place.source, target], { env });
  const words = stdout.replaceAll(/\s+/g, ' ');
  const at = target.slice(0, target.lastIndexOf(':'));
  assert.ok(words.includes(`below ${target}`), stdout);
  assert.ok(words.includes(`on ${at}: holdfast plan p-`), stdout);
});

test('a link that breaks anywhere leaves whole files only, and the next run ends it', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  for (let at = 0; at < 4; at++) place.fill(30, `d${at}`);
  fs.writeFileSync(path.join(place.source, 'large'), noise(400_000));
  const farState = path.join(place.dir, 'far-state');
  const remote = `env HOLDFAST_STATE=${farState} ${PROGRAM}`;
  const to = [place.source, `other:${place.target}`, '--yes'];
  for (const cut of [100, 2_000, 12_000, 200_000]) {
    const env = {
      HOLDFAST_SSH: localSsh(place, `stdbuf -o0 head -c ${cut}`),
      HOLDFAST_REMOTE: remote,
    };
    const ran = place.run(to, { env });
    assert.notEqual(ran.status, 0, `cut after ${cut}: ${ran.stdout}`);
    for (const line of place.listing()) {
      const [name = '', , , , , digest] = line.split(' ');
      const of = place.listing(place.source).find((each) => each.startsWith(`${name} `));
      assert.equal(digest, of?.split(' ')[5], `${name} after ${cut} bytes`);
    }
  }
  const env = { HOLDFAST_SSH: localSsh(place, 'cat'), HOLDFAST_REMOTE: remote };
  assert.equal(place.json(to, { env }).code, 0);
  place.demandEqual();
});

test('a path over there is what it says: below the home directory, no option, any letters', (t) => {
  const place = syncPlace(t);
  place.fill(1);
  const home = path.join(place.dir, 'a home');
  fs.mkdirSync(home);
  const ssh = path.join(place.dir, 'ssh-home');
  const lines = [
    '#!/bin/sh',
    'for a; do last=$a; done',
    `cd '${home}'`,
    `HOME='${home}' sh -c "$last"`,
  ];
  fs.writeFileSync(ssh, `${lines.join('\n')}\n`, { mode: 0o755 });
  const remote = `env HOLDFAST_STATE=${path.join(place.dir, 'far-state')} ${PROGRAM}`;
  const env = { HOLDFAST_SSH: ssh, HOLDFAST_REMOTE: remote };
  for (const name of ['-x', '~/tilde', 'rel', "with 'quotes'\nand more"]) {
    const { code } = place.json([place.source, `other:${name}`, '--yes'], { env });
    assert.equal(code, 0, name);
    assert.deepEqual(fs.readdirSync(path.join(home, name.replace('~/', ''))), ['f0'], name);
  }
  for (const unset of [':/srv', 'other::module', '@:/srv']) {
    const ran = place.run([place.source, unset, '--yes'], { env });
    assert.equal(ran.status, 64, `${unset}: ${ran.stdout}`);
  }
});

test('a freeze or a claim over there stops or holds what comes from here, and says so', async (t) => {
  const place = syncPlace(t);
  for (let at = 0; at < 20; at++) place.fill(100, `d${at}`);
  const farState = path.join(place.dir, 'far-state');
  const there = { env: { HOLDFAST_STATE: farState } };
  const env = {
    ...{ ...process.env, HOLDFAST_VAULT: place.vault, HOLDFAST_STATE: place.state },
    ...{ HOLDFAST_FULL_SPEED: '1', HOLDFAST_CONFIG: place.config, LC_ALL: 'C.UTF-8' },
    // So slow that it is still under way when somebody freezes: 64 KiB of answers a second.
    HOLDFAST_SSH: localSsh(place, SLOW),
    HOLDFAST_REMOTE: `env HOLDFAST_STATE=${farState} ${PROGRAM}`,
  };
  const child = spawn(PROGRAM, ['sync', place.source, `other:${place.target}`, '--yes'], {
    ...{ env, cwd: place.dir },
  });
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      shown += bytes.toString();
    });
  }
  const ended = once(child, 'close') as Promise<[number | null]>;
  const deadline = Date.now() + 100_000;
  while (fs.readdirSync(place.target).length === 0) {
    assert.ok(Date.now() < deadline && child.exitCode === null, shown);
    await setTimeout(20);
  }
  const frozen = place.holdfast(['freeze', '--for', '1h', '--reason', 'storage'], there);
  assert.equal(frozen.status, 0, frozen.stderr);
  const [code] = await ended;
  assert.equal(code, 1, shown);
  assert.match(shown.replaceAll(/\s+/g, ' '), /STOPPED .* changes are frozen here/);
  const came = place.names().filter((name) => /\/f\d+$/.test(name)).length;
  assert.ok(came < 2000, `${came} of 2000`);
  place.holdfast(['unfreeze'], there);

  const claimed = place.holdfast(['claim', place.target, '--reason', 're-imaging', '--for', '1h'], {
    env: { ...there.env, SUDO_USER: 'zoe', LOGNAME: 'zoe', USER: 'zoe' },
  });
  assert.equal(claimed.status, 0, claimed.stderr);
  const held = place.run([place.source, `other:${place.target}`, '--yes'], {
    env: { HOLDFAST_SSH: localSsh(place, 'cat'), HOLDFAST_REMOTE: env.HOLDFAST_REMOTE },
  });
  assert.equal(held.status, 2, held.stdout + held.stderr);
  assert.match(held.stdout.replaceAll(/\s+/g, ' '), /re-imaging/);
});

/** Of each piece it lets pass a little, and waits. */
const SLOW = `${process.execPath} -e '
  const pieces = [];
  process.stdin.on("data", (bytes) => {
    for (let at = 0; at < bytes.length; at += 512) pieces.push(bytes.subarray(at, at + 512));
  });
  let ended = false;
  process.stdin.on("end", () => { ended = true; });
  setInterval(() => {
    const piece = pieces.shift();
    if (piece !== undefined) process.stdout.write(piece);
    else if (ended) process.exit(0);
  }, 8);
'`;

test('ssh of one target may ask on the terminal; of many it is apart, and no Ctrl-C reaches it', async (t) => {
  if (!needs(t, 'bsdutils')) return;
  const place = syncPlace(t);
  place.fill(1);
  const said = path.join(place.dir, 'said');
  const ssh = path.join(place.dir, 'ssh-said');
  const lines = ['#!/bin/sh', `echo "$@" >>${said}`, 'for a; do last=$a; done', 'sh -c "$last"'];
  fs.writeFileSync(ssh, `${lines.join('\n')}\n`, { mode: 0o755 });
  const env = {
    ...{ HOME: place.dir, LANG: 'C.UTF-8', HOLDFAST_STATE: place.state, HOLDFAST_SSH: ssh },
    HOLDFAST_VAULT: place.vault,
    HOLDFAST_REMOTE: `env HOLDFAST_STATE=${path.join(place.dir, 'far-state')} ${PROGRAM}`,
  };
  for (const [targets, isApart] of [
    [['a'], false],
    [['b', 'c'], true],
  ] as const) {
    const places = targets.map((name) => `other:${path.join(place.dir, name)}`).join(' ');
    const command = `${PROGRAM} sync ${place.source} ${places} --yes`;
    const ran = await onTerminal(command, { env, cwd: place.dir });
    assert.equal(ran.status, 0, ran.shown);
    const calls = fs.readFileSync(said, 'utf8').trim().split('\n');
    assert.ok(
      calls.every((call) => call.includes('BatchMode=yes') === isApart),
      calls.join('\n'),
    );
    fs.rmSync(said);
  }
});

test('a hostile far side gets no object that is not in the snapshot, and no word onto the terminal', (t) => {
  const place = syncPlace(t);
  place.fill(3);
  const hostile = path.join(place.dir, 'hostile.mjs');
  fs.writeFileSync(hostile, HOSTILE_FAR);
  for (const what of ['want', 'noise', 'escape', 'length', 'plan']) {
    const ssh = path.join(place.dir, `ssh-${what}`);
    fs.writeFileSync(ssh, `#!/bin/sh\nexec ${process.execPath} ${hostile} ${what}\n`, {
      mode: 0o755,
    });
    const ran = place.run([place.source, `other:${place.target}`, '--yes'], {
      env: { HOLDFAST_SSH: ssh },
    });
    assert.equal(ran.status, 1, `${what}: ${ran.stdout}${ran.stderr}`);
    assert.doesNotMatch(ran.stderr + ran.stdout, /\x1b\[31mboo/, what);
    assert.match(
      ran.stderr,
      /HF_(?:SYNC_PROTOCOL|SSH_ANSWER|SYNC_CONTENT|PLAN_INVALID|DISK_FULL)/,
      what,
    );
  }
});

/** Bytes that do not compress, the same each time. */
function noise(size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at * 32 < size; at++) blocks.push(createHash('sha256').update(`${at}`).digest());
  return Buffer.concat(blocks).subarray(0, size);
}

const HOSTILE_FAR = `
const what = process.argv[2];
const frame = (kind, rest) => {
  const bytes = Buffer.alloc(5 + rest.length);
  bytes.writeUInt32LE(rest.length + 1, 0);
  bytes[4] = kind;
  Buffer.from(rest).copy(bytes, 5);
  process.stdout.write(bytes);
};
const json = (kind, value) => frame(kind, Buffer.from(JSON.stringify(value)));
if (what === 'noise') process.stdout.write('Welcome to this machine!\\n');
else {
  process.stdout.write('holdfast-sync 0\\n');
  if (what === 'length') process.stdout.write(Buffer.from([255, 255, 255, 255, 0x81]));
  else json(0x81, { software: '1', host: 'x' });
}
process.stdin.resume();
let asked = false;
process.stdin.on('data', () => {
  if (asked) return;
  asked = true;
  if (what === 'want') frame(0x82, Buffer.concat([Buffer.from([0]), Buffer.alloc(32, 7)]));
  if (what === 'escape') json(0xff, { code: 'HF_DISK_FULL', message: '\\u001b[31mboo', facts: { path: '\\u001b[31mboo' } });
  if (what === 'plan') frame(0x83, Buffer.from('{"format":"holdfast-plan/0"}\\n{}\\n{}\\n'));
});
process.stdin.on('end', () => process.exit(0));
`;

test('a hostile near side reaches nothing outside the target, and is told no', (t) => {
  const place = syncPlace(t);
  const program = [PROGRAM, 'sync-target', 'stdio', place.target];
  for (const input of HOSTILE_NEAR) {
    const ran = spawnSync(program[0] ?? '', program.slice(1), {
      input,
      env: { ...process.env, HOLDFAST_STATE: path.join(place.dir, 'far-state') },
      cwd: place.dir,
      encoding: 'latin1',
    });
    assert.equal(ran.status, 1, ran.stderr);
    assert.match(ran.stdout, /^holdfast-sync 0\n/);
    assert.doesNotMatch(ran.stderr, /at .*\.ts:/, 'a fault, no bug');
    assert.deepEqual(fs.readdirSync(place.target), []);
  }
});

function frameOf(kind: number, rest: Buffer | string): Buffer {
  const body = Buffer.from(rest);
  const bytes = Buffer.alloc(5 + body.length);
  bytes.writeUInt32LE(body.length + 1, 0);
  bytes[4] = kind;
  body.copy(bytes, 5);
  return bytes;
}

const LISTING = {
  ...{ complete: 'yes', filter: null, filterNarrowsDeletes: true, seen: 1, errors: [] },
  ...{ sentinels: [], readAt: 0 },
};
const OFFER = {
  ...{ root: '00'.repeat(32), pipeline: 'sync:x:/y', isNamed: false, isEnrolled: false },
  actor: { name: 'mallory@x', kind: 'human' },
  source: {
    place: 'x:/y',
    identity: 'x:/y',
    role: 'unknown',
    generation: 0,
    listing: LISTING,
    differs: [],
  },
  ...{ fromHosts: ['x'], excludes: [], isEdited: false },
  options: { readAll: false, allOrNothing: false, dryRun: false, wantsOps: true },
};

const HOSTILE_NEAR: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from('SSH-2.0-hello\r\n'),
  Buffer.from([0, 0, 0, 0]),
  Buffer.from([255, 255, 255, 255, 1]),
  frameOf(1, '{}'),
  frameOf(1, 'not json'),
  frameOf(1, JSON.stringify({ ...OFFER, root: '../../etc' })),
  frameOf(7, '{"outcome":"held"}'),
  // Objects that have not the digest they should.
  Buffer.concat([frameOf(1, JSON.stringify(OFFER)), frameOf(4, 'no zstd')]),
  Buffer.concat([frameOf(1, JSON.stringify({ ...OFFER, isEdited: true })), frameOf(3, '')]),
  Buffer.concat([frameOf(1, JSON.stringify(OFFER)), frameOf(6, Buffer.alloc(32))]),
];
