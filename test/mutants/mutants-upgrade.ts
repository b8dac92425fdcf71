/** An upgrade of a vault's format: its order, what is kept, and what counts in between. */
import type { Mutant } from './mutant.ts';

const UPGRADE = 'src/vault/shell/upgrade-vault.ts';
const HEADER = 'src/vault/core/header.ts';
const STOPS = { file: 'sim/upgrade.sim.test.ts', name: 'writing call of an upgrade .posix' };
const CLI = 'test/cli/vault-upgrade.test.ts';
const FUTURE = 'test/vault/future.test.ts';

export const UPGRADE_MUTANTS: readonly Mutant[] = [
  {
    id: 'upgrade: what was marked before goes on',
    file: UPGRADE,
    edits: [
      {
        replace: 'if (step === steps.at(-1)) await takeBackMarks',
        with: 'if (step === undefined) await takeBackMarks',
      },
    ],
    caughtBy: STOPS,
    why: 'the first collection frees what an older writer relies on, who did not see the marks',
  },
  {
    id: 'upgrade: headers before the documents',
    file: UPGRADE,
    edits: [
      {
        replace:
          '[...Object.entries(documents), ...HEADERS.map((name) => [name, header] as const)]',
        with: '[...HEADERS.map((name) => [name, header] as const), ...Object.entries(documents)]',
      },
    ],
    caughtBy: STOPS,
    why: 'the readers that lie in a vault refuse it',
    isQuick: true,
  },
  {
    id: 'upgrade: the second header first',
    file: UPGRADE,
    edits: [
      { replace: "['header', 'copy/header'] as const", with: "['copy/header', 'header'] as const" },
    ],
    caughtBy: STOPS,
    why: 'who goes by the first header alone writes into a vault of a format that it does not know',
  },
  {
    id: 'upgrade: what was begun counts as done',
    file: UPGRADE,
    edits: [
      {
        replace: 'const from = Math.min(',
        with: 'const from = Math.max(',
      },
    ],
    caughtBy: STOPS,
    why: 'a vault stays between two formats, and nothing is ever freed in it',
  },
  {
    id: 'upgrade: what was replaced is moved away before',
    file: UPGRADE,
    edits: [
      {
        replace:
          'if (oldBytes !== undefined) aside.push(store.replace(name, bytes));\n    else await',
        with: 'if (oldBytes !== undefined) aside.push(store.setAside(name));\n    await',
      },
    ],
    caughtBy: STOPS,
    why: 'for a moment there is one header, or no reader, in the vault',
  },
  {
    id: 'upgrade: one header is enough to free',
    file: UPGRADE,
    edits: [{ replace: 'const format = Math.min(', with: 'const format = Math.max(' }],
    caughtBy: STOPS,
    why: 'a repair may lead back from a half-done upgrade, to writers that do not look at marks',
  },
  {
    id: 'upgrade: of two headers the older counts',
    file: HEADER,
    edits: [{ replace: 'other.format - one.format', with: 'one.format - other.format' }],
    caughtBy: STOPS,
    why: 'what a newer format says is not seen',
  },
  {
    id: 'upgrade: members that are not known are dropped',
    file: HEADER,
    edits: [{ replace: '    ...header.others,\n', with: '' }],
    caughtBy: STOPS,
    why: 'an older version takes away what a newer one has added',
  },
  {
    id: 'upgrade: gc does not ask for the format',
    file: 'src/main/gc/answer-gc.ts',
    edits: [
      {
        replace:
          '  await demandCollectedFormat({ ...collector, place: textOfBytes(nameOfPlace(place)) });\n',
        with: '',
      },
    ],
    caughtBy: { file: CLI, name: 'nothing is forgotten or freed before' },
    why: 'what a writer relies on that does not look at marks is deleted',
  },
  {
    id: 'upgrade: another format of a header is damage',
    file: 'src/vault/shell/copy-vault.ts',
    edits: [{ replace: ' && !this.#isUpgrade(plain, there, right)', with: '' }],
    caughtBy: { file: CLI, name: 'a copy keeps its own format' },
    why: 'no copy of an upgraded vault is ever complete',
  },
  {
    id: 'future: any format is read',
    file: HEADER,
    edits: [{ replace: '  if (format > VAULT_FORMAT) throw', with: '  if (format > 99) throw' }],
    caughtBy: { file: FUTURE, name: 'a newer format is refused' },
    why: 'a vault of a later format is half understood, and written into',
  },
  {
    id: 'future: the second header requires nothing',
    file: 'src/vault/shell/open-vault.ts',
    edits: [
      {
        replace: '  if (refusals[0] !== undefined) throw refusals[0];\n',
        with: '  if (headers.found.length === 0 && refusals[0] !== undefined) throw refusals[0];\n',
      },
    ],
    caughtBy: { file: FUTURE, name: 'second header alone' },
    why: 'a vault that is on its way to a later format is written into',
  },
  {
    id: 'future: a copy leaves out what it does not know',
    file: 'src/vault/shell/copy-vault.ts',
    edits: [
      {
        replace: "    await this.#copyBeside((await from.list('')).filter(isUnknown));\n",
        with: '',
      },
    ],
    caughtBy: { file: FUTURE, name: 'stay in backups, copies' },
    why: 'what a later version has added is missing in every copy',
  },
];
