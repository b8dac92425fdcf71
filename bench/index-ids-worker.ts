/** One process that opens a vault of `index-ids.ts` and says what its index costs: `-- DIR IDS SEED LOOKUPS`. */
import { join } from 'node:path';
import { byteString, type Digest } from '../src/base/bytes.ts';
import { keyFileSecret } from '../src/main/cli/secrets.ts';
import { directoryLine } from '../src/main/vault-line.ts';
import { nodePorts, openSession } from '../src/main/vault-session.ts';
import { IdTable } from '../src/vault/core/id-table.ts';
import { openIndexFiles } from '../src/vault/shell/index-files.ts';
import { placesOf } from '../src/vault/shell/vault-access.ts';
import { loadIndex } from '../src/vault/shell/vault-index.ts';
import { InventedIds } from './index-made.ts';

const [root = '', ...numbers] = process.argv.slice(2);
const [idCount = 0, seed = 0, lookups = 0] = numbers.map(Number);
const ports = nodePorts();
const line = directoryLine(ports, byteString(join(root, 'vault')));
const value = byteString(join(root, 'key'));
const { secret } = keyFileSecret(ports.disk, { value, by: '' });
const session = await openSession({ line, secret, state: byteString(join(root, 'state')) });

const ids = new InventedIds(ports.tools.codec, seed);
const step = Math.max(1, Math.floor(idCount / lookups));
const hits = Array.from({ length: lookups }, (_, at) => one((at * step * 7919) % idCount));
const misses = Array.from({ length: lookups }, (_, at) => one(idCount + 1 + at));

const before = process.resourceUsage();
const { rss: rssBefore } = process.memoryUsage();
const cpuBefore = process.cpuUsage();
const { access, problems } = await loadIndex(session.vault);
const opening = process.cpuUsage(cpuBefore);
if (problems.length > 0) throw new Error(`it is not whole: ${JSON.stringify(problems[0])}`);
const after = process.resourceUsage();
const table = new IdTable(access.present);
const places = placesOf(access);
const heldBytes =
  access.present.reduce((sum, { byteLength }) => sum + byteLength, 0) + access.groups.byteLength;

const { vault: id, idKey, namesKey, contentKey } = session.vault.keyring;
const indexes = await session.vault.store.list('index/');
const cpuFiles = process.cpuUsage();
const files = openIndexFiles({
  ...{ disk: session.disk, codec: session.tools.codec, root: byteString(join(root, 'vault')) },
  ...{ keys: { vault: id, idKey, namesKey, contentKey }, indexes },
});
const filesOpening = process.cpuUsage(cpuFiles);

const result = {
  memory: {
    openCpuS: seconds(opening),
    heldBytes,
    heldBytesPerId: heldBytes / idCount,
    rssBeforeBytes: rssBefore,
    rssPeakBytes: after.maxRSS * 1024,
    peakBytesPerId: ((after.maxRSS - before.maxRSS) * 1024) / idCount,
    hitsPerS: perSecond(hits, (each) => places.all(each).length, true),
    missesPerS: perSecond(misses, (each) => places.all(each).length, false),
    hasHitsPerS: perSecond(hits, (each) => Number(table.has(each)), true),
    hasMissesPerS: perSecond(misses, (each) => Number(table.has(each)), false),
  },
  inPlace:
    files === undefined
      ? undefined
      : {
          openCpuS: seconds(filesOpening),
          hitsPerS: perSecond(hits, (each) => files.all(each).length, true),
          missesPerS: perSecond(misses, (each) => files.all(each).length, false),
        },
};
files?.close();
process.stdout.write(`${JSON.stringify(result)}\n`);

function one(number: number): Digest {
  const [first] = ids.from(number, 1);
  if (first === undefined) throw new Error('an id was asked for');
  return first;
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}

/** Of CPU: others may compute beside. Ends after two seconds, too. */
function perSecond(
  asked: readonly Digest[],
  ask: (id: Digest) => number,
  isThere: boolean,
): number {
  const begin = process.cpuUsage();
  let count = 0;
  for (const each of asked) {
    if (ask(each) > 0 !== isThere) throw new Error('a lookup went wrong');
    count += 1;
    if (count % 1000 === 0 && seconds(process.cpuUsage(begin)) > 2) break;
  }
  return Math.round(count / seconds(process.cpuUsage(begin)));
}
