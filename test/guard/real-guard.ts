/** A tree and a state directory on the real file system, with the ports of the product. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { leaseHolderHere } from '../../src/adapters/node/lease-holder.ts';
import { nodeSource } from '../../src/adapters/node/source.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { nodeTreeWriter } from '../../src/adapters/node/tree-writer.ts';
import { type ByteString, byteString } from '../../src/base/bytes.ts';
import { applyPlan } from '../../src/guard/shell/apply.ts';
import type { ApplyPorts, ApplyReport, ApplyRequest } from '../../src/guard/shell/apply-request.ts';
import { PlanStore } from '../../src/guard/shell/plan-store.ts';
import { undoPlan } from '../../src/guard/shell/undo.ts';
import { appliedPlan, undoContent } from '../../src/main/guard/applied-plan.ts';
import { planFor, type PlannedWishes, untilOf, type Wish } from '../../sim/guard-plan.ts';

export interface RealGuard extends Disposable {
  readonly ports: ApplyPorts;
  /** Holds `tree` and `state`. */
  readonly top: string;
  readonly tree: string;
  plan(wishes: readonly Wish[], tree?: string): PlannedWishes;
  apply(planned: PlannedWishes, more?: Partial<ApplyRequest>, tree?: string): Promise<ApplyReport>;
  /** As `holdfast undo` does, without a judge. */
  undo(id: string): Promise<ApplyReport>;
  /** What `find` sees: kinds, modes, owners, times, contents; quarantines left out. */
  picture(tree?: string): string;
}

export function realPorts(): ApplyPorts {
  return {
    ...{ disk: nodeDisk(), source: nodeSource(), tree: nodeTreeWriter() },
    ...{ clock: nodeClock(), tools: nodeTools() },
  };
}

export function realGuard(within = tmpdir()): RealGuard {
  const top = fs.realpathSync(fs.mkdtempSync(join(within, 'holdfast-guard-')));
  fs.mkdirSync(join(top, 'tree'));
  return guardIn(top);
}

/** In a directory that has a `tree`; it is removed with it. */
export function guardIn(top: string): RealGuard {
  const tree = join(top, 'tree');
  const ports = realPorts();
  const state = byteString(join(top, 'state'));
  return {
    ...{ ports, top, tree },
    plan: (wishes, at = tree) => planFor(ports, { target: byteOf(at), state, wishes }),
    apply: (planned, more = {}, at = tree) =>
      applyPlan(ports, requestOf(planned, { target: byteOf(at), ports, more })),
    undo: (id) => undoIn({ ports, state }, id),
    picture: (at = tree) => pictureOf(at),
    [Symbol.dispose]: () => fs.rmSync(top, { recursive: true, force: true }),
  };
}

async function undoIn(
  { ports, state }: { readonly ports: ApplyPorts; readonly state: ByteString },
  id: string,
): Promise<ApplyReport> {
  const store = new PlanStore({ ...ports, stateDir: state });
  const stateDir = byteString(`${state}/guard`);
  const session = { ports, store, guardDir: stateDir };
  const original = store.read(id).header;
  const plan = appliedPlan(session, original);
  if (plan === undefined) throw new Error(`${id} was never applied`);
  const now = ports.clock.now();
  const actor = { name: 'test', kind: 'human' } as const;
  const { header } = undoPlan(ports, { store, original, plan, actor, now });
  const content = undoContent(session, header);
  try {
    return await applyPlan(ports, {
      ...{ header, ops: () => store.ops(header.id), target: plan.target, stateDir, content },
      ...{ permit: 'all', holder: leaseHolderHere(), until: untilOf(now) },
    });
  } finally {
    content.close();
  }
}

export function requestOf(
  planned: PlannedWishes,
  of: {
    readonly target: ByteString;
    readonly ports: ApplyPorts;
    readonly more?: Partial<ApplyRequest>;
  },
): ApplyRequest {
  const { header, store, stateDir, content } = planned;
  return {
    ...{ header, ops: () => store.ops(header.id), target: of.target, stateDir, content },
    ...{ permit: 'all', holder: leaseHolderHere(), until: untilOf(of.ports.clock.now()) },
    ...of.more,
  };
}

export function byteOf(path: string): ByteString {
  return byteString(Buffer.from(path).toString('latin1'));
}

function pictureOf(tree: string): string {
  const script =
    'cd "$1" && find . -name ".holdfast-undo*" -prune -o -printf "%p %y %m %U %G %T@ %s %l " -a ' +
    '\\( -type f -exec sha256sum {} \\; -o -printf "\\n" \\) | ' +
    "sed -E 's/^(\\S+ d \\S+ \\S+ \\S+ \\S+) [0-9]+/\\1/' | sort";
  const done = spawnSync('sh', ['-c', script, 'sh', tree], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout;
}
