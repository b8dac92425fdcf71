/** Steps of a restore, each with a way to leave it out or turn it round. */
import type { Mutant } from './mutant.ts';

const SHELL = 'src/recover/shell';
const SIM = 'sim/restore.sim.test.ts';
const KILLED = { file: SIM, name: ': killed at any writing call' };
const STOPS = { file: SIM, name: 'machine stops at any writing call of a restore' };
const CHANGED = { file: SIM, name: 'changed meanwhile' };
const OVER = 'sim/restore-over.sim.test.ts';

export const RESTORE_MUTANTS: readonly Mutant[] = [
  {
    id: 'restore: the marker is written under its name',
    file: `${SHELL}/restore-target.ts`,
    edits: [
      {
        replace: 'const file = tree.createFile(top, UNFINISHED_MARKER, MARKER_MODE);',
        with: 'const file = tree.createFile(top, MARKER, MARKER_MODE);',
      },
      {
        replace:
          '    tree.rename({ dir: top, name: UNFINISHED_MARKER }, { dir: top, name: MARKER });\n',
        with: '',
      },
    ],
    caughtBy: KILLED,
    why: 'a run that was killed at its start cannot be gone on with',
    isQuick: true,
  },
  {
    id: 'restore: the marker is not synced',
    file: `${SHELL}/restore-target.ts`,
    edits: [{ replace: '    tree.sync(file);\n', with: '' }],
    caughtBy: STOPS,
    why: 'after a crash nobody knows what was begun',
  },
  {
    id: 'restore: the name of the marker is not synced',
    file: `${SHELL}/restore-target.ts`,
    edits: [{ replace: '    tree.sync(top);\n', with: '' }],
    caughtBy: { file: SIM, name: 'the marker is there before anything else' },
    why: 'after a crash nobody knows what was begun',
    isQuick: true,
  },
  {
    id: 'restore: no marker',
    file: `${SHELL}/restore-target.ts`,
    edits: [
      {
        replace: 'const isPlain = isResumed || writeMarker(ports, top, snapshot);',
        with: 'const isPlain = true; writeMarker; snapshot;',
      },
    ],
    caughtBy: KILLED,
    why: 'an interrupted run cannot be gone on with',
  },
  {
    id: 'restore: the marker goes before all is synced',
    file: `${SHELL}/restore.ts`,
    edits: [
      {
        replace:
          '    if (sync) this.#ports.tree.syncAll(this.#setup.top);\n    this.#finishTop();\n',
        with: '    this.#finishTop();\n    if (sync) this.#ports.tree.syncAll(this.#setup.top);\n',
      },
    ],
    caughtBy: STOPS,
    why: 'after a crash a target of zeros looks complete',
  },
  {
    id: 'restore: nothing is synced',
    file: `${SHELL}/restore.ts`,
    edits: [{ replace: '    if (sync) this.#ports.tree.syncAll(this.#setup.top);\n', with: '' }],
    caughtBy: STOPS,
    why: 'acknowledged and gone',
  },
  {
    id: 'restore: the top is not synced at the end',
    file: `${SHELL}/restore.ts`,
    edits: [{ replace: '    if (sync) this.#ports.tree.sync(this.#setup.top);\n', with: '' }],
    caughtBy: STOPS,
    why: 'acknowledged, and the mode of the top is gone',
  },
  {
    id: 'restore: a large file is written under its name',
    file: `${SHELL}/large-files.ts`,
    edits: [
      { replace: 'const part = places.partPlace(to);', with: 'const part = to.place;' },
      { replace: '    tree.rename(part, to.place);\n', with: '' },
    ],
    caughtBy: KILLED,
    why: 'a file of zeros under a good name',
    isQuick: true,
  },
  {
    id: 'restore: a large file is renamed before it is whole',
    file: `${SHELL}/large-files.ts`,
    edits: [
      { replace: '    tree.rename(part, to.place);\n', with: '' },
      {
        replace: '      tree.truncate(file, Number(entry.size));\n',
        with: '      tree.truncate(file, Number(entry.size));\n      tree.rename(part, to.place);\n',
      },
    ],
    caughtBy: KILLED,
    why: 'a file of zeros under a good name',
  },
  {
    id: 'restore: times of a directory are set before what comes into it',
    file: `${SHELL}/restore-root.ts`,
    edits: [
      {
        replace: 'finish: (dir, handle) => this.#finishDir(dir, handle),',
        with: 'finish: () => undefined,',
      },
      {
        replace: '        this.#dirs.enter({ path, name: nameOf(path), entry });\n',
        with: '        this.#dirs.enter({ path, name: nameOf(path), entry });\n        const entered = this.#dirs.current;\n        if (entered !== undefined) this.#finishDir(entered, this.#dirs.handleOf(entered));\n',
      },
    ],
    caughtBy: KILLED,
    why: 'directories with times of the restore',
    isQuick: true,
  },
  {
    id: 'restore over: what the snapshot has not is deleted',
    file: `${SHELL}/sync-compare.ts`,
    edits: [
      {
        replace: 'if (this.#options.keepsOthers && !this.#isBelowReplaced(path))',
        with: "if (this.#options.keepsOthers && path === '')",
      },
    ],
    caughtBy: { file: OVER, name: 'in place, killed at' },
    why: 'what people put beside is taken away',
  },
  {
    id: 'restore: what is in the way is replaced without a plan',
    file: `${SHELL}/place-entry.ts`,
    edits: [
      {
        replace: '    } else {\n      throw this.inTheWay(to);\n    }\n',
        with: '    } else {\n      this.#ports.tree.unlink(to.place.dir, to.place.name);\n      this.#writeFile(entry, file, to);\n    }\n',
      },
    ],
    caughtBy: CHANGED,
    why: 'what was there is lost',
    isQuick: true,
  },
  {
    id: 'restore: any shorter file counts as a beginning',
    file: `${SHELL}/place-entry.ts`,
    edits: [
      {
        replace: 'return found !== undefined && isEqual(found, content.subarray(0, size));',
        with: 'return found !== undefined;',
      },
    ],
    caughtBy: CHANGED,
    why: 'what was there is lost',
  },
  {
    id: 'restore: size is enough to keep a file',
    file: `${SHELL}/place-entry.ts`,
    edits: [
      {
        replace: 'return found !== undefined && isEqual(found, content);',
        with: 'return found !== undefined;',
      },
    ],
    caughtBy: CHANGED,
    why: 'what was there is called restored',
  },
  {
    id: 'restore: size is enough to keep a part of a large file',
    file: `${SHELL}/restore-work.ts`,
    edits: [
      {
        replace: 'return tools.hash.sha256(into) === piece.digest;',
        with: 'return tools !== undefined;',
      },
    ],
    caughtBy: KILLED,
    why: 'a large file that was begun is called whole',
  },
];
