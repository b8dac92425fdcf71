/** What stands for a snapshot of what has not changed: each step left out, and who would be misled. */
import type { Mutant } from './mutant.ts';

const TEST = 'test/integration/seen-unchanged.test.ts';
const CHAINS = 'test/cli/chains.test.ts';
const NEWEST = { file: TEST, name: 'a line is of the newest' };
const SIGNED = { file: TEST, name: 'only what its writer signed' };
const PUBLISH = 'src/vault/shell/publish-backup.ts';
const STORE = 'src/vault/shell/seen-store.ts';

export const SEEN_MUTANTS: readonly Mutant[] = [
  {
    id: 'seen: the line is not waited for',
    file: PUBLISH,
    edits: [
      {
        replace: '  await vault.store.putIfAbsent(seenName(',
        with: '  void vault.store.putIfAbsent(seenName(',
      },
    ],
    caughtBy: { file: TEST, name: 'a line that the store refuses' },
    why: 'that nothing changed is acknowledged, and never written',
    isQuick: true,
  },
  {
    id: 'seen: whether the vault has more of this writer is not asked',
    file: PUBLISH,
    edits: [
      {
        replace: '  if ((await newerThan(ports, writer)).length > 0) return undefined;\n',
        with: '',
      },
    ],
    caughtBy: NEWEST,
    why: 'a line of a snapshot that is not the newest: what a restore takes is another',
    isQuick: true,
  },
  {
    id: 'seen: what was the last is believed after a snapshot that nobody noted',
    file: PUBLISH,
    edits: [{ replace: '  if (newer.length > 0) state.dropLast();\n', with: '' }],
    caughtBy: NEWEST,
    why: 'as before, once another data set has hidden the number',
  },
  {
    id: 'seen: the number is kept before the last',
    file: PUBLISH,
    edits: [
      {
        replace: '  // Before the number:',
        with: '  state.writeWriter({ ...writer, seq: next.seq, previous: next.previous });\n  // Before the number:',
      },
    ],
    caughtBy: NEWEST,
    why: 'as before, after a kill between the two',
  },
  {
    id: 'seen: whether its snapshot is there is not asked after it',
    file: PUBLISH,
    edits: [{ replace: '  if (!(await isWhole(ports, name, id))) return undefined;\n', with: '' }],
    caughtBy: { file: TEST, name: 'forgotten between the line' },
    why: 'what is acknowledged was forgotten meanwhile, or lost',
  },
  {
    id: 'seen: what an engine was writing counts as unchanged',
    file: 'src/vault/shell/backup.ts',
    edits: [{ replace: 'torn.length === 0 && ', with: '' }],
    caughtBy: { file: TEST, name: 'what would say anything else' },
    why: 'a store through mmap is acknowledged as seen',
  },
  {
    id: 'seen: whose signature it has is not asked',
    file: 'src/vault/core/seen-record.ts',
    edits: [
      { replace: "demand(isSigned, KIND, 'its signature does not fit');", with: 'void isSigned;' },
    ],
    caughtBy: SIGNED,
    why: 'whoever can put an object makes a lost week look like an hour',
    isQuick: true,
  },
  {
    id: 'seen: of which snapshot a line is is not asked',
    file: STORE,
    edits: [{ replace: ' && said.snapshot === snapshot.id', with: '' }],
    caughtBy: SIGNED,
    why: 'the word of one snapshot counts for another',
  },
  {
    id: 'seen: a line that is dated ahead counts',
    file: STORE,
    edits: [
      { replace: 'undefined || said.timeMs > now + AHEAD_MAX', with: 'undefined || now < 0' },
    ],
    caughtBy: SIGNED,
    why: 'a wrong clock promises that nothing will be lost for years',
  },
  {
    id: 'seen: lines of a writer that is no longer believed count',
    file: STORE,
    edits: [
      {
        replace: ' || trustedWriters.get(snapshot.writer)?.until !== undefined',
        with: ' || trustedWriters.size < 0',
      },
    ],
    caughtBy: SIGNED,
    why: 'a stolen key goes on saying that all is kept',
  },
  {
    id: 'seen: a collector drops what is older than any line',
    file: STORE,
    edits: [{ replace: 'if (!here.has(snapshot)) newest.set(', with: 'newest.set(' }],
    caughtBy: SIGNED,
    why: 'one planted line takes away the one that counts',
  },
  {
    id: 'chains: what the copy has besides is not looked at',
    file: 'src/vault/shell/copy-vault.ts',
    edits: [
      {
        replace: 'return there.filter((name) => !known.has(idInName(name))).sort();',
        with: 'return there.filter((name) => !known.has(idInName(name)) && known.size < 0).sort();',
      },
    ],
    caughtBy: { file: CHAINS, name: 'set back with its vault' },
    why: 'a machine that was set back with its vault is noticed by nobody',
  },
  {
    id: 'chains: what this host copied elsewhere is no witness',
    file: 'src/main/vault-witness.ts',
    edits: [
      { replace: 'if (!snapshots.has(id)) snapshots.set(id, how);', with: 'void [id, how];' },
    ],
    caughtBy: { file: CHAINS, name: 'set back alone: its host' },
    why: 'with a new key a host no longer knows that its vault was set back',
  },
  {
    id: 'retention: what was seen lately is as old as it was taken',
    file: 'src/vault/core/retention.ts',
    edits: [
      {
        replace: 'now - Math.max(at, seenAt) < withinMs',
        with: 'now - at + 0 * seenAt < withinMs',
      },
    ],
    caughtBy: { file: 'src/vault/core/retention.property.test.ts', name: 'its source held lately' },
    why: 'what a tree held until yesterday goes with its first change in a month',
    isQuick: true,
  },
];
