/** When the bytes of a vault were read again, and what that proves: each step of it left out. */
import type { Mutant } from './mutant.ts';

const LEDGER = 'src/vault/core/scrub-ledger.ts';
const LOG = 'src/vault/shell/scrub-log.ts';
const OF_LEDGER = { file: 'src/vault/core/scrub-ledger.test.ts' };
const OF_SIM = { file: 'sim/scrub.sim.test.ts' };

const KNOWN = 'src/vault/shell/known-snapshots.ts';
const OF_NEWEST = { file: 'src/vault/shell/newest-snapshots.test.ts' };
const OF_KNOWN = { file: 'test/integration/known-snapshots.test.ts' };

export const SCRUB_MUTANTS: readonly Mutant[] = [
  {
    id: 'scrub: what was read last comes first',
    file: LEDGER,
    edits: [{ replace: 'a.turn - b.turn || a.at - b.at', with: 'a.turn - b.turn || b.at - a.at' }],
    caughtBy: OF_LEDGER,
    why: 'most of a vault is never read',
    isQuick: true,
  },
  {
    id: 'scrub: damage that came after a reading is forgotten',
    file: LEDGER,
    edits: [
      { replace: 'if (times === undefined || isDamaged(times))', with: 'if (times === undefined)' },
    ],
    caughtBy: OF_LEDGER,
    why: 'a pack that is known to be damaged counts as proven',
    isQuick: true,
  },
  {
    id: 'scrub: a reading from memory counts as one from the medium',
    file: LEDGER,
    edits: [{ replace: "if (from === 'medium') return times.mediumAt;", with: '' }],
    caughtBy: OF_LEDGER,
    why: 'a disk that is dead is proven by what the kernel still has',
    isQuick: true,
  },
  {
    id: 'scrub: the future is believed',
    file: LEDGER,
    edits: [{ replace: 'if (at > now) continue;', with: '' }],
    caughtBy: OF_LEDGER,
    why: 'what a clock ahead has dated is never read again',
  },
  {
    id: 'scrub: the ledger of another medium is believed',
    file: LEDGER,
    edits: [{ replace: ' || head[2] !== medium', with: '' }],
    caughtBy: OF_LEDGER,
    why: 'a disk that nobody read is proven by another one',
  },
  {
    id: 'scrub: earlier ledgers go before the new one is durable',
    file: LOG,
    edits: [{ replace: '    file.sync();\n    disk.syncDir(', with: '    disk.syncDir(' }],
    caughtBy: OF_SIM,
    why: 'a power cut makes all unread',
    isQuick: true,
  },
  {
    id: 'scrub: a ledger whose name is not durable replaces the others',
    file: LOG,
    edits: [{ replace: '    disk.syncDir(place.directory);\n', with: '' }],
    caughtBy: OF_SIM,
    why: 'a power cut makes all unread',
  },
  {
    id: 'scrub: a check takes away the ledger of one that runs',
    file: LOG,
    edits: [{ replace: 'return file.isEnded || ', with: 'return file.begunAt > 0 || ' }],
    caughtBy: OF_SIM,
    why: 'two at once lose what one of them read',
  },
  {
    id: 'scrub: packs come through the page cache',
    file: 'src/adapters/node/medium-read.ts',
    edits: [
      { replace: 'FOR_READING | constants.O_DIRECT', with: 'FOR_READING' },
      { replace: '        dropCached(fd); //', with: '        //' },
    ],
    caughtBy: { file: 'src/adapters/node/medium-read.test.ts' },
    why: 'no medium is ever read again',
    isQuick: true,
  },
  {
    id: 'scrub: a snapshot is as young as its youngest pack',
    file: 'src/vault/shell/pack-needs.ts',
    edits: [{ replace: 'since = Math.min(since, at(pack)', with: 'since = Math.max(0, at(pack)' }],
    caughtBy: { file: 'src/vault/shell/pack-needs.test.ts' },
    why: 'bytes that nobody read for a year are proven',
    isQuick: true,
  },
  {
    id: 'scrub: what was damaged is proof',
    file: 'src/vault/shell/check-vault.ts',
    edits: [{ replace: "  if (findings.length > 0) return 'damaged';\n", with: '' }],
    caughtBy: { file: 'test/integration/scrub.test.ts' },
    why: 'a snapshot that would not come back is proven',
  },
  {
    id: 'list: a snapshot of another size is taken for the one that was read',
    file: KNOWN,
    edits: [{ replace: 'one?.sizeBytes === object.sizeBytes && ', with: 'one !== undefined && ' }],
    caughtBy: OF_KNOWN,
    why: 'one that was cut short is listed as if it were whole',
  },
  {
    id: 'list: who was trusted is trusted for ever',
    file: KNOWN,
    edits: [
      {
        replace: 'new Summed(one, trustOf(vault, one))',
        with: "new Summed(one, vault.writers.has(one.writer) ? 'trusted' : trustOf(vault, one))",
      },
    ],
    caughtBy: OF_KNOWN,
    why: 'what a writer wrote whom nobody vouches for is listed as ours',
  },
  {
    id: 'list: what was kept is taken by its place alone',
    file: 'src/vault/core/snapshot-columns.ts',
    edits: [{ replace: ' && names.startsWith(name, NAME_SIZE * at)', with: '' }],
    caughtBy: { file: 'src/vault/core/snapshot-columns.test.ts' },
    why: 'a snapshot is listed with the day and the size of another',
    isQuick: true,
  },
  {
    id: 'list: two of one number that end a chain are one',
    file: 'src/vault/core/snapshot-chain.ts',
    edits: [
      {
        replace: 'chain[length]?.seq === length ? length - 1',
        with: 'chain[length]?.seq === -1 ? length - 1',
      },
    ],
    caughtBy: { file: 'src/vault/core/snapshot-chain.test.ts' },
    why: 'a machine that was cloned is not told',
    isQuick: true,
  },
  {
    id: 'list: what was kept is of whichever vault',
    file: 'src/vault/core/snapshot-cache.ts',
    edits: [
      {
        replace: 'cipher.hmac(namesKey, codec.bytesOf(PURPOSE))',
        with: 'cipher.hmac(namesKey.subarray(0, 0), codec.bytesOf(PURPOSE))',
      },
    ],
    caughtBy: OF_KNOWN,
    why: 'whoever can write to the state directory says what a vault holds, and reads its names',
  },
  {
    id: 'latest: the newest, whoever wrote it',
    file: 'src/vault/shell/snapshot-store.ts',
    edits: [{ replace: "if (each.trust === 'trusted') return each;", with: 'return each;' }],
    caughtBy: OF_NEWEST,
    why: 'somebody without a key changes what latest is',
    isQuick: true,
  },
  {
    id: 'latest: of two branches the one with the higher id comes first',
    file: 'src/vault/shell/newest-snapshots.ts',
    edits: [{ replace: 'this.#objects.splice(first + 1)', with: 'this.#objects.splice(-1)' }],
    caughtBy: OF_NEWEST,
    why: 'latest is another than the last of a list',
    isQuick: true,
  },
];
