/** Plans for tests: what shall become of a tree, as operations with content. */
import { assert } from '../src/base/assert.ts';
import { type ByteString, byteString } from '../src/base/bytes.ts';
import type { Op, PlanHeader } from '../src/base/plan.ts';
import { type UnixMs, unixMs } from '../src/base/units.ts';
import type { ApplyPorts, ContentSource } from '../src/guard/shell/apply-request.ts';
import { PlanStore } from '../src/guard/shell/plan-store.ts';
import { Quarantine } from '../src/guard/shell/quarantine.ts';
import { isDirMode, kindWord, preconditionOf, seenAt } from '../src/guard/shell/seen-object.ts';
import { surveyBelow } from '../src/guard/shell/survey-below.ts';
import { TargetTree } from '../src/guard/shell/target-tree.ts';
import type { Attributes, Place } from '../src/host/tree-writer.ts';
import { comparePaths } from '../src/manifest/core/order.ts';

export type Thing =
  | { readonly kind: 'file'; readonly content: string; readonly mode?: number }
  | { readonly kind: 'dir'; readonly mode?: number }
  | { readonly kind: 'symlink'; readonly target: string };

export type Wish = { readonly path: string } & (
  | { readonly do: 'delete' }
  | { readonly do: 'put'; readonly thing: Thing }
  | { readonly do: 'rename'; readonly from: string }
  | { readonly do: 'chmod'; readonly mode: number }
);

export interface PlannedWishes {
  readonly header: PlanHeader;
  readonly content: WishContent;
  readonly store: PlanStore;
  readonly stateDir: ByteString;
}

/** Seconds since 1970, of all that wishes make. */
const MADE_AT_NS = 1_600_000_000_000_000_000n;
const DAY_MS = 86_400_000;

export class WishContent implements ContentSource {
  readonly by = 'holdfast';
  readonly #ports: ApplyPorts;
  readonly #wishes: ReadonlyMap<string, Wish>;

  constructor(ports: ApplyPorts, wishes: readonly Wish[]) {
    this.#ports = ports;
    this.#wishes = new Map(wishes.map((wish) => [wish.path, wish]));
  }

  async stage(op: Op, place: Place): Promise<void> {
    const wish = this.#wishes.get(op.path);
    assert(wish?.do === 'put', 'it is wished for');
    const { tree } = this.#ports;
    const { thing } = wish;
    if (thing.kind === 'dir') tree.makeDir(place.dir, place.name);
    else if (thing.kind === 'symlink') {
      tree.makeSymlink(place.dir, place.name, byteString(thing.target));
      tree.setAttributesAt(place, { mtimeNs: MADE_AT_NS });
    } else {
      const file = tree.createFile(place.dir, place.name, 0o600);
      try {
        const bytes = Uint8Array.from(thing.content, (each) => each.charCodeAt(0));
        if (bytes.length > 0) tree.write(file, bytes, 0);
        tree.setAttributes(file, { mode: thing.mode ?? 0o644, mtimeNs: MADE_AT_NS });
      } finally {
        tree.closeFile(file);
      }
    }
  }

  attributes(op: Op): Attributes | undefined {
    const wish = this.#wishes.get(op.path);
    if (wish?.do === 'chmod') return { mode: wish.mode };
    if (wish?.do !== 'put' || wish.thing.kind !== 'dir') return undefined;
    return { mode: wish.thing.mode ?? 0o755, mtimeNs: MADE_AT_NS };
  }
}

/** As a plan maker does it: looked at, proven, drafted and sealed. */
export function planFor(
  ports: ApplyPorts,
  of: { readonly target: ByteString; readonly state: ByteString; readonly wishes: readonly Wish[] },
): PlannedWishes {
  const { target, state, wishes } = of;
  const store = new PlanStore({ disk: ports.disk, tools: ports.tools, stateDir: state });
  const id = store.newId();
  const now = ports.clock.now();
  const quarantine = Quarantine.open(ports, { target, planId: id, now });
  const tree = new TargetTree(ports, target);
  const ops = wishes
    .toSorted((a, b) => comparePaths(byteString(a.path), byteString(b.path)))
    .map((wish) => opOf(ports, { tree, quarantine }, wish));
  quarantine.close();
  tree.close();
  const draft = store.draft({
    format: 'holdfast-plan/0',
    ...{ id, created: now, expires: unixMs(now + DAY_MS), pipeline: 'test' },
    actor: { name: 'test@here', kind: 'human' },
    doneBy: 'holdfast',
    target: {
      ...{ place: target, identity: target, generation: 0 },
      ...{ entries: 0, bytes: 0, readAt: now },
    },
    scope: [byteString('')],
  });
  for (const op of ops) draft.add(op);
  const stateDir = byteString(`${state}/guard`);
  return { header: draft.seal(), content: new WishContent(ports, wishes), store, stateDir };
}

export function untilOf(now: UnixMs): UnixMs {
  return unixMs(now + 14 * DAY_MS);
}

function opOf(
  ports: ApplyPorts,
  on: { readonly tree: TargetTree; readonly quarantine: Quarantine },
  wish: Wish,
): Omit<Op, 'n'> {
  const path = byteString(wish.path);
  const from = wish.do === 'rename' ? byteString(wish.from) : undefined;
  const place = from === undefined ? placeIfThere(on.tree, path) : placeIfThere(on.tree, from);
  const seen = place === undefined ? undefined : seenAt(ports.source, place);
  const isDir = seen !== undefined && isDirMode(seen.mode);
  const survey = place !== undefined && isDir ? surveyBelow(ports.source, place, true) : undefined;
  const op = verbOf(wish, seen === undefined ? undefined : kindWord(seen.mode));
  const isTaken = op !== 'create' && op !== 'rename' && wish.do !== 'chmod';
  const bytes = isTaken ? Number(seen?.size ?? 0n) : 0;
  const newest = survey?.newestMs;
  const change = survey?.newestChangeMs;
  return {
    ...{ op, path, kind: kindOf(wish, seen?.mode), entries: isTaken ? (survey?.entries ?? 1) : 1 },
    ...(from === undefined ? {} : { from }),
    ...(wish.do === 'chmod' ? { attributesOnly: true as const } : {}),
    ...(newest === undefined ? {} : { newest: unixMs(newest) }),
    ...(change === undefined ? {} : { newestChange: unixMs(change) }),
    ...(seen === undefined ? {} : { precond: preconditionOf(seen) }),
    ...{ bytes, owner: 'pipeline', cause: 'explicit', cascade: 'expanded', cls: 'data' },
    live: { state: 'idle' },
    undo: on.quarantine.prove({ path, bytes }),
  };
}

function placeIfThere(tree: TargetTree, path: ByteString): Place | undefined {
  try {
    return tree.placeOf(path);
  } catch {
    return undefined;
  }
}

function verbOf(wish: Wish, there: string | undefined): Op['op'] {
  if (wish.do === 'rename') return 'rename';
  if (wish.do === 'delete') return 'delete';
  if (there === undefined) return 'create';
  if (wish.do === 'chmod') return 'update';
  return there === wish.thing.kind ? 'update' : 'replace';
}

function kindOf(wish: Wish, mode: number | undefined): string {
  if (mode !== undefined) return kindWord(mode);
  return wish.do === 'put' ? wish.thing.kind : 'other';
}
