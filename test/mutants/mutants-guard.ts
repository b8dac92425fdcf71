/** Clauses of the guard's rules, each left out or turned round. */
import type { Mutant } from './mutant.ts';

export const GUARD_MUTANTS: readonly Mutant[] = [
  {
    id: 'complete: no listing is needed',
    file: 'src/guard/core/rules/complete.ts',
    edits: [{ replace: '        if (isAbsence(op)) absent.add(op);\n', with: '' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'what a half-read source lacks is deleted',
    isQuick: true,
  },
  {
    id: 'complete: a listing that nobody vouches for counts',
    file: 'src/guard/core/rules/complete.ts',
    edits: [{ replace: "complete !== 'yes' &&", with: "complete === 'no' &&" }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'an unknown is taken for a yes',
  },
  {
    id: 'complete: an empty source is complete',
    file: 'src/guard/core/rules/complete.ts',
    edits: [{ replace: '  if (seen === 0) {', with: '  if (seen < 0) {' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'an unmounted source wipes its targets',
  },
  {
    id: 'complete: fewer than announced is complete',
    file: 'src/guard/core/rules/complete.ts',
    edits: [
      {
        replace: 'expected === undefined || seen === expected',
        with: 'expected === undefined || seen >= 0',
      },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a page that timed out is read as deleted',
  },
  {
    id: 'complete: errors do not count',
    file: 'src/guard/core/rules/complete.ts',
    edits: [{ replace: '  if (errors.length > 0) {', with: '  if (errors.length > 99) {' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'what could not be read is deleted',
  },
  {
    id: 'complete: a sentinel that is missing does not count',
    file: 'src/guard/core/rules/complete.ts',
    edits: [{ replace: '  if (missing.length > 0) {', with: '  if (missing.length > 99) {' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a tree that is being filled is taken for whole',
  },
  {
    id: 'complete: a filter does not count',
    file: 'src/guard/core/rules/complete.ts',
    edits: [
      {
        replace: '  if (filter === null || filterNarrowsDeletes) return [];',
        with: "  if (filter !== '') return [];",
      },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a run of one project deletes all others (Inria 2017)',
  },
  {
    id: 'complete: a rename needs no listing',
    file: 'src/guard/core/rule.ts',
    edits: [{ replace: "|| op.op === 'rename'", with: '' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a path goes because it was not read',
  },
  {
    id: 'scoped: what others put there goes',
    file: 'src/guard/core/rules/scoped.ts',
    edits: [
      { replace: "isFirst || op.owner !== 'pipeline'", with: "isFirst || op.owner === 'unknown'" },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'what a pipeline never made is deleted',
  },
  {
    id: 'scoped: a first run deletes',
    file: 'src/guard/core/rules/scoped.ts',
    edits: [{ replace: 'isFirst || op.owner', with: 'op.owner' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'the first run wipes what it finds',
  },
  {
    id: 'scoped: an empty scope is everything',
    file: 'src/guard/core/rules/scoped.ts',
    edits: [
      {
        replace: '  return scope.some((within)',
        with: '  return scope.length === 0 || scope.some((within)',
      },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'nothing means everything',
  },
  {
    id: 'scoped: a path that begins like the scope is in it',
    file: 'src/guard/core/rules/scoped.ts',
    edits: [{ replace: 'isWithin(within, path)', with: 'path.startsWith(within)' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'pool2 goes with pool',
  },
  {
    id: 'eligible-source: a candidate decides',
    file: 'src/guard/core/rules/eligible-source.ts',
    edits: [{ replace: "role !== 'candidate' && role !== 'replica'", with: "role !== 'replica'" }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a re-imaged host is the master (Wikimedia 2016)',
    isQuick: true,
  },
  {
    id: 'eligible-source: what differs does not count',
    file: 'src/guard/core/rules/eligible-source.ts',
    edits: [
      {
        replace: '    ...source.differs.map((each) => differenceWords(each, source.role)),\n',
        with: '',
      },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'another machine under the same name decides',
  },
  {
    id: 'eligible-source: an older source decides',
    file: 'src/guard/core/rules/eligible-source.ts',
    edits: [{ replace: 'source.generation >= last', with: 'source.generation >= 0' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'an old state takes the new one away',
  },
  {
    id: 'eligible-source: a shrunken source decides',
    file: 'src/guard/core/rules/eligible-source.ts',
    edits: [{ replace: 'listing.seen >= keepsMin * before.seen', with: 'listing.seen >= 0' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'half a source takes the other half away',
  },
  {
    id: 'undo: an undo that was not tried counts',
    file: 'src/guard/core/rule.ts',
    edits: [
      { replace: "undo.kind === 'none' || !undo.verified ||", with: "undo.kind === 'none' ||" },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'what cannot be put back is gone',
  },
  {
    id: 'undo: an undo that has run out counts',
    file: 'src/guard/core/rule.ts',
    edits: [
      { replace: 'undo.until === undefined || undo.until > now', with: 'undo.until !== now + 1' },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'it was put back yesterday at the latest',
  },
  {
    id: 'undo: what it takes along need not be known',
    file: 'src/guard/core/rules/undo.ts',
    edits: [
      { replace: "        if (op.cascade === 'unexpanded') unexpanded.add(op);\n", with: '' },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a parent takes its children along',
  },
  {
    id: 'live: what is in use goes',
    file: 'src/guard/core/rules/live.ts',
    edits: [
      {
        replace: "changes && op.live.state === 'in-use'",
        with: "changes && op.live.state === 'unknown'",
      },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'an open database is taken away',
  },
  {
    id: 'live: what may be in use goes',
    file: 'src/guard/core/rules/live.ts',
    edits: [{ replace: "isLoss(op) && op.live.state === 'unknown'", with: 'false' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'nobody has looked',
  },
  {
    id: 'radius: entries of a directory do not count',
    file: 'src/guard/core/rule.ts',
    edits: [{ replace: '    this.entries += op.entries;', with: '    this.entries += 1;' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'one directory with everything in it is one',
  },
  {
    id: 'radius: what went today does not count',
    file: 'src/guard/core/rules/radius.ts',
    edits: [
      {
        replace: '  return gone.entries + facts.pipeline.deletedIn24h;',
        with: '  return gone.entries + 0 * facts.pipeline.deletedIn24h;',
      },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a tree goes by small steps',
  },
  {
    id: 'radius: no share is too large',
    file: 'src/guard/core/rules/radius.ts',
    edits: [{ replace: 'total <= share * population ||', with: 'total <= population ||' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a small tree goes as a whole',
  },
  {
    id: 'radius: nothing need remain',
    file: 'src/guard/core/rules/radius.ts',
    edits: [{ replace: 'fewer <= 0 || remain >= remainMin', with: 'fewer <= 0 || remain >= 0' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'the last one goes',
  },
  {
    id: 'exact-plan: an expired plan is done',
    file: 'src/guard/core/rules/exact-plan.ts',
    edits: [
      {
        replace: '  if (facts.now < header.expires) return [];',
        with: '  if (facts.now <= header.expires + 1) return [];',
      },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a plan of last year is done',
  },
  {
    id: 'exact-plan: a freeze is not seen',
    file: 'src/guard/core/rules/exact-plan.ts',
    edits: [{ replace: '        ...frozen(given),\n', with: '' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'changes go on while they are frozen',
  },
  {
    id: 'exact-plan: a claim is not seen',
    file: 'src/guard/core/rules/exact-plan.ts',
    edits: [{ replace: '        ...claimed(given),\n', with: '' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a host is synced while it is re-imaged',
  },
  {
    id: 'exact-plan: an agent deletes by itself',
    file: 'src/guard/core/rules/exact-plan.ts',
    edits: [
      { replace: "header.actor.kind !== 'agent' ||", with: "header.actor.kind !== 'human' ||" },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a machine decides alone',
  },
  {
    id: 'judge: what is observed holds, what is enforced does not',
    file: 'src/guard/core/release.ts',
    edits: [
      {
        replace: "objection.mode === 'enforce' && objection.releasedBy === undefined",
        with: "objection.mode === 'observe' && objection.releasedBy === undefined",
      },
    ],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'nothing is held',
  },
  {
    id: 'judge: the mildest objection decides',
    file: 'src/guard/core/release.ts',
    edits: [{ replace: 'Math.max(0, ...worst)', with: 'Math.min(...worst, 3)' }],
    caughtBy: { file: 'src/guard/core/judge.test.ts' },
    why: 'a denied plan is done',
  },
  {
    id: 'release: approvals release invariants',
    file: 'src/guard/core/release.ts',
    edits: [
      {
        replace: "objection.isInvariant || objection.effect !== 'hold' ? undefined : approvedBy",
        with: 'approvedBy',
      },
    ],
    caughtBy: { file: 'src/guard/core/release.test.ts' },
    why: 'two tired people wipe a tree',
  },
  {
    id: 'release: one person twice is two',
    file: 'src/guard/core/release.ts',
    edits: [
      {
        replace: '[...new Set(counted.map((each) => each.person))]',
        with: 'counted.map((each) => each.person)',
      },
    ],
    caughtBy: { file: 'src/guard/core/release.test.ts' },
    why: 'the second person is the first',
  },
  {
    id: 'release: nobody need name the target',
    file: 'src/guard/core/release.ts',
    edits: [{ replace: 'each.namedTarget || !namesTarget', with: 'true' }],
    caughtBy: { file: 'src/guard/core/release.test.ts' },
    why: 'what is in use goes by habit',
  },
  {
    id: 'release: nobody need wait',
    file: 'src/guard/core/release.ts',
    edits: [{ replace: 'now - first >= need.coolOffMs', with: 'now - first >= 0' }],
    caughtBy: { file: 'src/guard/core/release.test.ts' },
    why: 'nobody could have said no',
  },
  {
    id: 'plan: a reader takes more than was written',
    file: 'src/guard/core/plan-lines.ts',
    edits: [{ replace: 'if (opLine(op) !== `', with: 'if (op.n < 0 && opLine(op) !== `' }],
    caughtBy: { file: 'src/guard/core/plan-golden.test.ts' },
    why: 'one plan is signed and another one done',
    isQuick: true,
  },
  {
    id: 'plan: a path may lead out of its target',
    file: 'src/guard/core/plan-fields.ts',
    edits: [{ replace: 'UNSAFE.test(path)', with: "path.includes('\\0')" }],
    caughtBy: { file: 'src/guard/core/plan-golden.test.ts' },
    why: 'a plan reaches /etc',
  },
  {
    id: 'plan: a leaf passes for a node',
    file: 'src/guard/core/plan-digest.ts',
    edits: [{ replace: "const NODE = '\\x01';", with: "const NODE = '\\0';" }],
    caughtBy: { file: 'src/guard/core/plan-golden.test.ts' },
    why: 'another list of operations has the same root',
  },
  {
    id: 'plan store: count and root are not compared',
    file: 'src/guard/shell/read-ops.ts',
    edits: [
      {
        replace:
          "  if (root.root() !== seal.root) throw invalidPlan('its operations are not those of its root');\n",
        with: '',
      },
    ],
    caughtBy: { file: 'src/guard/shell/plan-store.test.ts' },
    why: 'what was signed is not what is done',
  },
  {
    id: 'plan store: a plan that was begun is swept',
    file: 'src/guard/shell/plan-store.ts',
    edits: [{ replace: "|| name.startsWith('journal')", with: '' }],
    caughtBy: { file: 'src/guard/shell/plan-store.test.ts' },
    why: 'what a killed run set aside can no longer be put back',
  },
  {
    id: 'own rules: what cannot be decided passes',
    file: 'src/adapters/cel/cel-rules.ts',
    edits: [{ replace: '      this.#failed = error.summary;\n', with: '' }],
    caughtBy: { file: 'src/adapters/cel/cel-rules.test.ts' },
    why: 'a mistyped key switches a rule off',
  },
  {
    id: 'apply: a link on the way is followed',
    file: 'src/adapters/node/source.ts',
    edits: [
      {
        replace: 'O_RDONLY | O_DIRECTORY | O_NOFOLLOW)',
        with: 'O_RDONLY | O_DIRECTORY)',
      },
      { replace: 'O_PATH | O_DIRECTORY | O_NOFOLLOW)', with: 'O_PATH | O_DIRECTORY)' },
    ],
    caughtBy: { file: 'test/guard/hostile.test.ts', name: 'swapped' },
    why: 'whoever may write in the tree leads an apply out of it',
  },
  {
    id: 'apply: what is meant is not written down first',
    file: 'src/guard/shell/apply-run.ts',
    edits: [
      {
        replace: 'this.#commanded.set(op.n, intent);\n    }\n    this.#meant.durable();\n',
        with: 'this.#commanded.set(op.n, intent);\n    }\n',
      },
    ],
    caughtBy: { file: 'sim/guard.sim.test.ts', name: 'killed at any writing call of an apply' },
    why: 'after a kill nobody knows what lies aside',
  },
];
