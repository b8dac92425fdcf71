/** The server as witness of vaults: each check that keeps it from silence, and from false alarms. */
import type { Mutant } from './mutant.ts';

export const WITNESS_MUTANTS: readonly Mutant[] = [
  {
    id: 'witness: only the highest number is compared',
    file: 'src/watch/core/heads/told-heads.ts',
    edits: [
      {
        replace: "  if (same.length > 0) return 'other';",
        with: "  if (its.snapshots.some((each) => each.seq > seq)) return 'there';\n  if (same.length > 0) return 'other';",
      },
    ],
    caughtBy: {
      file: 'src/main/server/told-heads.property.test.ts',
      name: 'what a host had told of',
    },
    why: 'a host that was set back and wrote on is taken for one that went on',
    isQuick: true,
  },
  {
    id: 'witness: what was missed is forgotten with the next report',
    file: 'src/watch/core/heads/told-heads.ts',
    edits: [
      {
        replace:
          "if (each.vault !== vault || judged(heads, each) !== 'there') all.set(keyOf(each), each);",
        with: 'if (each.vault !== vault) all.set(keyOf(each), each);',
      },
    ],
    caughtBy: { file: 'src/watch/core/heads/told-heads.test.ts', name: 'it stays until' },
    why: 'one backup after it was set back nobody is told any more',
    isQuick: true,
  },
  {
    id: 'witness: what was missed stays the head',
    file: 'src/watch/core/heads/told-heads.ts',
    edits: [
      {
        replace: "if (is === 'there' || is === 'unknown') after.set(head.writer, head);",
        with: 'after.set(head.writer, head);',
      },
    ],
    caughtBy: { file: 'src/watch/core/heads/told-heads.test.ts', name: 'a person says' },
    why: 'what is lost after a person said that it is right so is not missed',
  },
  {
    id: 'witness: what is not believed raises a head',
    file: 'src/watch/core/heads/told-heads.ts',
    edits: [
      {
        replace: 'return snapshots.find(({ seq }) => seq <= believedTo);',
        with: 'return snapshots.find(({ seq }) => seq <= believedTo || seq > 0);',
      },
    ],
    caughtBy: { file: 'src/watch/core/heads/told-heads.test.ts', name: 'what nobody believes' },
    why: 'who may put objects there plants a number, and takes it away again',
  },
  {
    id: 'witness: what had no room is gone',
    file: 'src/watch/core/heads/told-heads.ts',
    edits: [
      {
        replace: "return its.hasMore && seq <= oldest ? 'unknown' : 'gone';",
        with: "return its.hasMore && seq <= oldest && seq < 0 ? 'unknown' : 'gone';",
      },
    ],
    caughtBy: { file: 'src/watch/core/heads/told-heads.test.ts', name: 'what had no room' },
    why: 'a writer that wrote much is called set back',
  },
  {
    id: 'witness: a plan that cannot be read excuses nothing',
    file: 'src/watch/core/heads/told-heads.ts',
    edits: [{ replace: "  if (unread > 0) return 'unknown';\n", with: '' }],
    caughtBy: { file: 'src/watch/core/heads/told-heads.test.ts', name: 'what had no room' },
    why: 'one damaged file, and all that was ever forgotten is called lost',
  },
  {
    id: 'witness: each new medium alarms',
    file: 'src/watch/core/heads/told-heads.ts',
    edits: [
      {
        replace: 'const isKnown = before.vaults.some(({ vault }) => vault === heads.vault);',
        with: 'const isKnown = last.vault === heads.vault;',
      },
    ],
    caughtBy: {
      file: 'src/watch/core/heads/told-heads.test.ts',
      name: 'another vault in its place',
    },
    why: 'two sticks that are changed each week alarm each week',
  },
  {
    id: 'witness: a report that was late contradicts',
    file: 'src/main/server/told-heads.ts',
    edits: [
      {
        replace: 'toldAtMs + APART_MS <= seenAtMs,',
        with: 'toldAtMs + APART_MS <= seenAtMs + 1e12,',
      },
    ],
    caughtBy: {
      file: 'src/main/server/told-heads.property.test.ts',
      name: 'a vault that only grows',
    },
    why: 'what one host read before another wrote is called set back',
  },
  {
    id: 'witness: what others told is not looked at',
    file: 'src/main/server/told-heads.ts',
    edits: [
      {
        replace: 'told.place === place && told.host !== host && toldAtMs',
        with: "told.place === place && told.host === '' && toldAtMs",
      },
    ],
    caughtBy: { file: 'test/server/told-heads.test.ts', name: 'what one host told' },
    why: 'a vault that two hosts share is set back between their reports, and neither says it',
  },
  {
    id: 'witness: an offer says nothing',
    file: 'src/main/server/sights.ts',
    edits: [
      {
        replace: '      report = await this.#offered(show);\n',
        with: '      report = undefined;\n',
      },
    ],
    caughtBy: { file: 'test/server/told-heads.test.ts', name: 'what one host told' },
    why: 'a host that sees the old vault each hour says nothing, since that is what it saw before',
  },
  {
    id: 'witness: it is kept in memory alone',
    file: 'src/main/server/sights.ts',
    edits: [
      {
        replace: 'changes: [...pending.changes, ...heads.changes],',
        with: 'changes: pending.changes,',
      },
    ],
    caughtBy: { file: 'test/server/told-heads.test.ts', name: 'a vault that was set back' },
    why: 'a server that starts anew remembers nothing',
  },
  {
    id: 'witness: a commit that failed counts',
    file: 'src/main/server/told-heads.ts',
    edits: [
      {
        replace: '    const changes: readonly ServerChange[] = after.map(',
        with: '    for (const told of after) this.#hold(told, now);\n    const changes: readonly ServerChange[] = after.map(',
      },
    ],
    caughtBy: {
      file: 'src/main/server/told-heads.property.test.ts',
      name: 'what a host had told of',
    },
    why: 'what is not on the disk is compared with',
  },
  {
    id: 'witness: a name of another host is taken',
    file: 'src/main/server/told-heads.ts',
    edits: [
      { replace: 'return /^[a-z]+:\\/\\//.test(copy) ? copy : undefined;', with: 'return copy;' },
    ],
    caughtBy: { file: 'test/server/told-heads.test.ts', name: 'nobody is alarmed' },
    why: 'a host speaks of a directory of another',
  },
  {
    id: 'witness: people are not told',
    file: 'src/main/server/pulse.ts',
    edits: [{ replace: ', ...told.subjects()];', with: '];' }],
    caughtBy: { file: 'test/server/told-heads.test.ts', name: 'a vault that was set back' },
    why: 'it stands on a page, and nobody looks',
  },
  {
    id: 'witness: what a plan forgot is gone',
    file: 'src/main/estate/heads-here.ts',
    edits: [
      {
        replace: 'for (const header of forgottenIn(book)) links',
        with: 'for (const header of forgottenIn({ plans: [] })) links',
      },
    ],
    caughtBy: { file: 'test/cli/told-heads.test.ts', name: 'what is told' },
    why: 'each retention is called a roll-back',
  },
  {
    id: 'witness: what is damaged is gone',
    file: 'src/main/estate/heads-here.ts',
    edits: [
      {
        replace: 'return named === undefined ? [] : [',
        with: 'return named === undefined || named.seq > 0 ? [] : [',
      },
    ],
    caughtBy: { file: 'test/cli/told-heads.test.ts', name: 'what is told' },
    why: 'a disk that rots is called a roll-back',
  },
  {
    id: 'witness: a host pushes out what others told',
    file: 'src/adapters/sqlite/server-told-heads.ts',
    edits: [{ replace: '    await forgetBeyond(tx, host);\n', with: '' }],
    caughtBy: { file: 'test/server/store-faults.test.ts', name: 'past each bound' },
    why: 'one host with many names makes the server forget',
  },
];
