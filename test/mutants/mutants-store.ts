/** Steps of the store and of the threads before it, each left out or turned round. */
import type { Mutant } from './mutant.ts';

const STORE = 'src/vault/shell/store-directory.ts';
const STORE_CRASH = 'test/conformance/store-crash.test.ts';
const CREW = 'src/main/threads/thread-crew.test.ts';
const CALLS = 'sim/disk-calls.test.ts';

/** One object of the store: W1 to W8 of docs/design/003-disk-and-store.md, in the product itself. */
export const STORE_MUTANTS: readonly Mutant[] = [
  {
    id: 'W1 an object is written under its name',
    file: STORE,
    edits: [
      {
        replace: 'const temporary = this.#createTemporary();',
        with: 'const temporary = this.#createTemporary(target);',
      },
      {
        replace: '#createTemporary(): Temporary {',
        with: '#createTemporary(target: ByteString): Temporary {',
      },
      {
        replace: 'file: this.#disk.create(path) }',
        with: 'file: this.#disk.create(target) }',
      },
      {
        replace: 'const published = this.#disk.publish(temporary.path, target);',
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
    edits: [{ replace: '() => temporary.file.sync()', with: '() => undefined' }],
    caughtBy: { file: STORE_CRASH, name: 'killed anywhere, crashed anywhere .posix' },
    why: 'zeros under a good name',
    isQuick: true,
  },
  {
    id: 'W3 publishing replaces what is there',
    file: STORE,
    edits: [
      {
        replace: 'const published = this.#disk.publish(temporary.path, target);',
        with: "this.#disk.move(temporary.path, target);\n      const published = 'published' as 'published' | 'exists';",
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
        replace: '        this.#disk.syncDir(directory);\n        return published',
        with: '        return published',
      },
    ],
    caughtBy: { file: STORE_CRASH, name: 'killed anywhere, crashed anywhere .posix' },
    why: 'acknowledged and gone',
    isQuick: true,
  },
  {
    id: 'W5 the directory of an object that is present is not synced',
    file: STORE,
    edits: [{ replace: 'this.#disk.syncDir(of.directory); // W5', with: '// W5' }],
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
        replace: '() => temporary.file.sync()',
        with: '() => { try { temporary.file.sync(); } catch { temporary.file.sync(); } }',
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
        with: "    answer({ kind: 'stored', name: ask.name });\n",
      },
    ],
    caughtBy: { file: CREW },
    why: 'a snapshot is acknowledged whose packs are not there',
    isQuick: true,
  },
  {
    id: 'threads: the end of the run does not wait for packs',
    file: 'src/main/threads/thread-crew.ts',
    edits: [
      {
        replace: 'while (this.#packs.underWayCount > 0) {',
        with: 'while (this.#packs.underWayCount < 0) {',
      },
    ],
    caughtBy: { file: CREW },
    why: 'a snapshot may be written before its packs',
    isQuick: true,
  },
  {
    id: 'far store: a pack that could not be put is not told',
    file: 'src/main/threads/store-server.ts',
    edits: [
      {
        replace: "      this.#tell({ kind: 'failed', fault: sentFault(error) });\n",
        with: "      this.#tell({ kind: 'stored', name });\n",
      },
    ],
    caughtBy: { file: 'src/main/threads/store-server.test.ts' },
    why: 'a snapshot is acknowledged whose packs never arrived',
  },
  {
    id: 'far store: what was kept here is believed whatever its digest',
    file: 'src/vault/shell/cached-store.ts',
    edits: [
      {
        replace: 'if (digest !== String(tools.hash.sha256(bytes))) return undefined;',
        with: '',
      },
    ],
    caughtBy: { file: 'src/vault/shell/cached-store.test.ts' },
    why: 'rot on this machine becomes an answer of the vault',
  },
];
