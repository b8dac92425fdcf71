/**
 * One plan with many operations, from the first to a digest that can be signed: written, judged,
 * pictured, sealed, read back and checked. Prints one JSON object.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nodeDisk } from '../src/adapters/node/disk.ts';
import { nodeTools } from '../src/adapters/node/tools.ts';
import { celRules } from '../src/adapters/cel/cel-rules.ts';
import { byteString } from '../src/base/bytes.ts';
import { type Op, PLAN_FORMAT } from '../src/base/plan.ts';
import { days, unixMs } from '../src/base/units.ts';
import { DEFAULT_POLICY } from '../src/guard/core/guard-policy.ts';
import { Judging } from '../src/guard/core/judge.ts';
import { NEW_PIPELINE } from '../src/guard/core/judge-facts.ts';
import type { JudgedHeader } from '../src/guard/core/own-rules.ts';
import { PlanPicture } from '../src/guard/core/plan-picture.ts';
import { PlanStore } from '../src/guard/shell/plan-store.ts';

const [scratch = '', countText = '', ruleText = ''] = process.argv.slice(2);
const NOW = unixMs(1_795_000_000_000);
const COUNT = Number(countText);

const header: JudgedHeader = {
  ...{ format: PLAN_FORMAT, id: 'p-00000001', created: NOW, expires: unixMs(NOW + days(7)) },
  ...{ pipeline: 'bench', actor: { name: 'ann@hv1', kind: 'human' }, doneBy: 'holdfast' },
  source: {
    ...{ place: '/a', identity: 'a', role: 'source', generation: 0, differs: [] },
    listing: {
      ...{ complete: 'yes', filter: null, filterNarrowsDeletes: false, seen: COUNT, errors: [] },
      ...{ sentinels: [], readAt: NOW },
    },
  },
  target: { place: '/b', identity: 'b', generation: 0, entries: COUNT, bytes: 0, readAt: NOW },
  scope: [byteString('')],
};

/** Every third goes, every third is overwritten, every third is new. */
function operation(n: number): Omit<Op, 'n'> {
  const directory = String(Math.floor(n / 100)).padStart(6, '0');
  const name = `srv/tree/${directory}/file-with-a-name-${String(n % 100).padStart(2, '0')}`;
  const verb = (['delete', 'update', 'create'] as const)[n % 3] ?? 'create';
  const precond = {
    ...{ inode: BigInt(n), device: 66_306n, mode: 0o100644, size: BigInt(n) },
    ...{ mtimeNs: 1_795_000_000_123_456_789n, ctimeNs: 1_795_000_000_123_456_789n },
  };
  return {
    ...{ op: verb, kind: 'file', path: byteString(name), entries: 1, bytes: n, owner: 'pipeline' },
    cause: verb === 'delete' ? 'absent-in-source' : verb === 'update' ? 'differs' : 'new',
    ...{ cascade: 'expanded', cls: 'data', live: { state: 'idle' } },
    ...(verb === 'create' ? {} : { newest: unixMs(NOW - n), precond }),
    undo: { kind: 'quarantine', verified: true, until: unixMs(NOW + 1), fidelity: 'exact' },
  };
}

function main(): void {
  const root = mkdtempSync(join(scratch, 'guard-judge-'));
  try {
    const rule = { name: 'bench', hold: ruleText, why: 'w', fix: 'f' };
    const own = ruleText === '' ? [] : celRules([rule], 'bench');
    const store = new PlanStore({
      ...{ disk: nodeDisk(), tools: nodeTools(), stateDir: byteString(root) },
    });
    const pipeline = { ...NEW_PIPELINE, isFirstRun: false };
    const facts = { now: NOW, pipeline, claims: [], approvals: [] };
    const judging = new Judging(header, facts, { ...DEFAULT_POLICY, own });
    const picture = new PlanPicture(NOW);
    const begun = performance.now();
    const draft = store.draft(header);
    for (let n = 0; n < COUNT; n++) {
      const op = draft.add(operation(n));
      judging.add(op);
      picture.add(op);
    }
    const { decision } = judging.end();
    draft.seal();
    const wallS = (performance.now() - begun) / 1000;
    const made = used();
    store.check(header.id);
    const checked = used();
    const counts = { decision, alarms: picture.alarms().length };
    process.stdout.write(`${JSON.stringify({ ...counts, wallS, made, checked })}\n`);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Of this process so far. */
function used(): { cpuS: number; rssPeakBytes: number } {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpuS: (userCPUTime + systemCPUTime) / 1e6, rssPeakBytes: maxRSS * 1024 };
}

main();
