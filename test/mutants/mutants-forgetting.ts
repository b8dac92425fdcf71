/** What keeps snapshots from being pushed out, forgotten without a trace, or lost on the way: each left out. */
import type { Mutant } from './mutant.ts';

const ATTACKS = 'test/vault/retention-attacks.test.ts';
const FORGET = 'test/vault/forget.test.ts';
const CLOCK = 'src/vault/core/clock-doubt.test.ts';
const FACTS = 'src/vault/shell/retention-facts.ts';
const FORGETTING = 'src/vault/shell/forget.ts';
const DOUBT = 'src/vault/core/clock-doubt.ts';
const SERVER = 'src/vault/shell/stdio-server.ts';

export const FORGETTING_MUTANTS: readonly Mutant[] = [
  {
    id: 'retention: what is young takes the place of what is older',
    file: 'src/vault/core/retention.ts',
    edits: [
      { replace: 'ruleKept(settled, policy, moment)', with: 'ruleKept(newest, policy, moment)' },
    ],
    caughtBy: { file: ATTACKS, name: 'a flood of today' },
    why: 'a host pushes its history out within an hour',
    isQuick: true,
  },
  {
    id: 'retention: a data set is its name, whoever writes it',
    file: FACTS,
    edits: [{ replace: "[record.writer, record.dataSet].join(' ')", with: 'record.dataSet' }],
    caughtBy: { file: ATTACKS, name: 'another host that calls itself' },
    why: 'one host with a key pushes out what others wrote',
    isQuick: true,
  },
  {
    id: 'retention: a writer dates what arrives',
    file: FACTS,
    edits: [
      {
        replace: "at: typeof received === 'number' ? received : record.time,",
        with: 'at: record.time,',
      },
      {
        replace: 'isTimeDoubted: isDoubted(record.time, received),',
        with: 'isTimeDoubted: isDoubted(record.time, undefined),',
      },
    ],
    caughtBy: { file: ATTACKS, name: 'a host that was silent' },
    why: 'a host fills past weeks today, and the real ones go',
    isQuick: true,
  },
  {
    id: 'retention: what did not arrive when it is dated counts as any other',
    file: FACTS,
    edits: [
      {
        replace: 'isTimeDoubted: isDoubted(record.time, received),',
        with: 'isTimeDoubted: isDoubted(record.time, undefined),',
      },
    ],
    caughtBy: { file: ATTACKS, name: 'what came days after' },
    why: 'what nobody knows the age of goes by it',
  },
  {
    id: 'retention: ages are counted to the clock',
    file: DOUBT,
    edits: [{ replace: 'return newest ?? now;', with: 'return now;' }],
    caughtBy: { file: ATTACKS, name: 'a clock that runs ahead' },
    why: 'a stepped clock makes all of it old at once',
  },
  {
    id: 'retention: what others wrote is no witness of the time',
    file: DOUBT,
    edits: [{ replace: 'isBehind(given) ?? ', with: '' }],
    caughtBy: { file: ATTACKS, name: 'a clock behind' },
    why: 'something goes by a clock that is known to be wrong',
  },
  {
    id: 'retention: a clock that was set is believed',
    file: DOUBT,
    edits: [{ replace: 'wasStepped(given) ?? ', with: '' }],
    caughtBy: { file: CLOCK, name: 'set in one boot' },
    why: 'whoever steps a clock ages what is young',
  },
  {
    id: 'retention: a clock that was set is believed when it is asked again',
    file: DOUBT,
    edits: [
      {
        replace: 'stepSince(now, memory) === undefined ? memory?.stepped : now',
        with: 'stepSince(now, memory) === undefined ? undefined : now',
      },
    ],
    caughtBy: { file: CLOCK, name: 'set in one boot' },
    why: 'a second run takes what the first one refused',
  },
  {
    id: 'retention: a jump over years is no doubt',
    file: DOUBT,
    edits: [{ replace: ' ?? afterPause(given)', with: '' }],
    caughtBy: { file: CLOCK, name: 'after a jump' },
    why: 'one wrong clock at one backup, and the history goes',
  },
  {
    id: 'receiver: when a snapshot arrived is not noted',
    file: SERVER,
    edits: [{ replace: 'this.#kept(() => this.#noteArrival());', with: 'undefined;' }],
    caughtBy: { file: 'src/vault/shell/stdio-server.test.ts', name: 'when a snapshot arrived' },
    why: 'a sender chooses what retention goes by',
  },
  {
    id: 'receiver: whoever sends writes what is for the keeper',
    file: SERVER,
    edits: [{ replace: 'if (isOfKeeper(name)) throw ofKeeper(name);', with: '' }],
    caughtBy: { file: ATTACKS, name: 'releases no hold of another' },
    why: 'a host releases holds, dates its own and marks packs of others',
    isQuick: true,
  },
  {
    id: 'hold: a release counts whoever wrote it',
    file: 'src/vault/shell/hold-store.ts',
    edits: [
      { replace: 'releases.filter(({ isVouched }) => isVouched).map(', with: 'releases.map(' },
    ],
    caughtBy: { file: ATTACKS, name: 'without a key of the vault' },
    why: 'who has no key lets go what a person held',
  },
  {
    id: 'forget: a record excuses a loss whoever wrote it',
    file: 'src/vault/shell/forget-book.ts',
    edits: [
      {
        replace: 'if (record.isVouched) return record;',
        with: "if (folder !== '') return record;",
      },
    ],
    caughtBy: { file: ATTACKS, name: 'without a key of the vault' },
    why: 'who deletes snapshots writes that they were forgotten',
  },
  {
    id: 'forget: what goes is written down when it is gone',
    file: FORGETTING,
    edits: [
      {
        replace:
          '  await put(store, encodeForget(tools, keyring, { ...plan, time: clock.now() }));\n',
        with: '',
      },
      {
        replace: '  const { bySnapshot } = await readHolds(vault);\n',
        with: '  await put(store, encodeForget(tools, keyring, { ...plan, time: clock.now() }));\n  const { bySnapshot } = await readHolds(vault);\n',
      },
    ],
    caughtBy: { file: FORGET, name: 'killed at any change' },
    why: 'whoever is killed in between leaves what looks like a loss',
  },
  {
    id: 'forget: a snapshot is deleted before it lies elsewhere',
    file: FORGETTING,
    edits: [
      {
        replace:
          '  for (const header of plan.snapshots) await keepForgotten(ports, nameOf(header));\n',
        with: '',
      },
    ],
    caughtBy: { file: FORGET, name: 'killed at any change' },
    why: 'there is no undo',
  },
  {
    id: 'forget: holds are not looked at afterwards',
    file: FORGETTING,
    edits: [
      {
        replace: 'plan.snapshots.filter(({ id }) => bySnapshot.has(id));',
        with: 'plan.snapshots.filter(({ id }) => bySnapshot.has(id) && id === undefined);',
      },
    ],
    caughtBy: { file: FORGET, name: 'what somebody holds' },
    why: 'what was held a moment too late goes all the same',
  },
  {
    id: 'forget: what came back stays excused',
    file: FORGETTING,
    edits: [{ replace: '  await notePutBack(ports, of.plan, back);\n', with: '' }],
    caughtBy: { file: FORGET, name: 'what came back and is lost' },
    why: 'its loss would look like a plan for ever',
  },
  {
    id: 'forget: an interrupted plan excuses what it left',
    file: FORGETTING,
    edits: [
      {
        replace: '  await settleForgotten(ports);\n  const { tools, keyring } = vault;\n',
        with: '  const { tools, keyring } = vault;\n',
      },
    ],
    caughtBy: { file: FORGET, name: 'what a killed plan left' },
    why: 'the loss of what was never forgotten looks like a plan',
  },
  {
    id: 'chain: a forgotten snapshot is a gap',
    file: 'src/vault/core/snapshot-chain.ts',
    edits: [
      {
        replace: '...forgotten.filter(({ id }) => !here.has(id))',
        with: '...forgotten.filter(({ id }) => here.has(id))',
      },
    ],
    caughtBy: { file: FORGET, name: 'killed at any change' },
    why: 'every check of a vault that forgets cries loss',
  },
];
