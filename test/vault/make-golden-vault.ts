/**
 * Makes a vault for test/golden/vaults with the product as it is: `node test/vault/make-golden-vault.ts
 * FOLDER`. Keys are drawn, so no two are alike; one that was released is never made anew.
 * docs/format/compatibility.md
 */
import * as fs from 'node:fs';
import path from 'node:path';
import { Bench } from '../cli/run-cli.ts';
import { digestsBelow, GOLDEN_PASSPHRASE } from './golden-vaults.ts';

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

function make(folder: string): void {
  const bench = new Bench();
  const done = (args: readonly string[], env: Readonly<Record<string, string>> = {}): string => {
    const ran = bench.run(args, { env });
    if (ran.status !== 0) throw new Error(`holdfast ${args.join(' ')}: ${ran.stderr}`);
    return ran.stdout;
  };
  try {
    writeFirst(bench);
    const key = bench.at('key');
    done(['init', '--new-key-file', key]);
    const passphrase = bench.write('passphrase', `${GOLDEN_PASSPHRASE}\n`);
    done(['key', 'add', '--key-file', key, '--new-passphrase-file', passphrase]);
    const reading = bench.at('reading-key');
    const limited = ['--scope', 'content', '--new-key-file', reading];
    done(['key', 'add', '--key-file', key, ...limited]);
    done(['backup', 'data', '--name', 'data', '--key-file', key]);
    const first = digestsBelow(bench.at('data'));
    fs.appendFileSync(bench.at(FIRST), ', and then more');
    bench.write('data/second.txt', 'came later');
    done(['backup', 'data', '--name', 'data', '--tag', 'golden', '--key-file', key]);
    const held = bench.json(['snapshots', '--key-file', key]).said.snapshots?.[0]?.id ?? '';
    done(['vault', 'hold', held, '--reason', 'golden', '--key-file', key]);
    const content = { first, latest: digestsBelow(bench.at('data')) };
    fs.mkdirSync(folder, { recursive: true });
    fs.cpSync(bench.vault, path.join(folder, 'vault'), { recursive: true });
    for (const name of [...DOCUMENTS, 'tmp']) {
      fs.rmSync(path.join(folder, 'vault', name), { recursive: true, force: true });
    }
    for (const name of ['key', 'reading-key']) {
      fs.copyFileSync(bench.at(name), path.join(folder, name));
    }
    fs.writeFileSync(path.join(folder, 'content.json'), `${JSON.stringify(content, null, 2)}\n`);
  } finally {
    bench.remove();
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder');
make(folder);
