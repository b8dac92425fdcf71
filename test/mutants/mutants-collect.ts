/** Steps of collection, docs/design/044-collection.md, each left out or turned round. */
import type { Mutant } from './mutant.ts';

const SHELL = 'src/vault/shell';
const COLLECT = `${SHELL}/collect.ts`;
const WATCH = `${SHELL}/collection-watch.ts`;
const SURVEY = `${SHELL}/survey-vault.ts`;
const SIM = 'sim/collect.sim.test.ts';
const TEST = `${SHELL}/collect.test.ts`;
const MOVING_TEST = `${SHELL}/compact-packs.test.ts`;
const TIDY_TEST = `${SHELL}/tidy-indexes.test.ts`;
const SURVEY_TEST = `${SHELL}/survey-vault.test.ts`;

const OF_COLLECTOR: readonly Mutant[] = [
  {
    id: 'collect C5 the fate is decided without a last look',
    file: COLLECT,
    edits: [{ replace: 'const packs = unreached(survey, all);', with: 'const packs = all;' }],
    caughtBy: { file: TEST, name: 'comes back before the sweep' },
    why: 'a snapshot that was put back by hand, or published by who died then, loses its packs',
    isQuick: true,
  },
  {
    id: 'collect C6 what was meant is deleted, whatever fate is there',
    file: COLLECT,
    edits: [
      {
        replace: 'fate.packs.length;\n      add(await carryOut(ports, fate, options));',
        with: 'fate.packs.length;\n      add(await carryOut(ports, { ...fate, packs }, options));',
      },
    ],
    caughtBy: { file: TEST, name: 'C6: who finds' },
    why: 'who was stopped deletes what an undo has put back meanwhile',
  },
  {
    id: 'collect C7 deleting is not made durable',
    file: `${SHELL}/store-collector.ts`,
    edits: [
      {
        replace:
          'for (const folder of folders) if (disk.list(folder) !== undefined) disk.syncDir(folder);',
        with: 'folders.clear();',
      },
    ],
    caughtBy: { file: 'test/conformance/collector-store.test.ts', name: 'stays so after a crash' },
    why: 'packs come back after a crash, and nobody knows any more that they were to go',
  },
  {
    id: 'collect C9 a run that could not delete a pack is over',
    file: COLLECT,
    edits: [
      {
        replace: '    const left = new Set((await',
        with: '    await store.delete(leftOvers(fate.generation));\n    const left = new Set((await',
      },
    ],
    caughtBy: { file: TEST, name: 'is said each time' },
    why: 'the pack stays for good, and nobody tries again or says so',
  },
  {
    id: 'collect C9 marks and trash are taken away before the packs',
    file: COLLECT,
    edits: [
      { replace: '  await store.delete(leftOvers(fate.generation)); // C9\n', with: '' },
      {
        replace: '  const there = gone.size === 0',
        with: '  await store.delete(leftOvers(fate.generation));\n  const there = gone.size === 0',
      },
    ],
    caughtBy: { file: TEST, name: 'C9: while a pack is there' },
    isQuick: true,
    why: 'a writer sees neither marks nor that packs are about to go; after a crash nobody ends it',
  },
];

const OF_SURVEY: readonly Mutant[] = [
  {
    id: 'collect: a snapshot that cannot be read is passed over',
    file: SURVEY,
    edits: [
      {
        replace: 'stopped.push(unreadable(name, error));',
        with: 'unreadable(name, error);',
      },
    ],
    caughtBy: { file: SURVEY_TEST, name: 'stops it' },
    why: 'what a damaged snapshot reaches is deleted, and a copy of it helps nobody any more',
    isQuick: true,
  },
  {
    id: 'collect: what is reached and nowhere to be found is passed over',
    file: SURVEY,
    edits: [{ replace: 'if (missing === 0) return [];', with: 'if (missing >= 0) return [];' }],
    caughtBy: { file: SURVEY_TEST, name: 'no damage' },
    why: 'one damaged page, and the content of all below it is deleted',
  },
  {
    id: 'collect: pages are taken without their digest',
    file: `${SHELL}/pack-look.ts`,
    edits: [{ replace: "demand(isWhole, name, 'its digest is not its name');", with: '' }],
    caughtBy: { file: SURVEY_TEST, name: 'a reference that was overwritten' },
    why: 'one flipped bit in a reference, and what it referred to is deleted',
  },
  {
    id: 'collect: an index says which packs go',
    file: SURVEY,
    edits: [{ replace: "if (pack.state === 'content') {", with: 'if (!isLeaving && isLeaving) {' }],
    caughtBy: { file: SURVEY_TEST, name: 'an index that was made up' },
    why: 'a host with a write key has the packs of others deleted',
    isQuick: true,
  },
  {
    id: 'collect: packs that no index names go',
    file: SURVEY,
    edits: [
      {
        replace:
          "    if (!isLeaving && !this.#map.indexed.has(pack.name)) return { fate: 'kept', why: UNNAMED };\n",
        with: '',
      },
    ],
    caughtBy: { file: SURVEY_TEST, name: 'no index names' },
    why: 'each backup that is under way has to store all of its packs twice',
  },
];

const OF_WRITER: readonly Mutant[] = [
  {
    id: 'collect B1 what is under way when a backup begins is not looked at',
    file: WATCH,
    edits: [{ replace: 'isActive: open.length > 0,', with: 'isActive: false,' }],
    caughtBy: { file: TEST, name: 'B1: a sweep that was decided before' },
    why: 'a sweep that ends during a backup is not noticed by it',
  },
  {
    id: 'collect B1 fates are listed after the marks',
    file: WATCH,
    edits: [
      {
        replace: 'const fates = new Set(fatesOf(names));',
        with: 'const fates = new Set(fatesOf(await listCollection(ports.store)));',
      },
      {
        replace: 'openRuns(fates.size === 0 ? names : await listCollection(ports.store))',
        with: 'openRuns(names)',
      },
    ],
    caughtBy: { file: TEST, name: 'B1: a run that is decided between' },
    why: 'a run that is decided between the lists is taken for one that is over',
  },
  {
    id: 'collect B2 fates are listed before the marks',
    file: WATCH,
    edits: [
      {
        replace:
          '  const open = openRuns(await listCollection(ports.store));\n  const fates = fatesOf(await listCollection(ports.store));',
        with: '  const fates = fatesOf(await listCollection(ports.store));\n  const open = openRuns(await listCollection(ports.store));',
      },
    ],
    caughtBy: { file: TEST, name: 'B2: a run that is decided and ends' },
    why: 'a run that is decided and ends between the lists is not noticed',
  },
  {
    id: 'collect B2 nothing is looked at when the snapshot is there',
    file: `${SHELL}/publish-backup.ts`,
    edits: [
      {
        replace:
          'state.writeWriter({ ...writer, seq: next.seq, previous: written.id });\n  await secureSnapshot(watching(ports), made.since, refs);',
        with: 'state.writeWriter({ ...writer, seq: next.seq, previous: written.id });',
      },
    ],
    caughtBy: { file: SIM, name: 'between two requests of one backup' },
    why: 'what is deleted between the last look and the snapshot is missing in what was acknowledged',
  },
  {
    id: 'collect B3 a run that began and ended meanwhile is not noticed',
    file: WATCH,
    edits: [{ replace: 'fates.every((each) => since.fates.has(each))', with: 'fates.length >= 0' }],
    caughtBy: { file: TEST, name: 'not acknowledged when what it relied on is gone' },
    why: 'a backup that stood still through a whole collection is acknowledged, and is not whole',
    isQuick: true,
  },
  {
    id: 'collect B1 what was listed seconds before is believed',
    file: `${SHELL}/cached-store.ts`,
    edits: [
      { replace: 'if (prefix === COLLECT && found.length > 0)', with: 'if (found.length < 0)' },
    ],
    caughtBy: { file: `${SHELL}/cached-store.test.ts`, name: 'who looks at collections' },
    why: 'over a link a pack that was deleted seconds ago is taken for one that is there',
  },
  {
    id: 'collect B4 what goes is taken for stored',
    file: `${SHELL}/secure-refs.ts`,
    edits: [
      {
        replace: 'if (!covered.has(pack)) sound.takeAll(header);',
        with: 'sound.takeAll(header);',
      },
      {
        replace: "return !covered.has(hex) && map.packs.get(hex)?.state === 'content';",
        with: "return map.packs.get(hex)?.state === 'content';",
      },
    ],
    caughtBy: { file: TEST, name: 'put again, byte for byte' },
    why: 'what is acknowledged relies on packs that are deleted a moment later',
    isQuick: true,
  },
  {
    id: 'collect B4 what is put again has the name of what goes',
    file: `${SHELL}/move-groups.ts`,
    edits: [
      {
        replace: 'bytes.push(tools.random.bytes(UNIQUE_SIZE), encodePackTrailer',
        with: 'bytes.push(encodePackTrailer',
      },
    ],
    caughtBy: { file: TEST, name: 'put again, byte for byte' },
    why: 'what was put again is deleted with what it replaces',
  },
];

const OF_MOVING: readonly Mutant[] = [
  {
    id: 'compact C5 what was moved goes without another look',
    file: `${SHELL}/group-copies.ts`,
    edits: [
      {
        replace: 'const isBelieved = covered.has(pack.name) && !prove.has(pack.name);',
        with: 'const isBelieved = covered.has(pack.name) || prove.has(pack.name);',
      },
    ],
    caughtBy: { file: MOVING_TEST, name: 'a byte of a body is another' },
    why: 'the new pack was damaged meanwhile, and the old one, which was whole, is deleted',
    isQuick: true,
  },
  {
    id: 'compact C5 a copy in what goes counts',
    file: `${SHELL}/group-copies.ts`,
    edits: [
      {
        replace: 'stays[pack] !== true || this.#first[id] === pack',
        with: 'this.#first[id] === pack',
      },
      { replace: 'name === pack || going.has(name) || other', with: 'name === pack || other' },
      {
        replace:
          "if (ids[id] === 0 || this.#wanted.covered.has(this.#packs[pack]?.name ?? '')) return;",
        with: 'if (ids[id] === 0) return;',
      },
    ],
    caughtBy: { file: MOVING_TEST, name: 'another collector takes away' },
    why: 'two collectors that take each other’s pack for the copy delete both',
  },
  {
    id: 'compact: what has the same ids is a copy',
    file: `${SHELL}/group-copies.ts`,
    edits: [
      {
        replace: 'tools.codec.isEqual(bytes, there)',
        with: 'bytes.length === there.length',
      },
    ],
    caughtBy: { file: MOVING_TEST, name: 'planted under the same ids' },
    why: 'a host with a write key puts a worthless pack beside a good one, and the good one is deleted',
  },
  {
    id: 'compact M1 what is moved is put torn',
    file: `${SHELL}/move-groups.ts`,
    edits: [{ replace: '`, pack, name);\n  return', with: '`, pack.slice(1), name);\n  return' }],
    caughtBy: { file: MOVING_TEST, name: 'and the rest of it comes free' },
    why: 'nothing ever comes free, since what was moved is nowhere',
  },
  {
    id: 'compact: a pack without the data key of its groups is a copy',
    file: `${SHELL}/group-copies.ts`,
    edits: [
      { replace: '!isWithin(ownKeys, keysThere)', with: 'ownKeys === keysThere' },
      { replace: '!isWithin(ownKeys, said?.get(dataKeyIdOf(header)))', with: 'said === undefined' },
    ],
    caughtBy: { file: MOVING_TEST, name: 'a copy without the key' },
    why: 'what was moved cannot be opened any more',
  },
  {
    id: 'compact: indexes go before the one that takes their place',
    file: `${SHELL}/tidy-indexes.ts`,
    edits: [
      {
        replace: '    await ports.store.putIfAbsent(name, bytes, sha256);\n',
        with: '    await ports.store.delete(names);\n    await ports.store.putIfAbsent(name, bytes, sha256);\n',
      },
    ],
    caughtBy: { file: TIDY_TEST, name: 'named at every moment' },
    why: 'after a crash each backup scans all packs',
  },
  {
    id: 'compact: indexes that contradict each other are merged',
    file: `${SHELL}/tidy-indexes.ts`,
    edits: [
      {
        replace: 'if (known !== undefined && !said.isSame(at, ...known)) return false;',
        with: '',
      },
    ],
    caughtBy: { file: TIDY_TEST, name: 'contradict' },
    why: 'an index that somebody made up makes the true one go',
  },
  {
    id: 'compact: what is missing and in no fate is forgotten',
    file: `${SHELL}/tidy-indexes.ts`,
    edits: [{ replace: 'return sweptAmong(ports, missing);', with: 'return [...missing];' }],
    caughtBy: { file: TIDY_TEST, name: 'stays named' },
    why: 'a pack that was lost is missed by nobody any more',
  },
  {
    id: 'compact: what a fate says was deleted is missed',
    file: `${SHELL}/vault-index.ts`,
    edits: [
      {
        replace: 'const swept = await sweptAmong(vault, gone);',
        with: 'const swept: string[] = [];',
      },
    ],
    caughtBy: { file: TIDY_TEST, name: 'stays named' },
    why: 'after two collectors at once a vault that lost nothing says that it has, and is read whole',
  },
  {
    id: 'compact M0 who was stopped before an index leaves a pack for ever',
    file: `${SHELL}/collect.ts`,
    edits: [{ replace: '(await isNamedAnew(ports, explored))', with: 'false' }],
    caughtBy: { file: MOVING_TEST, name: 'stopped again and again' },
    why: 'a gc that is killed each night fills the disk with copies that none ever frees',
  },
  {
    id: 'compact M0 a pack that holds something new is named',
    file: `${SHELL}/index-copies.ts`,
    edits: [{ replace: 'isNamed[id] === 1)', with: 'true)' }],
    caughtBy: { file: MOVING_TEST, name: 'left to its backup' },
    why: 'what a backup under way has put is marked, and it has to store it once more',
  },
  {
    id: 'compact: what lies beside a damaged pack is written anew',
    file: `${SHELL}/compact-packs.ts`,
    edits: [{ replace: 'parts.length < bin.length', with: 'parts.length === 0' }],
    caughtBy: { file: MOVING_TEST, name: 'no reason to write those beside it' },
    why: 'each run writes the same packs again and frees nothing',
  },
];

const OF_UNDO: readonly Mutant[] = [
  {
    id: 'collect U1 marks are read before the snapshot is back',
    file: `${SHELL}/put-back.ts`,
    edits: [
      { replace: '  const doomed = await stopOpenRuns(ports); // U2\n', with: '' },
      {
        replace: '  const put = await store.putIfAbsent',
        with: '  const doomed = await stopOpenRuns(ports);\n  const put = await store.putIfAbsent',
      },
    ],
    caughtBy: { file: TEST, name: 'U1: what begins' },
    why: 'a run that begins in between deletes what was put back',
  },
  {
    id: 'collect U2 open runs are not made void',
    file: `${SHELL}/put-back.ts`,
    edits: [
      {
        replace: "decideFate(ports, { generation, decision: 'void' })",
        with: 'run.trash as never',
      },
    ],
    caughtBy: { file: TEST, name: 'an undo makes the run void' },
    why: 'a sweep that has looked already deletes what was put back',
  },
  {
    id: 'collect U3 packs of a sweep are taken for stored',
    file: `${SHELL}/put-back.ts`,
    edits: [
      {
        replace: 'await secureRefs(ports, refs, doomed);',
        with: 'await secureRefs(ports, refs, new Set());',
      },
    ],
    caughtBy: { file: TEST, name: 'an undo while the packs go' },
    why: 'a sweep that was decided takes what was put back',
  },
];

export const COLLECT_MUTANTS: readonly Mutant[] = [
  ...OF_COLLECTOR,
  ...OF_SURVEY,
  ...OF_WRITER,
  ...OF_MOVING,
  ...OF_UNDO,
];
