/** What keeps timelines, copies of the page and a retention honest: each left out or turned round. */
import type { Mutant } from './mutant.ts';

const RETENTION = 'src/vault/core/retention.property.test.ts';
const HISTORY = 'src/watch/core/history/history.property.test.ts';
const COPIES = 'test/server/pages-copy.test.ts';

export const HISTORY_MUTANTS: readonly Mutant[] = [
  {
    id: 'history: an open end is forgotten when spans are put together',
    file: 'src/watch/core/history/history-span.ts',
    edits: [{ replace: 'open: one.open + other.open,', with: 'open: one.open,' }],
    caughtBy: { file: HISTORY, name: 'order and grouping' },
    why: 'a month without a drill is drawn as if it had been bounded',
  },
  {
    id: 'history: an unknown loss has an upper end',
    file: 'src/watch/core/history/history-span.ts',
    edits: [
      { replace: "const atMostMs = worst === 'bounded' ?", with: 'const atMostMs = worst ?' },
    ],
    caughtBy: { file: HISTORY, name: 'one look counts once' },
    why: 'what nobody knows is drawn as a figure',
  },
  {
    id: 'history: what is written waits again',
    file: 'src/main/server/exposure-history.ts',
    edits: [{ replace: 'for (const key of some) this.#waiting.delete(key);', with: '' }],
    caughtBy: { file: 'test/server/exposure-history.test.ts', name: 'what changed is written' },
    why: 'looks are counted twice',
  },
  {
    id: 'copy: the one that was just written goes as the oldest',
    file: 'src/watch/core/pages-copy/copy-name.ts',
    edits: [{ replace: 'isCopyName(name) && name !== written', with: 'isCopyName(name)' }],
    caughtBy: { file: COPIES, name: 'what goes is the oldest' },
    why: 'a clock that was set back leaves no new copy off the estate',
  },
  {
    id: 'copy: the old ones go before the new one is there',
    file: 'src/adapters/pages-copy/keep-copy.ts',
    edits: [
      { replace: '  await store.putIfAbsent(name, bytes, hash.sha256(bytes));\n', with: '' },
      {
        replace: '  return there.length - old.length;',
        with: '  await store.putIfAbsent(name, bytes, hash.sha256(bytes));\n  return there.length - old.length;',
      },
    ],
    caughtBy: { file: COPIES, name: 'killed or crashed' },
    why: 'a crash between the two leaves less than there was',
  },
  {
    id: 'copy: a stick that is not in becomes a directory',
    file: 'src/adapters/pages-copy/copy-child.ts',
    edits: [
      {
        replace: 'if (!fs.statSync(place, { throwIfNoEntry: false })?.isDirectory()) {',
        with: "if (place === '') {",
      },
    ],
    caughtBy: { file: COPIES, name: 'is not there is not made' },
    why: 'the copy lies on the disk that it is to outlive',
  },
  {
    id: 'retention: what has a doubtful time takes the place of others',
    file: 'src/vault/core/retention.ts',
    edits: [{ replace: 'own.filter((each) => !doubtful.has(each)).sort', with: '[...own].sort' }],
    caughtBy: { file: RETENTION, name: 'what did not arrive' },
    why: 'a host dates its way into past weeks, and the real ones go',
  },
  {
    id: 'retention: the newest proven one has no place of its own',
    file: 'src/vault/core/retention.ts',
    edits: [
      {
        replace:
          "      keep(some.filter(({ isProven }) => isProven).slice(0, 1), 'newest proven');\n",
        with: '',
      },
    ],
    caughtBy: { file: RETENTION, name: 'a year of nightly' },
    why: 'what is left was never read back',
  },
];
