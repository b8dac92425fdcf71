/**
 * Steps of the write path, each with a way to leave it out or turn it round, and the test that must
 * then fail. docs/design/008-crash-and-mutants.md has the same list in words.
 */
import { RESTORE_MUTANTS } from './mutants-restore.ts';

export interface Mutant {
  readonly id: string;
  /** Below the top of the checkout. */
  readonly file: string;
  /** Each `replace` stands in the file exactly once when its turn comes. */
  readonly edits: readonly { readonly replace: string; readonly with: string }[];
  readonly caughtBy: {
    readonly file: string;
    /** Pattern of the names of tests; all of the file where it is left out. */
    readonly name?: string;
  };
  /** What would be lost. */
  readonly why: string;
  /** Planted by `npm test` too. */
  readonly isQuick?: boolean;
}

const SHELL = 'src/vault/shell';
const STORE = `${SHELL}/store-directory.ts`;
const STORE_CRASH = 'test/conformance/store-crash.test.ts';
const BACKUP_SIM = 'sim/backup.sim.test.ts';
const STATE_SIM = 'sim/state.sim.test.ts';
const CREW = 'src/main/threads/thread-crew.test.ts';
const CALLS = 'sim/disk-calls.test.ts';
const STOPS = { file: BACKUP_SIM, name: 'machine stops at any writing call .posix' };

/** One object of the store: W1 to W8 of docs/design/003-disk-and-store.md, in the product itself. */
const OF_STORE: readonly Mutant[] = [
  {
    id: 'W1 an object is written under its name',
    file: STORE,
    edits: [
      {
        replace: 'const temporary = this.#writeTemporary(bytes);',
        with: 'const temporary = this.#writeTemporary(bytes, target);',
      },
      {
        replace: '#writeTemporary(bytes: Uint8Array): ByteString {',
        with: '#writeTemporary(bytes: Uint8Array, target: ByteString): ByteString {',
      },
      {
        replace: 'const file = this.#disk.create(path);',
        with: 'const file = this.#disk.create(target);',
      },
      {
        replace: 'const published = this.#disk.publish(temporary, target);',
        with: "const published = 'published' as 'published' | 'exists';",
      },
    ],
    caughtBy: { file: STORE_CRASH, name: 'killed anywhere, crashed anywhere .posix' },
    why: 'half an object under its name',
    isQuick: true,
  },
  {
    id: 'W2 an object is not synced before it is published',
    file: STORE,
    edits: [{ replace: '      file.sync();\n      isWritten', with: '      isWritten' }],
    caughtBy: { file: STORE_CRASH, name: 'killed anywhere, crashed anywhere .posix' },
    why: 'zeros under a good name',
    isQuick: true,
  },
  {
    id: 'W3 publishing replaces what is there',
    file: STORE,
    edits: [
      {
        replace: 'const published = this.#disk.publish(temporary, target);',
        with: "this.#disk.move(temporary, target);\n      const published = 'published' as 'published' | 'exists';",
      },
    ],
    caughtBy: { file: STORE_CRASH, name: 'mutant W3' },
    why: 'a second writer replaces what the first was told is there',
    isQuick: true,
  },
  {
    id: 'W4 the directory of a new object is not synced',
    file: STORE,
    edits: [
      {
        replace: '      this.#disk.syncDir(directory);\n      return published',
        with: '      return published',
      },
    ],
    caughtBy: { file: STORE_CRASH, name: 'killed anywhere, crashed anywhere .posix' },
    why: 'acknowledged and gone',
    isQuick: true,
  },
  {
    id: 'W5 the directory of an object that is present is not synced',
    file: STORE,
    edits: [{ replace: 'this.#disk.syncDir(directory); // W5', with: '// W5' }],
    caughtBy: { file: STORE_CRASH, name: 'killed anywhere, crashed anywhere .posix' },
    why: 'acknowledged to the second writer and gone',
  },
  {
    id: 'W6 a new directory is not made durable in its parent',
    file: 'src/adapters/node/disk-make-dir.ts',
    edits: [{ replace: '    calls.syncDir(parentOf(each));\n', with: '' }],
    caughtBy: { file: STORE_CRASH, name: 'killed anywhere, crashed anywhere .posix' },
    why: 'all of a directory is gone',
  },
  {
    id: 'W7 a directory that was found is not made durable',
    file: 'src/adapters/node/disk-make-dir.ts',
    edits: [{ replace: '  calls.syncFound(parentOf(found));\n', with: '' }],
    caughtBy: { file: STORE_CRASH, name: 'killed anywhere, crashed anywhere .posix' },
    why: 'as W6, for the second writer',
  },
  {
    id: 'W8 a failed sync is repeated',
    file: STORE,
    edits: [
      {
        replace: '      file.sync();\n      isWritten',
        with: '      try { file.sync(); } catch { file.sync(); }\n      isWritten',
      },
    ],
    caughtBy: { file: STORE_CRASH, name: 'EIO at every call' },
    why: 'the second sync lies: the kernel has dropped what it could not write',
  },
  {
    id: 'nodeDisk: fsync of a file is left out',
    file: 'src/adapters/node/disk-file.ts',
    edits: [
      { replace: 'onDisk(path, () => fsyncSync(fd))', with: 'onDisk(path, () => undefined)' },
    ],
    caughtBy: { file: CALLS },
    why: 'as W2, on a real disk',
    isQuick: true,
  },
  {
    id: 'nodeDisk: fsync of a directory is left out',
    file: 'src/adapters/node/disk.ts',
    edits: [{ replace: '    fsyncSync(fd);\n', with: '' }],
    caughtBy: { file: CALLS },
    why: 'as W4, on a real disk',
    isQuick: true,
  },
  {
    id: 'nodeDisk: the name is given by a rename that replaces',
    file: 'src/adapters/node/disk-publish.ts',
    edits: [
      {
        replace: '      linkSync(fsPath(from), fsPath(to));',
        with: '      renameSync(fsPath(from), fsPath(to));\n      return "published";',
      },
    ],
    caughtBy: { file: CALLS },
    why: 'as W3, on a real disk',
  },
  {
    id: 'threads: a pack that could not be stored is not told',
    file: 'src/main/threads/pack-thread.ts',
    edits: [
      {
        replace: "    answer({ kind: 'failed', fault: sentFault(error) });\n",
        with: "    answer({ kind: 'stored' });\n",
      },
    ],
    caughtBy: { file: CREW },
    why: 'a snapshot is acknowledged whose packs are not there',
  },
  {
    id: 'threads: the end of the run does not wait for packs',
    file: 'src/main/threads/thread-crew.ts',
    edits: [
      {
        replace: 'while (this.#storedCount < this.#packs.length) {',
        with: 'while (this.#storedCount < 0) {',
      },
    ],
    caughtBy: { file: CREW },
    why: 'a snapshot may be written before its packs',
  },
];

/** A backup: packs, then index, then snapshot, then what this machine remembers of it. */
const OF_BACKUP: readonly Mutant[] = [
  {
    id: 'snapshot before packs and index',
    file: `${SHELL}/backup.ts`,
    edits: [
      {
        replace:
          'const { storedBytes } = this.#run === undefined ? NOTHING : await this.#run.run.finish();\n',
        with: '',
      },
      {
        replace: '    this.#keepCaches(done, published.name);\n',
        with: '    const { storedBytes } = this.#run === undefined ? NOTHING : await this.#run.run.finish();\n    this.#keepCaches(done, published.name);\n',
      },
    ],
    caughtBy: STOPS,
    why: 'a snapshot that refers to packs which are not there',
    isQuick: true,
  },
  {
    id: 'packs after index and snapshot',
    file: `${SHELL}/inline-crew.ts`,
    edits: [
      {
        replace: 'this.#ports.store.putIfAbsentSync(',
        with: 'setTimeout((name: string, kept: Uint8Array) => this.#ports.store.putIfAbsentSync(name, kept), 0, ',
      },
      { replace: 'buffer.bytes.subarray(0,', with: 'buffer.bytes.slice(0,' },
    ],
    caughtBy: STOPS,
    why: 'a snapshot that refers to packs which are not there',
  },
  {
    id: 'no index is written',
    file: `${SHELL}/backup-run.ts`,
    edits: [
      {
        replace:
          '    for (const index of indexesOf(packs)) await this.#putIndex(index.encode(vault.tools.codec));\n',
        with: '    for (const index of indexesOf(packs)) index.encode(vault.tools.codec);\n',
      },
    ],
    caughtBy: STOPS,
    why: 'every reader scans packs',
  },
  {
    id: 'the index is not waited for',
    file: `${SHELL}/backup-run.ts`,
    edits: [
      {
        replace: '    await store.putIfAbsent(',
        with: '    void store.putIfAbsent(',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'the index is there before the snapshot' },
    why: 'the snapshot is there before its index',
  },
  {
    id: 'packs of a killed run are not indexed',
    file: `${SHELL}/backup-run.ts`,
    edits: [
      { replace: '    for (const index of rebuilt) await this.#putIndex(index);\n', with: '' },
    ],
    caughtBy: STOPS,
    why: 'each later run scans them again',
  },
  {
    id: 'the snapshot is not waited for',
    file: `${SHELL}/snapshot-store.ts`,
    edits: [
      {
        replace: '  await vault.store.putIfAbsent(written.name',
        with: '  void vault.store.putIfAbsent(written.name',
      },
    ],
    caughtBy: STOPS,
    why: 'acknowledged before it is there',
    isQuick: true,
  },
  {
    id: 'the head of the chain before the snapshot',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      {
        replace: '  const written = await publishSnapshot(vault, {',
        with: '  state.writeWriter({ ...writer, seq: next.seq, previous: next.previous });\n  const written = await publishSnapshot(vault, {',
      },
    ],
    caughtBy: STOPS,
    why: 'a number is spent on a snapshot that never was: a false gap',
  },
  {
    id: 'the head of the chain is not kept',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      {
        replace: '  state.writeWriter({ ...writer, seq: next.seq, previous: written.id });\n',
        with: '',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what becomes of the state directory' },
    why: 'a vault that was set back is not noticed',
  },
  {
    id: 'snapshots newer than the state are not looked for',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      {
        replace: 'nextInChain(writer, await newerThan(ports, writer))',
        with: 'nextInChain(writer, [])',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what becomes of the state directory' },
    why: 'a number is used twice: a false fork',
    isQuick: true,
  },
  {
    id: 'a new writer is vouched for before its key is kept',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      { replace: '  if (kept === undefined) state.writeWriter(writer);\n', with: '' },
      {
        replace: '    await enrolWriter({ store, tools, clock }, keyring, writer);\n  }\n',
        with: '    await enrolWriter({ store, tools, clock }, keyring, writer);\n  }\n  if (kept === undefined) state.writeWriter(writer);\n',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'the state is lost, then' },
    why: 'a writer is vouched for whose key nobody has',
  },
  {
    id: 'init keeps its writer after the vault is one',
    file: `${SHELL}/create-vault.ts`,
    edits: [
      { replace: '  options.keepWriter(keyring.vault, writer);\n', with: '' },
      {
        replace: '  return { keyring, keys, writerFingerprint: fingerprint };',
        with: '  options.keepWriter(keyring.vault, writer);\n  return { keyring, keys, writerFingerprint: fingerprint };',
      },
    ],
    caughtBy: STOPS,
    why: 'a writer is vouched for whose key nobody has',
  },
  {
    id: 'init writes the header first',
    file: `${SHELL}/create-vault.ts`,
    edits: [
      {
        replace: '  const keyring = makeKeyring(tools);\n',
        with: `  const keyring = makeKeyring(tools);
  const header = encodeVaultHeader(tools, {
    vault: keyring.vault,
    domain: keyring.domain,
    created: ports.clock.now(),
    required: [],
    optional: [],
  });
  const sha256 = tools.hash.sha256(header);
  await store.putIfAbsent(HEADER, header, sha256);
`,
      },
      {
        replace: `  const header = encodeVaultHeader(tools, {
    vault: keyring.vault,
    domain: keyring.domain,
    created: ports.clock.now(),
    required: [],
    optional: [],
  });
  const sha256 = tools.hash.sha256(header);
  for (`,
        with: '  for (',
      },
    ],
    caughtBy: STOPS,
    why: 'what lies there looks like a vault that no key opens, and `init` refuses to go on',
  },
];

/** What may be believed: caches, indexes, ids, times, memory. */
const OF_BELIEF: readonly Mutant[] = [
  {
    id: 'missing packs are not looked for before the cache is used',
    file: `${SHELL}/backup.ts`,
    edits: [
      {
        replace: '(await ports.missingPacks()).length === 0',
        with: '(await ports.missingPacks()).length >= 0',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what is gone from the vault' },
    why: 'an unchanged tree is acknowledged although its content is gone',
    isQuick: true,
  },
  {
    id: 'packs that were cut short count as whole',
    file: `${SHELL}/missing-packs.ts`,
    edits: [{ replace: ' < size) missing.push', with: ' < 0) missing.push' }],
    caughtBy: { file: STATE_SIM, name: 'what is gone from the vault' },
    why: 'an unchanged tree is acknowledged although its content is gone',
  },
  {
    id: 'ids in missing packs count as there',
    file: `${SHELL}/vault-index.ts`,
    edits: [
      {
        replace: "const isPresent = this.#packs[pack]?.state === 'present';",
        with: 'const isPresent = true;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what is gone from the vault' },
    why: 'content that is gone is not stored again',
  },
  {
    id: 'the snapshot of a cache is not looked for',
    file: `${SHELL}/backup.ts`,
    edits: [
      {
        replace: 'if (!there.some(({ name }) => name === snapshot)) {',
        with: 'if (there.length < 0) {',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'what becomes of the state directory' },
    why: 'the cache of a vault that was set back is believed',
  },
  {
    id: 'ids are not claimed',
    file: `${SHELL}/object-writer.ts`,
    edits: [{ replace: 'if (!ids.claim(id)) return;', with: 'ids.claim(id);' }],
    caughtBy: { file: `${SHELL}/object-writer.test.ts` },
    why: 'everything is stored again and again',
    isQuick: true,
  },
  {
    id: 'groups are not opened again before they leave',
    file: `${SHELL}/object-writer.ts`,
    edits: [
      {
        replace: 'checkMembers(tools, this.#ports.idOf, openGroup(tools, this.#opening, written));',
        with: 'openGroup; checkMembers; written;',
      },
    ],
    caughtBy: { file: `${SHELL}/object-writer.test.ts` },
    why: 'what memory or cipher spoilt is acknowledged',
    isQuick: true,
  },
  {
    id: 'members of a group are not compared before they leave',
    file: `${SHELL}/object-writer.ts`,
    edits: [
      {
        replace: 'checkMembers(tools, this.#ports.idOf, openGroup(tools, this.#opening, written));',
        with: 'openGroup(tools, this.#opening, written); checkMembers;',
      },
    ],
    caughtBy: { file: `${SHELL}/object-writer.test.ts` },
    why: 'what memory spoilt before it was sealed is acknowledged',
  },
  {
    id: 'the identity of a file is not looked at after reading',
    file: `${SHELL}/capture-work.ts`,
    edits: [
      {
        replace: 'const isSame = isSameState(this.#words, this.#after);',
        with: 'const isSame = true;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'changes while it is read' },
    why: 'a mixture of two states is called a file',
  },
  {
    id: 'the identity of an image is not looked at after reading',
    file: `${SHELL}/capture-large.ts`,
    edits: [
      {
        replace: 'const isInFlux = !isSameState(words, after);',
        with: 'const isInFlux = words === after;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'changes while it is read' },
    why: 'a mixture of two states is called an image',
  },
  {
    id: 'what is young is believed next time',
    file: `${SHELL}/capture-work.ts`,
    edits: [
      {
        replace:
          'return (words[STAT_MTIME] ?? 0n) > youngNs || (words[STAT_CTIME] ?? 0n) > youngNs;',
        with: 'return (words[STAT_MTIME] ?? 0n) > youngNs * 1000n;',
      },
    ],
    caughtBy: { file: STATE_SIM, name: 'modified just before' },
    why: 'a store through mmap is never seen',
  },
  {
    id: 'only mtime says that a file was changed',
    file: `${SHELL}/scan-unchanged.ts`,
    edits: [
      {
        replace: '  if (!a.equals(b)) return false;',
        with: '  for (let at = 0; at < now.length; at++) if (at % STAT_CACHED === 2 && old[at] !== now[at]) return false;\n  if (a.length !== b.length) return false;',
      },
    ],
    caughtBy: STOPS,
    why: 'bytes that were changed under an old mtime are never seen',
  },
];

/** What this machine remembers. */
const OF_STATE: readonly Mutant[] = [
  {
    id: 'the state of the writer is not synced',
    file: `${SHELL}/local-state.ts`,
    edits: [{ replace: '    file.sync();\n', with: '' }],
    caughtBy: STOPS,
    why: 'a torn key: no further backup without repair by hand',
    isQuick: true,
  },
  {
    id: 'the state of the writer is written in place',
    file: `${SHELL}/local-state.ts`,
    edits: [
      {
        replace: '    const temporary = this.#temporary(name);\n',
        with: '    const temporary = this.#path(name);\n    if (disk.size(temporary) !== undefined) disk.unlink(temporary);\n',
      },
      { replace: '    disk.move(temporary, this.#path(name));\n', with: '' },
    ],
    caughtBy: STOPS,
    why: 'a crash loses the key',
  },
  {
    id: 'the directory of the state is not synced',
    file: `${SHELL}/local-state.ts`,
    edits: [{ replace: '    disk.syncDir(this.directory);\n', with: '' }],
    caughtBy: STOPS,
    why: 'a writer is vouched for whose key nobody has',
  },
];

export const MUTANTS: readonly Mutant[] = [
  ...OF_STORE,
  ...OF_BACKUP,
  ...OF_BELIEF,
  ...OF_STATE,
  ...RESTORE_MUTANTS,
];
