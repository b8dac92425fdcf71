/** What the index of a very large vault costs: disk, memory, opening, lookups. `npm run bench-index -- --help` */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byteString } from '../src/base/bytes.ts';
import { nodePorts } from '../src/main/vault-session.ts';
import { storeAt } from '../src/main/vault-line.ts';
import { makeIndexes, MIXES, type Mix } from './index-made.ts';
import { describeMachine } from './machine.ts';
import { measure } from './measure.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import { TOOLS } from './tools.ts';

const HELP = `npm run bench-index -- [options] [file] [image]

  --ids N       of each mix (default 20000000)
  --lookups N   of each kind (default 200000)
  --seed N      of all ids (default 1)
{common}
file: each id one small file. image: blocks of 128 KiB, two in a group. The format has no runs of
blocks in one entry. Packs are there in name and size only.
`;

const OPTIONS = { ids: '20000000', lookups: '200000', seed: '1' };

async function main({
  scratch,
  values,
  parts,
  keep,
}: BenchRun<keyof typeof OPTIONS>): Promise<void> {
  const [ids, lookups, seed] = [values.ids, values.lookups, values.seed].map(Number) as [
    number,
    number,
    number,
  ];
  const mixes = (Object.keys(MIXES) as Mix[]).filter(
    (mix) => parts.length === 0 || parts.includes(mix),
  );
  const result: Record<string, object> = {
    about: {
      date: new Date().toISOString(),
      machine: describeMachine(scratch.root),
      seed,
      lookups,
    },
  };
  for (const mix of mixes) {
    const home = scratch.directory(mix);
    const site = { input: home, home, target: home, backupNumber: 0, isSparse: false };
    const init = TOOLS.holdfast.prepare?.(site);
    if (init === undefined) throw new Error('holdfast makes vaults');
    await measure({ command: init }, scratch);
    const ports = nodePorts();
    const vault = join(home, 'vault');
    const store = storeAt(ports, byteString(vault));
    const made = await makeIndexes({ store, tools: ports.tools, vault }, { mix, ids, seed });
    const worker = fileURLToPath(new URL('index-ids-worker.ts', import.meta.url));
    const args = [worker, home, ids, seed, lookups].map(String);
    const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`${mix} ended with ${ran.status}: ${ran.stderr}`);
    const bytesPerId = made.indexBytes / ids;
    result[mix] = { ids, ...made, bytesPerId, ...(JSON.parse(ran.stdout) as object) };
    await scratch.remove(home);
    scratch.signal.throwIfAborted();
  }
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  keep('index', result);
}

await runBench({ help: HELP, options: OPTIONS }, main);
