/** Steps of the store at a peer, each left out or turned round. */
import type { Mutant } from './mutant.ts';

const VAULT = 'src/vault/shell/peer-vault.ts';
const ROOM = 'src/vault/shell/peer-room.ts';
const SERVER = 'src/adapters/peer/peer-server.ts';
const HOME = 'src/adapters/peer/peer-home.ts';
const STORE = 'src/adapters/peer/peer-store.ts';
const ATTACKS = 'test/peer/attack-peer.test.ts';
const LIMITS = 'test/peer/peer-limits.test.ts';
const LISTS = 'test/peer/peer-lists.test.ts';
const CUTS = 'test/peer/peer-resume.test.ts';

export const PEER_MUTANTS: readonly Mutant[] = [
  {
    id: 'peer: the digest of what came is not compared',
    file: VAULT,
    edits: [{ replace: 'stream.digest() !== sha256', with: "sha256 === 'x'" }],
    caughtBy: { file: ATTACKS, name: 'another digest' },
    why: 'what memory or a line spoilt is acknowledged',
    isQuick: true,
  },
  {
    id: 'peer: it answers before the object is durable',
    file: VAULT,
    edits: [
      {
        replace: '      return begun.finish();\n',
        with: "      setTimeout(() => begun.finish(), 0).unref();\n      return 'stored' as 'stored' | 'present';\n",
      },
    ],
    caughtBy: { file: CUTS, name: 'what the disk refuses' },
    why: 'acknowledged and gone',
  },
  {
    id: 'peer: a token that was made for nobody is let in',
    file: HOME,
    edits: [{ replace: 'return isSame ? kept : undefined;', with: 'return isSame ? kept : kept;' }],
    caughtBy: { file: ATTACKS, name: 'nobody comes in' },
    why: 'whoever has seen the name of a token has the vault',
    isQuick: true,
  },
  {
    id: 'peer: a token reaches any vault',
    file: SERVER,
    edits: [
      { replace: 'if (vaultOf(request) !== host) throw noVault();', with: 'vaultOf(request);' },
    ],
    caughtBy: { file: ATTACKS, name: 'reaches its own vault' },
    why: 'requests for another vault are answered',
  },
  {
    id: 'peer: no quota',
    file: VAULT,
    edits: [{ replace: '    this.#demandQuota(sizeBytes);\n', with: '' }],
    caughtBy: { file: LIMITS, name: 'a quota of bytes' },
    why: 'one host fills the disk of all',
    isQuick: true,
  },
  {
    id: 'peer: what is on its way does not count',
    file: VAULT,
    edits: [{ replace: 'const coming = [...this.#coming];', with: 'const coming: Upload[] = [];' }],
    caughtBy: { file: LIMITS, name: 'half uploads count' },
    why: 'many half uploads fill the disk beyond every quota',
  },
  {
    id: 'peer: the free space is not kept',
    file: ROOM,
    edits: [
      { replace: 'if (freeBytes - bytes >= floor) return;', with: 'if (floor >= 0) return;' },
    ],
    caughtBy: { file: LIMITS, name: 'stays free' },
    why: 'a full disk, and whatever else lives on it',
  },
  {
    id: 'peer: a sender writes what only a keeper does',
    file: VAULT,
    edits: [{ replace: '    if (isOfKeeper(name)) throw ofKeeper(name);\n', with: '' }],
    caughtBy: { file: ATTACKS, name: 'keeper' },
    why: 'a host chooses when its snapshots arrived, and pushes the real ones out',
  },
  {
    id: 'peer: what is left of an upload is taken wherever it begins',
    file: VAULT,
    edits: [
      {
        replace: 'return isSame && offset === this.#takenBytes && offset > 0;',
        with: 'return isSame && offset > 0;',
      },
    ],
    caughtBy: { file: 'test/peer/peer-golden.test.ts', name: 'whole conversation' },
    why: 'an upload that went on at the wrong byte is lost, each time',
  },
  {
    id: 'peer: the client does not look at the digest of what is there',
    file: STORE,
    edits: [
      { replace: "outcome === 'present' && there !== sha256 &&", with: "outcome !== 'present' &&" },
    ],
    caughtBy: { file: CUTS, name: 'lies there damaged' },
    why: 'a snapshot is acknowledged whose pack is damaged already',
  },
  {
    id: 'peer: lists are walked side by side',
    file: 'src/vault/shell/peer-lists.ts',
    edits: [
      {
        replace: 'const mine = this.#last.then(() => {',
        with: 'const mine = Promise.resolve().then(() => {',
      },
    ],
    caughtBy: { file: LISTS, name: 'one walk is at work' },
    why: 'a host that lists sixteen times at once takes sixteen shares of the disk from the others',
    isQuick: true,
  },
  {
    id: 'peer: a list holds all others up',
    file: 'src/vault/shell/peer-lists.ts',
    edits: [{ replace: '      await this.#parts.breathe();\n', with: '' }],
    caughtBy: { file: LISTS, name: 'one walk is at work' },
    why: 'while 60 000 names of one host are looked at, no other host is answered',
    isQuick: true,
  },
  {
    id: 'peer: a list is held until the next',
    file: 'src/vault/shell/peer-lists.ts',
    edits: [
      { replace: 'this.#last = mine.then(over, over);', with: 'this.#last = mine.catch(over);' },
    ],
    caughtBy: { file: LISTS, name: 'is freed after a minute' },
    why: 'each host that has listed 262 144 names holds 34 MiB of the peer for ever',
    isQuick: true,
  },
];
