/** Copies of a vault and repairs from one: their order, what is believed, what is set aside. */
import type { Mutant } from './mutant.ts';

const SHELL = 'src/vault/shell';
const COPY = `${SHELL}/copy-vault.ts`;
const REPAIR = `${SHELL}/repair-vault.ts`;
const DIRECTORY = `${SHELL}/store-directory.ts`;
const SIM = 'sim/copy.sim.test.ts';
const MATRIX = 'test/vault/damage-matrix.test.ts';
const SWEPT = 'src/vault/shell/swept-packs.test.ts';
const COPIES = 'src/watch/core/copies';
const UP_COPIES = 'src/main/up/copies/copies.test.ts';
const OF_COPY = { file: SIM, name: 'writing call of a copy .posix' };
const OF_REPAIR = { file: SIM, name: 'writing call of a repair .posix' };

export const COPY_MUTANTS: readonly Mutant[] = [
  {
    id: 'copy: snapshots before the packs that they need',
    file: COPY,
    edits: [
      {
        replace: '      await this.#copy(object);\n      await this.#secure(object, since);\n',
        with: '      await this.#secure(object, since);\n',
      },
      {
        replace: '      await inParallel(newPacks,',
        with: '      for (const object of snapshots) await this.#copy(object);\n      await inParallel(newPacks,',
      },
    ],
    caughtBy: OF_COPY,
    why: 'a copy that was broken off lists snapshots that do not restore',
  },
  {
    id: 'copy: what opens it comes last',
    file: COPY,
    edits: [
      { replace: 'keys = await this.#copyTwins();', with: 'keys = new Set<string>();' },
      { replace: '      return keys;\n', with: '      return this.#copyTwins();\n' },
    ],
    caughtBy: OF_COPY,
    why: 'a copy that was broken off has snapshots, and nobody can open it',
  },
  {
    id: 'copy: packs are listed before the snapshots that need them',
    file: COPY,
    edits: [
      { replace: "    const packs = await from.list('packs/');\n", with: '' },
      {
        replace: '    const snapshots = await this.#snapshotsToCopy();\n',
        with: "    const packs = await from.list('packs/');\n    const snapshots = await this.#snapshotsToCopy();\n",
      },
    ],
    caughtBy: { file: SIM, name: 'between two looks' },
    why: 'a snapshot that came meanwhile is copied without its packs',
  },
  {
    id: 'copy: what is damaged is put as it is',
    file: COPY,
    edits: [
      {
        replace:
          "    if (seen.state !== 'whole') {\n      const problem = { ...problemAt(name, seen), isMadeGood: false };\n      if (seen.state === 'missing') this.#gone.set(name, problem);\n      else this.#problems.push(problem);\n      this.#totals",
        with: "    if (seen.state === 'missing') {\n      const problem = { ...problemAt(name, seen), isMadeGood: false };\n      this.#gone.set(name, problem);\n      this.#totals",
      },
    ],
    caughtBy: { file: MATRIX, name: 'names what is damaged at its source' },
    why: 'rot is copied, and nobody hears of it',
  },
  {
    id: 'copy: what the target has swept is put again',
    file: COPY,
    edits: [{ replace: 'absent.filter((object) => !swept.includes(object))', with: 'absent' }],
    caughtBy: { file: SWEPT, name: 'a copy puts nothing again' },
    why: 'a collector that was stopped while deleting wakes, and deletes what the copy relies on',
    isQuick: true,
  },
  {
    id: 'copy: what is needed of swept packs stays behind',
    file: COPY,
    edits: [
      {
        replace: '      if (swept.length > 0) await this.#moveSwept(swept, snapshots);\n',
        with: '',
      },
    ],
    caughtBy: { file: SWEPT, name: 'comes along under new names' },
    why: 'the copy lists snapshots that do not restore',
    isQuick: true,
  },
  {
    id: 'copy: what a run has taken away that is over is relied on',
    file: `${SHELL}/collection-watch.ts`,
    edits: [{ replace: 'coverOf(ports, [...open, ...ended])', with: 'coverOf(ports, open)' }],
    caughtBy: { file: SWEPT, name: 'stood still' },
    why: 'a copy that stood still puts a swept name again, and who wakes deletes it',
    isQuick: true,
  },
  {
    id: 'copy: an index that a collector replaced is put again',
    file: COPY,
    edits: [{ replace: '!said.has(object)', with: 'said.size >= 0' }],
    caughtBy: { file: SWEPT, name: 'come to an end' },
    why: 'each copy puts what each collection takes away',
    isQuick: true,
  },
  {
    id: 'copy: an index that names the same packs says the same',
    file: `${SHELL}/said-indexes.ts`,
    edits: [{ replace: 'said.isSame(at, ...known)', with: 'known.length > 0' }],
    caughtBy: { file: SWEPT, name: 'says something else' },
    why: 'a made-up index at the copy keeps the true one out',
    isQuick: true,
  },
  {
    id: 'compact: of equal packs any stays',
    file: `${SHELL}/group-copies.ts`,
    edits: [{ replace: ' || byName(a, b)', with: '' }],
    caughtBy: { file: SWEPT, name: 'two equal packs' },
    why: 'a vault and its copy each free what the other keeps',
    isQuick: true,
  },
  {
    id: 'repair: what was swept is put back',
    file: REPAIR,
    edits: [{ replace: '    if (this.#swept.has(name)) {\n', with: '    if (name === "") {\n' }],
    caughtBy: { file: SWEPT, name: 'a repair puts nothing again' },
    why: 'a collector that was stopped while deleting wakes, and deletes what was repaired',
    isQuick: true,
  },
  {
    id: 'copy: another vault at the target is none of its business',
    file: COPY,
    edits: [{ replace: '  if (there === vault) return true;\n', with: '  return true;\n' }],
    caughtBy: { file: MATRIX, name: 'another vault is no copy' },
    why: 'two vaults become one that nobody can tell apart',
  },
  {
    id: 'repair: what lies there is replaced and not kept',
    file: DIRECTORY,
    edits: [
      {
        replace: '      const aside = this.#keepAside(name);\n      this.#disk.move(',
        with: '      const aside = name;\n      this.#disk.move(',
      },
    ],
    caughtBy: { file: 'test/conformance/set-aside.test.ts' },
    why: 'what was damaged, and may have been all that was left, is deleted',
    isQuick: true,
  },
  {
    id: 'repair: the second name is not durable before the first is given away',
    file: DIRECTORY,
    edits: [
      {
        replace: '    this.#disk.syncDir(directoryOf(path));\n    return aside;\n',
        with: '    return aside;\n',
      },
    ],
    caughtBy: OF_REPAIR,
    why: 'after a crash what was damaged lies nowhere',
  },
  {
    id: 'repair: what is put back is not synced before it has its name',
    file: DIRECTORY,
    edits: [{ replace: '      fresh.file.sync(); // M1\n', with: '' }],
    caughtBy: OF_REPAIR,
    why: 'zeros take the place of what was damaged in one bit',
  },
  {
    id: 'repair: the name that was given is not synced',
    file: DIRECTORY,
    edits: [
      {
        replace: '      isReplaced = true;\n      this.#disk.syncDir(directoryOf(target)); // M3\n',
        with: '      isReplaced = true;\n',
      },
    ],
    caughtBy: OF_REPAIR,
    why: 'repaired, it was said, and after a crash it is not',
  },
  {
    id: 'repair: it is moved away before the new one comes',
    file: DIRECTORY,
    edits: [
      {
        replace: '    const linked = this.#disk.link(this.#at(name), path);\n',
        with: "    const linked: string = 'unsupported';\n",
      },
    ],
    caughtBy: OF_REPAIR,
    why: 'a crash takes away what one damaged pack still gave',
  },
  {
    id: 'repair: a retired key comes back',
    file: REPAIR,
    edits: [
      {
        replace: "folder === 'keys/' && here.size > 0 && !this.#request.putsBackKeys",
        with: 'this.#ports.mending === null',
      },
    ],
    caughtBy: { file: MATRIX, name: 'retired key' },
    why: 'who had a key that was taken away has one again',
  },
  {
    id: 'repair: what a copy says overrules what both twins here say',
    file: 'src/vault/core/twin-vote.ts',
    edits: [
      { replace: '  if (agreed !== undefined) return agreed.bytes;\n', with: '  void agreed;\n' },
    ],
    caughtBy: { file: 'src/vault/core/twin-vote.test.ts' },
    why: 'a copy that somebody changed changes the vault',
  },
  {
    id: 'damage: caches stay when a check finds more',
    file: `${SHELL}/damaged-packs.ts`,
    edits: [{ replace: '    if (isMore) state.dropCaches();\n', with: '' }],
    caughtBy: { file: MATRIX, name: 'pack of content, flipped' },
    why: 'the next backup reads nothing, and stores nothing anew',
  },
  {
    id: 'damage: what was found damaged counts as there',
    file: `${SHELL}/vault-index.ts`,
    edits: [{ replace: "this.#damaged.has(pack) ? 'damaged' : 'present'", with: "'present'" }],
    caughtBy: { file: MATRIX, name: 'pack of content, flipped' },
    why: 'every later snapshot refers to what is damaged',
  },
  {
    id: 'copies of up: a run that failed counts as one that was whole',
    file: 'src/main/up/copies/copies.ts',
    edits: [
      {
        replace: 'end.completeAt ?? each.kept.completeAt;',
        with: 'end.completeAt ?? this.#ports.clock.now();',
      },
    ],
    caughtBy: { file: UP_COPIES, name: 'a run that failed counts for nothing' },
    why: 'a copy that was not made for weeks is shown as fresh',
    isQuick: true,
  },
  {
    id: 'copies of up: what a run answers is believed whatever it ended with',
    file: `${COPIES}/copy-end.ts`,
    edits: [
      {
        replace:
          '  if (code !== 0 && code !== GAPS) return failed(errorWords(error) ?? endWords(code));\n',
        with: '',
      },
    ],
    caughtBy: { file: `${COPIES}/copies.test.ts`, name: 'only a run that left nothing out' },
    why: 'a run that was killed behind its answer counts',
    isQuick: true,
  },
  {
    id: 'copies of up: a copy never grows late',
    file: `${COPIES}/copy-standing.ts`,
    edits: [
      {
        replace: '  if (ageMs > everyMs * LATE_FACTOR) {',
        with: '  if (ageMs > Number.POSITIVE_INFINITY) {',
      },
    ],
    caughtBy: { file: `${COPIES}/copies.test.ts`, name: 'how it stands goes by when' },
    why: 'nobody is told of a copy that stopped',
    isQuick: true,
  },
  {
    id: 'copies: where one lay that is away, another is begun',
    file: COPY,
    edits: [
      {
        replace: 'if (!isThere && request.isExpected?.(vault) === true) {',
        with: 'if (!isThere && request.isExpected?.(vault) === undefined) {',
      },
    ],
    caughtBy: { file: 'test/up/copies.test.ts', name: 'a person may begin it anew' },
    why: 'a disk that is not mounted becomes a directory on the disk that the copy is to outlive',
  },
];
