/** Steps of a restore, each with a way to leave it out or turn it round. */
import type { Mutant } from './mutant.ts';

const SHELL = 'src/recover/shell';
const SIM = 'sim/restore.sim.test.ts';
const KILLED = { file: SIM, name: ': killed at any writing call' };
const STOPS = { file: SIM, name: 'machine stops at any writing call of a restore' };
const IN_PLACE = { file: SIM, name: 'in place' };

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
    id: 'restore: what is replaced is removed',
    file: `${SHELL}/aside.ts`,
    edits: [
      {
        replace: '        this.#ports.tree.rename(from, { dir: to.dir, name });\n',
        with: '        this.#ports.tree.unlink(from.dir, from.name); name;\n',
      },
    ],
    caughtBy: IN_PLACE,
    why: 'what was there is lost',
    isQuick: true,
  },
  {
    id: 'restore: what is replaced goes aside before what comes is whole',
    file: `${SHELL}/place-entry.ts`,
    edits: [
      {
        replace:
          '      this.#writeFile(entry, file, { ...to, place: part });\n      this.moveAside(to);\n',
        with: '      this.moveAside(to);\n      this.#writeFile(entry, file, { ...to, place: part });\n',
      },
    ],
    caughtBy: { file: SIM, name: 'in place, killed' },
    why: 'a name with nothing behind it while the file is written',
  },
  {
    id: 'restore: what is replaced is written over in place',
    file: `${SHELL}/place-entry.ts`,
    edits: [
      {
        replace:
          '      this.#writeFile(entry, file, { ...to, place: part });\n      this.moveAside(to);\n      this.#ports.tree.rename(part, to.place);\n',
        with: '      this.moveAside(to);\n      this.#writeFile(entry, file, to);\n',
      },
    ],
    caughtBy: IN_PLACE,
    why: 'half a file under a name that was good before',
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
    caughtBy: IN_PLACE,
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
    caughtBy: IN_PLACE,
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
