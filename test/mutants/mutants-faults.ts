/** What counts on others acting at the same time, each left out. docs/design/053-faults.md */
import type { Mutant } from './mutant.ts';

const SHELL = 'src/vault/shell';
const COLLECT_SIM = 'sim/collect.sim.test.ts';
const FORGET_TEST = 'test/vault/forget.test.ts';
const SCRUB_TEST = 'test/integration/scrub.test.ts';
const SURVEY_TEST = `${SHELL}/survey-vault.test.ts`;

export const FAULTS_MUTANTS: readonly Mutant[] = [
  {
    id: 'check: lines of seen/ that say nothing are not named',
    file: `${SHELL}/check-vault.ts`,
    edits: [{ replace: 'for (const problem of unsaid) this.#noteProblem(problem);', with: '' }],
    caughtBy: { file: 'test/cli/seen.test.ts', name: 'unchanged since, and seen at' },
    why: 'what somebody put there, or what rotted, stays and nobody hears of it',
  },
  {
    id: 'copy: a dry run does not see what would have come',
    file: `${SHELL}/copy-vault.ts`,
    edits: [{ replace: '? asIfCopied(this.#ports) :', with: '? this.#ports.to :' }],
    caughtBy: { file: `${SHELL}/swept-packs.test.ts`, name: 'a dry run counts' },
    why: 'more comes over the line than was said',
  },
  {
    id: 'repair: what is to be typed sets aside under the same name again',
    file: 'src/main/cli/command-vault-repair.ts',
    edits: [
      {
        replace: 'const aside = `damaged/',
        with: 'const aside = `damaged/x`; void `',
      },
    ],
    caughtBy: { file: 'test/cli/vault-copy.test.ts', name: 'behind a server that only adds' },
    why: 'what rots a second time is never set aside: mv -n says nothing, and does nothing',
  },
  {
    id: 'store: the directory of an object is made before the object is there',
    file: `${SHELL}/store-directory.ts`,
    edits: [
      {
        replace: 'const temporary = this.#createTemporary();',
        with: 'this.#ensure(directory);\n    const temporary = this.#createTemporary();',
      },
    ],
    caughtBy: { file: 'test/conformance/store.test.ts', name: 'nothing is left' },
    why: 'whoever may send fills a vault with directories that no quota counts',
  },
  {
    id: 'peer: any number of keys is taken',
    file: `${SHELL}/few-keys.ts`,
    edits: [{ replace: 'return countIn(folder) >= KEYS_MAX;', with: 'return false;' }],
    caughtBy: { file: 'test/peer/peer-limits.test.ts', name: 'so many keys' },
    why: 'who stole a token keeps the vault shut: each passphrase is tried on each key',
  },
  {
    id: 'stdio: any number of keys is taken',
    file: `${SHELL}/stdio-server.ts`,
    edits: [{ replace: '      this.#demandFewKeys();\n', with: '' }],
    caughtBy: { file: `${SHELL}/stdio-server.test.ts`, name: 'so many keys' },
    why: 'a host that may only send keeps the vault shut for everybody',
    isQuick: true,
  },
  {
    id: 'peer: keys that are on their way are not counted',
    file: `${SHELL}/peer-vault.ts`,
    edits: [
      {
        replace: 'put.name.startsWith(folder)).length',
        with: 'put.name === folder).length',
      },
    ],
    caughtBy: { file: 'test/peer/peer-limits.test.ts', name: 'so many keys' },
    why: 'the same, sent in halves',
  },
  {
    id: 'peer: keys in folders of their own are not counted',
    file: `${SHELL}/few-keys.ts`,
    edits: [{ replace: "name.indexOf('/', folder.length) !== -1", with: "name === ''" }],
    caughtBy: { file: 'test/peer/peer-limits.test.ts', name: 'so many keys' },
    why: 'the same',
  },
  {
    id: 'open: one folder of two that cannot be listed ends it',
    file: `${SHELL}/twin-objects.ts`,
    edits: [{ replace: 'if (failed.length === places.length)', with: 'if (failed.length > 0)' }],
    caughtBy: { file: `${SHELL}/open-vault.test.ts`, name: 'does not give back' },
    why: 'a bad sector under one folder keeps the vault from opening',
    isQuick: true,
  },
  {
    id: 'open: where neither folder can be listed there is nothing',
    file: `${SHELL}/twin-objects.ts`,
    edits: [{ replace: 'if (failed.length === places.length)', with: 'if (failed.length > 9)' }],
    caughtBy: { file: `${SHELL}/open-vault.test.ts`, name: 'does not give back' },
    why: 'a disk that fails is called a vault without keys, or without a word against a writer',
  },
  {
    id: 'gc: a network file system is as good as a disk',
    file: 'src/main/gc/demand-alone.ts',
    edits: [{ replace: '!isRemote || ', with: 'isRemote || ' }],
    caughtBy: { file: 'test/cli/gc-network.test.ts', name: 'by what the mount table says' },
    why: 'a snapshot that another machine has just stored is not seen, and what it needs is deleted',
    isQuick: true,
  },
  {
    id: 'gc: the program does not look where the vault lies',
    file: 'src/main/gc/answer-gc.ts',
    edits: [
      {
        replace:
          '  demandAlone(place, nodeMounts({ answerMax: MOUNT_ANSWER_MAX }), options.nobodyWrites);\n',
        with: '',
      },
    ],
    caughtBy: { file: 'test/cli/gc-network.test.ts', name: 'the program refuses it' },
    why: 'the same',
  },
  {
    id: 'gc: what stopped a sweep is not counted',
    file: 'src/main/gc/freeing-words.ts',
    edits: [{ replace: '...swept.stopped, ...marked', with: '...marked' }],
    caughtBy: { file: 'src/main/gc/freeing-words.test.ts', name: 'why nothing was freed' },
    why: 'a run that freed nothing says that it was done',
  },
  {
    id: 'gc: an index that cannot be deleted ends it',
    file: `${SHELL}/collect.ts`,
    edits: [
      {
        replace:
          '    if (!(error instanceof Fault)) throw error;\n    return { untidied: error.message };',
        with: '    throw error;',
      },
    ],
    caughtBy: { file: `${SHELL}/collect.test.ts`, name: 'undo no mark' },
    why: 'one immutable file makes each collection fail',
  },
  {
    id: 'gc: a dry run plans what is known to be damaged',
    file: 'src/main/gc/compaction-here.ts',
    edits: [{ replace: '!damaged.has(name)', with: "name !== ''" }],
    caughtBy: { file: 'src/main/gc/freeing-words.test.ts', name: 'a dry run does not plan' },
    why: 'space is promised that does not come free',
  },
  {
    id: 'check: what was found while others collected is said at once',
    file: `${SHELL}/check-again.ts`,
    edits: [{ replace: 'looks < LOOKS_MAX', with: 'looks < 1' }],
    caughtBy: { file: COLLECT_SIM, name: 'freed while it is checked' },
    why: 'what a collector took is called damaged, and caches are dropped for nothing',
    isQuick: true,
  },
  {
    id: 'copy: what was moved while it was copied is not looked for',
    file: `${SHELL}/copy-vault.ts`,
    edits: [
      {
        replace: 'if (this.#gone.size > 0 && pass < PASSES_MAX) continue;',
        with: 'if (this.#gone.size > 9999) continue;',
      },
    ],
    caughtBy: { file: 'sim/copy.sim.test.ts', name: 'freed while it is copied' },
    why: 'a copy lists snapshots of which the packs lie elsewhere by now',
  },
  {
    id: 'forgetting: who forgets does not look whether somebody took it for put back',
    file: `${SHELL}/forget.ts`,
    edits: [{ replace: '  await excuse(ports, plan);\n', with: '' }],
    caughtBy: { file: FORGET_TEST, name: 'two that forget at once' },
    why: 'of two collectors one calls lost what the other forgot',
    isQuick: true,
  },
  {
    id: 'forgetting: who settles does not look whether it is still there',
    file: `${SHELL}/forget.ts`,
    edits: [
      {
        replace: 'if (back.length > 0) await excuse',
        with: 'if (back.length > 9999) await excuse',
      },
    ],
    caughtBy: { file: FORGET_TEST, name: 'two that forget at once' },
    why: 'the same, where the other was the faster one',
  },
  {
    id: 'forgetting: what the book says came back is believed to be there',
    file: `${SHELL}/forget.ts`,
    edits: [{ replace: 'isMissing(each) && !excused.has(each.id)', with: 'each.seq < 0' }],
    caughtBy: { file: FORGET_TEST, name: 'one is killed' },
    why: 'a snapshot is called lost until somebody undoes a plan by hand',
    isQuick: true,
  },
  {
    id: 'forgetting: what another plan forgot since is brought back too',
    file: `${SHELL}/forget.ts`,
    edits: [{ replace: 'isMissing(each) && !excused.has(each.id)', with: 'isMissing(each)' }],
    caughtBy: { file: FORGET_TEST, name: 'another plan forgot since' },
    why: 'what was put back once is never forgotten again',
    isQuick: true,
  },
  {
    id: 'collect: anything below snapshots/ counts as a snapshot',
    file: `${SHELL}/survey-vault.ts`,
    edits: [{ replace: 'isSnapshotName(name) && !without.has(name)', with: '!without.has(name)' }],
    caughtBy: { file: SURVEY_TEST, name: 'has no name of a snapshot' },
    why: 'whoever may put a file there stops collection for ever',
  },
  {
    id: 'backup: one that was overtaken gives up',
    file: `${SHELL}/overtaken.ts`,
    edits: [{ replace: 'return run(true);', with: 'throw error;' }],
    caughtBy: { file: COLLECT_SIM, name: 'between two requests of one backup' },
    why: 'a backup of the night is not made, since somebody collected',
  },
  {
    id: 'hold: what undo --reclaim put there goes without a release',
    file: `${SHELL}/retention-facts.ts`,
    edits: [{ replace: 'isKeptForUndo(content) && !isReleasedUndo', with: 'isReleasedUndo' }],
    caughtBy: { file: 'test/guard/reclaim.test.ts', name: 'it put there is held' },
    why: 'a retention takes away what an undo needs',
  },
  {
    id: 'hold: the first characters of several plans release all of them',
    file: 'src/main/cli/command-vault-hold.ts',
    edits: [
      { replace: '(ofPlans.map(planOf)).size <= 1', with: '(ofPlans.map(planOf)).size <= 9999' },
    ],
    caughtBy: { file: 'test/guard/reclaim.test.ts', name: 'release none of them' },
    why: 'one command lets go what every undo needs',
  },
  {
    id: 'check: another look passes by what was damaged when its time is over',
    file: `${SHELL}/check-vault.ts`,
    edits: [{ replace: 'isDue ? () => true : mayLook', with: 'isDue ? mayLook : mayLook' }],
    caughtBy: { file: SCRUB_TEST, name: 'is not taken back' },
    why: 'a vault with damage is called sound',
  },
  {
    id: 'scrub: packs have the names of the last look',
    file: 'src/main/scrub-here.ts',
    edits: [
      {
        replace: 'const { packs, names } = needed;',
        with: 'const { packs } = needed;\n    const names = [...this.#needed.values()].at(-1)?.names ?? [];',
      },
    ],
    caughtBy: { file: SCRUB_TEST, name: 'have the names' },
    why: 'what nobody read is called proven',
  },
];
