/** Sealing anew, docs/design/050-compaction.md: each proof left out. */
import type { Mutant } from './mutant.ts';

const SHELL = 'src/vault/shell';
const COPIES = `${SHELL}/sealed-copies.ts`;
const TEST = `${SHELL}/seal-packs.test.ts`;

export const SEAL_MUTANTS: readonly Mutant[] = [
  {
    id: 'seal C5 what a header says is believed',
    file: COPIES,
    edits: [
      {
        replace: 'Number(opened.isProven(group, at))',
        with: 'Number(at < opened.whole.bytes.length)',
      },
    ],
    caughtBy: { file: TEST, name: 'planted before it goes' },
    why: 'a host with a write key seals anything under the ids of what is good, and that is deleted',
    isQuick: true,
  },
  {
    id: 'seal C5 a page is a copy whatever its group says that it refers to',
    file: COPIES,
    edits: [
      {
        replace:
          'return group.header.kind !== NAMES || this.#saysAll(group, found) ? found : undefined;',
        with: 'return this.#keys.vault === this.#saysAll.name ? undefined : found;',
      },
    ],
    caughtBy: { file: TEST, name: 'refers to is no copy: planted before it goes' },
    why: 'a collector without the key finds nothing that refers to content, and deletes it',
  },
  {
    id: 'seal C5 a copy in what goes counts',
    file: `${SHELL}/group-copies.ts`,
    edits: [
      {
        replace: 'stays[pack] !== true || this.#first[id] === pack',
        with: 'this.#first[id] === pack',
      },
      {
        replace: 'isThere = name !== pack && !going.has(name) &&',
        with: 'isThere = name !== pack &&',
      },
      {
        replace:
          "if (ids[id] === 0 || this.#wanted.covered.has(this.#packs[pack]?.name ?? '')) return;",
        with: 'if (ids[id] === 0) return;',
      },
    ],
    caughtBy: { file: TEST, name: 'another collector takes away is no copy' },
    why: 'two collectors that seal anew at once delete the copies of each other',
  },
  {
    id: 'seal C5 what has to stay does not count again',
    file: `${SHELL}/survey-vault.ts`,
    edits: [
      {
        replace: 'if (leaving.size === going.size) return again;',
        with: 'if (leaving.size <= going.size) return again;',
      },
    ],
    caughtBy: { file: TEST, name: 'refers to is no copy: planted before it goes' },
    why: 'pages that stay refer to content that is deleted, and every backup after that is overtaken',
  },
  {
    id: 'seal C5 what two fates take away is judged as one',
    file: `${SHELL}/collect.ts`,
    edits: [
      { replace: 'ports.keys === undefined ? [due] : due.map((run) => [run])', with: '[due]' },
    ],
    caughtBy: { file: TEST, name: 'may still come back' },
    why: 'pages come back by an undo, and content that they refer to is gone',
  },
  {
    id: 'seal C5 what was opened before is not read again',
    file: COPIES,
    edits: [
      {
        replace: 'if (before !== undefined && !this.#isRead) return before;',
        with: 'if (before !== undefined) return before;',
      },
    ],
    caughtBy: { file: TEST, name: 'is read again before anything goes' },
    why: 'the new pack was damaged since, and the old one, which was whole, is deleted',
  },
  {
    id: 'collect C1 a look counts whatever others did since',
    file: `${SHELL}/survey-vault.ts`,
    edits: [
      {
        replace:
          '  if (!isSame(taken.covered, covered) || !isSame(taken.swept, swept)) return false;\n',
        with: '  if (!isSame(taken.swept, swept)) return false;\n',
      },
    ],
    caughtBy: { file: `${SHELL}/survey-vault.test.ts`, name: 'as the same lies there' },
    why: 'what another run has taken is taken for what stays, and chosen as the copy of something',
  },
  {
    id: 'seal M1 what is sealed anew is not proven',
    file: `${SHELL}/seal-packs.ts`,
    edits: [
      {
        replace: 'if (object === undefined || !opened.isProven(group, member)) return false;',
        with: 'if (object === undefined) return false;',
      },
    ],
    caughtBy: { file: TEST, name: 'not what its id says' },
    why: 'what is damaged or made up is stored once more, under a seal of ours, and nobody is told',
  },
  {
    id: 'seal M1 pages are sealed without what they refer to',
    file: `${SHELL}/seal-packs.ts`,
    edits: [
      { replace: 'this.#references.push(prefixOf(own, from));', with: 'prefixOf(own, from);' },
    ],
    caughtBy: { file: TEST, name: 'go by one fate' },
    why: 'nothing of pages ever comes free, and with one look less content is deleted',
  },
  {
    id: 'seal M1 what a header says is elsewhere is not sealed',
    file: `${SHELL}/needs-by-key.ts`,
    edits: [
      {
        replace: 'if (!(await sealed.holds({ ...row, pack }, row.words, row.at))) continue;',
        with: 'await Promise.resolve(sealed);',
      },
    ],
    caughtBy: { file: TEST, name: 'planted before it is sealed' },
    why: 'who plants a lie keeps the space of all that it names from coming free',
  },
  {
    id: 'seal B3 pages that go say what is needed',
    file: `${SHELL}/secure-refs.ts`,
    edits: [{ replace: 'going: covered', with: 'going: new Set()' }],
    caughtBy: { file: TEST, name: 'ended by anybody' },
    why: 'each backup puts again what was to come free, and a sweep that was stopped is never ended',
  },
];
