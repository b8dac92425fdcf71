/**
 * Makes a vault for test/golden/vaults with the product as it is: `node test/vault/make-golden-vault.ts
 * FOLDER`, and with `--collected` one that is older than a day: snapshots forgotten, packs and indexes
 * written anew, a tree seen unchanged. Keys are drawn, so no two are alike; one that was released is
 * never made anew. docs/format/compatibility.md
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { days, unixMs } from '../../src/base/units.ts';
import { Bench } from '../cli/run-cli.ts';
import { backupAt } from './dated-backups.ts';
import { type Digests, digestsBelow, GOLDEN_PASSPHRASE, snapshotsOf } from './golden-vaults.ts';

/** What anybody can put into a vault anew from the product. */
const DOCUMENTS = ['README.txt', 'FORMAT.md', 'MANIFEST.md', 'rescue.mjs', 'rescue.py'];
const FIRST = 'data/first.txt';

function writeFirst(bench: Bench): void {
  bench.write(FIRST, 'as it was first');
  bench.write('data/deep/same.txt', 'the same in both\n'.repeat(300));
  bench.write('data/Ünïcode ☃', 'a name that is not ASCII');
  bench.write('data/empty', '');
  // Random bytes of more than a chunk do not become smaller and are cut; they repeat once.
  const block = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * at * 31) % 251));
  bench.write('data/large', Buffer.concat(Array.from({ length: 400 }, () => block)));
  fs.symlinkSync('first.txt', bench.at('data/link'));
  fs.linkSync(bench.at(FIRST), bench.at('data/again'));
  fs.truncateSync(bench.write('data/holes.img', 'begins'), 3_000_000);
}

type Done = (args: readonly string[]) => void;

/** Three keys that open it: in the state, by passphrase, and one that only reads. */
function newKeys(bench: Bench, done: Done): readonly (readonly [name: string, file: string])[] {
  done(['init']);
  const [id = ''] = fs.readdirSync(bench.at('state/vaults'));
  const passphrase = bench.write('passphrase', `${GOLDEN_PASSPHRASE}\n`);
  done(['key', 'add', '--new-passphrase-file', passphrase]);
  const reading = bench.at('reading-key');
  done(['key', 'add', '--scope', 'content', '--new-key-file', reading]);
  return [
    ['key', bench.at('state/vaults', id, 'key')],
    ['reading-key', reading],
  ];
}

function writeSecond(bench: Bench): void {
  fs.appendFileSync(bench.at(FIRST), ', and then more');
  bench.write('data/second.txt', 'came later');
}

/** @returns what each snapshot restores to, by its id */
async function backUpEachWeek(bench: Bench): Promise<ReadonlyMap<string, Digests>> {
  const taken = new Map<string, Digests>();
  const of = { data: bench.at('data'), dataSet: 'data' };
  for (let week = 12; week > 1; week--) {
    // Of each some is needed on, so that packs become sparse, and groups.
    bench.write(`data/weeks/${week}`, randomBytes(2_000));
    bench.write('data/changing', randomBytes(6_000));
    const id = await backupAt(bench, unixMs(Date.now() - week * days(7)), of);
    taken.set(id, digestsBelow(of.data));
  }
  return taken;
}

/** What changed less than a minute before is read again, and so makes a snapshot. */
const RACY_S = '62';

/** Forgotten by a rule, then freed: the grace is a second. Then the tree is seen unchanged. */
function collect(done: Done): void {
  const rules = ['--keep', 'last=2,min-age=1d', '--grace', '1s', '--sparse', '95%', '--yes'];
  done(['vault', 'gc', ...rules]);
  execFileSync('sleep', ['1.1']);
  done(['vault', 'gc', ...rules]);
  execFileSync('sleep', [RACY_S]);
  for (let round = 0; round < 2; round++) done(['backup', 'data', '--name', 'data']);
}

async function make(folder: string, isCollected: boolean): Promise<void> {
  const bench = new Bench();
  const done: Done = (args) => {
    const ran = bench.run(args);
    if (ran.status !== 0) throw new Error(`holdfast ${args.join(' ')}: ${ran.stderr}`);
  };
  try {
    writeFirst(bench);
    const keys = newKeys(bench, done);
    const taken = isCollected ? await backUpEachWeek(bench) : new Map<string, Digests>();
    done(['backup', 'data', '--name', 'data']);
    const newest = digestsBelow(bench.at('data'));
    if (isCollected) collect(done);
    const { id = '' } = snapshotsOf(bench)[0] ?? {};
    const first = taken.get(id) ?? newest;
    writeSecond(bench);
    done(['backup', 'data', '--name', 'data', '--tag', 'golden']);
    done(['vault', 'hold', id, '--reason', 'golden']);
    const content = { first, latest: digestsBelow(bench.at('data')) };
    fs.mkdirSync(folder, { recursive: true });
    fs.cpSync(bench.vault, path.join(folder, 'vault'), { recursive: true });
    for (const name of [...DOCUMENTS, 'tmp']) {
      fs.rmSync(path.join(folder, 'vault', name), { recursive: true, force: true });
    }
    for (const [name, file] of keys) fs.copyFileSync(file, path.join(folder, name));
    fs.writeFileSync(path.join(folder, 'content.json'), `${JSON.stringify(content, null, 2)}\n`);
  } finally {
    bench.remove();
  }
}

const { values, positionals } = parseArgs({
  options: { collected: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [folder] = positionals;
if (folder === undefined) throw new Error('name the folder');
await make(folder, values.collected);
