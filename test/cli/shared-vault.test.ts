// Goal: two hosts that call a data set the same share one vault, and neither's drill, restore or
// exposure takes the other's for its own; a host that was set up anew finds what it wrote before.
// Method: the real program in two UTS and mount namespaces, so that one machine is two hosts with other
// files at the same path, each with a state of its own.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test, type TestContext } from 'node:test';
import { Bench, PROGRAM, type Ran, type Said } from './run-cli.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

/** Its own files lie below HOST, and it sees them at `data`. */
const AS_HOST = 'hostname "$1" && mount --bind "$2" "$3" && shift 3 && exec "$@"';

class Host {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    fs.mkdirSync(bench.at(name), { recursive: true });
  }

  run(...args: readonly string[]): Ran {
    const places = [bench.at(this.name), bench.at('data')];
    const words = ['-um', 'sh', '-c', AS_HOST, 'sh', this.name, ...places, PROGRAM, ...args];
    const env = {
      HOLDFAST_STATE: bench.at(`state-${this.name}`),
      HOLDFAST_KEY_FILE: bench.at('key'),
    };
    return bench.run(words, { program: 'unshare', env });
  }

  json(...args: readonly string[]): { status: number | null; said: Said; stderr: string } {
    const { status, stdout, stderr } = this.run(...args, '--json');
    assert.notEqual(stdout, '', stderr);
    return { status, said: JSON.parse(stdout) as Said, stderr };
  }

  backup(): string {
    const { said } = this.json('backup', '--name', 'www', bench.at('data'));
    const [one] = said.backups ?? [];
    assert.ok(one?.snapshot !== undefined, JSON.stringify(said));
    return one.snapshot;
  }

  /** As one whose disk was replaced. */
  isSetUpAnew(): void {
    fs.rmSync(bench.at(`state-${this.name}`), { recursive: true });
  }
}

function twoHosts(t: TestContext): readonly [Host, Host] | undefined {
  if (process.getuid?.() !== 0) {
    t.skip('only root gives a process a host name and a mount of its own');
    return undefined;
  }
  const [a, b] = [new Host('web1'), new Host('web2')];
  bench.write('web1/page', 'of the first');
  bench.write('web2/page', 'of the second');
  fs.mkdirSync(bench.at('data'));
  const made = bench.run(['init', '--new-key-file', bench.at('key')]);
  assert.equal(made.status, 0, made.stderr);
  return [a, b];
}

const OWN = ['drill', 'latest', '--data-set', 'www', '--own'];

test('a drill of its own is of its own; the newest of the vault is said to be another’s', (t) => {
  const hosts = twoHosts(t);
  if (hosts === undefined) return;
  const [a, b] = hosts;
  const [ofA, ofB] = [a.backup(), b.backup()];
  const foreign = a.json('drill', 'latest', '--data-set', 'www');
  // The page at this path is another host's: no damage that it differs.
  assert.deepEqual(
    [foreign.status, foreign.said.snapshot, foreign.said.host, foreign.said.isOwn],
    [0, ofB, 'web2', false],
  );
  assert.match(foreign.stderr, /the newest is of web2\. Of another: --host web1\n/);
  const { isCompared, why } = foreign.said.source as { isCompared: boolean; why: string };
  assert.deepEqual([isCompared, why], [false, 'it was taken on web2, not on this host']);
  assert.equal(a.run('vault', 'check', '--read-data').status, 0);
  assert.match(a.run('exposure').stdout, /never drilled/);

  const own = a.json(...OWN);
  assert.deepEqual([own.status, own.said.snapshot, own.said.isOwn, own.stderr], [0, ofA, true, '']);
  assert.equal((own.said.source as { isCompared: boolean }).isCompared, true);
  assert.equal(b.json(...OWN).said.snapshot, ofB);
  const restore = ['restore', 'latest', '--data-set', 'www'];
  assert.equal(a.run(...restore, '--own', bench.at('back')).status, 0);
  assert.equal(fs.readFileSync(bench.at('back/page'), 'utf8'), 'of the first');
  assert.equal(a.run(...restore, '--host', 'web2', bench.at('theirs')).status, 0);
  assert.equal(fs.readFileSync(bench.at('theirs/page'), 'utf8'), 'of the second');
});

test('a host that was set up anew drills what it wrote before, and says so', (t) => {
  const hosts = twoHosts(t);
  if (hosts === undefined) return;
  const [a, b] = hosts;
  const ofA = a.backup();
  b.backup();
  a.isSetUpAnew();
  const anew = a.json(...OWN);
  assert.deepEqual([anew.status, anew.said.snapshot, anew.said.isOwn], [0, ofA, false]);
  assert.match(anew.stderr, /has not backed up www since it was set up/);
  const again = a.backup();
  assert.equal(a.json(...OWN).said.snapshot, again);
  // Another host that wrote none gets none, and is told whose there are.
  const other = new Host('db1').json(...OWN);
  assert.deepEqual([other.status, other.said.error?.code], [64, 'HF_SNAPSHOT_OF_OTHERS']);
  assert.equal(a.run('drill', '--service', 'wiki', '--own').status, 64, 'not silently any run');
  assert.match(other.said.error?.remedy ?? '', /web1 \(writer [0-9a-f]{16}\), .*web2 \(writer/);
});
