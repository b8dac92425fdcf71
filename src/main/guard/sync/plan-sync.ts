/** The plan of a sync, made and judged on the machine where the target lies. */
import os from 'node:os';
import { gitignoreExcludes } from '../../../adapters/excludes/gitignore.ts';
import { momentHere } from '../../../adapters/node/boot-clock.ts';
import { type ByteString, byteString, type Digest } from '../../../base/bytes.ts';
import type { PlanHeader, SourceDifference, Verdict } from '../../../base/plan.ts';
import { TREE_MARKER } from '../../../base/tree-marker.ts';
import { unixMs } from '../../../base/units.ts';
import { differsFromLast } from '../../../guard/core/eligibility.ts';
import { Judging } from '../../../guard/core/judge.ts';
import { OpFolder } from '../../../guard/core/op-folder.ts';
import { PlanPicture } from '../../../guard/core/plan-picture.ts';
import type { JudgedHeader } from '../../../guard/core/own-rules.ts';
import { digestOfHeader } from '../../../guard/core/plan-digest.ts';
import type { PipelineBook } from '../../../guard/shell/pipeline-book.ts';
import { PLAN_LIFE_MS } from '../../../guard/shell/plan-store.ts';
import { Quarantine } from '../../../guard/shell/quarantine.ts';
import type { DirHandle } from '../../../host/source.ts';
import { findRenames } from '../../../recover/core/sync-renames.ts';
import { opsOf, withAbove } from '../../../recover/core/sync-ops.ts';
import type { SyncNode } from '../../../recover/core/sync-node.ts';
import { MARKER, UNFINISHED_MARKER } from '../../../recover/core/own-names.ts';
import {
  type LeftAlone,
  SyncCompare,
  type SyncTotals,
} from '../../../recover/shell/sync-compare.ts';
import { SyncEqual } from '../../../recover/shell/sync-equal.ts';
import { KnownEntries } from '../../../recover/shell/known-entries.ts';
import { renameCheck } from '../../../recover/shell/sync-verify.ts';
import { textOfBytes } from '../../cli/places.ts';
import { ListAhead } from '../../threads/list-ahead.ts';
import { eligibilityOf } from '../eligibility.ts';
import type { GuardSession } from '../guard-session.ts';
import { settleKilled } from '../housekeeping.ts';
import { type Released, releasedHere } from '../judge-again.ts';
import { type FactsFound, judgeFacts } from '../judge-facts.ts';
import { TargetLiveness } from '../liveness.ts';
import { isAllHeld } from './sync-act.ts';
import type { SyncOffer } from './sync-offer.ts';
import { demandKept, ownBelow, targetAt } from './target-place.ts';

export interface SyncPlan {
  readonly header: PlanHeader;
  readonly digest: Digest;
  readonly verdict: Verdict;
  /** What let it pass, and is noted before the first operation. */
  readonly released: Released | undefined;
  /** Absolute, without links. */
  readonly target: ByteString;
  /** What was read of the snapshot for it. */
  readonly entries: KnownEntries;
  readonly book: PipelineBook;
  readonly isFirst: boolean;
  readonly folded: OpFolder;
  readonly picture: PlanPicture;
  /** What lies there and is not in the snapshot. */
  readonly extra: readonly ByteString[];
  readonly totals: SyncTotals;
  /** What was not looked at, or will not be touched, and why. */
  readonly left: readonly LeftAlone[];
}

export interface PlanAsked {
  readonly offer: SyncOffer;
  readonly target: ByteString;
  /** Why root on the spot passes over every rule. */
  readonly breakGlass?: string | undefined;
}

const OWN_NAMES: ReadonlySet<ByteString> = new Set([TREE_MARKER, MARKER, UNFINISHED_MARKER]);
const LEFT_NAMED_MAX = 20;
/** A thread costs a tenth of a second. */
const AHEAD_ENTRIES_MIN = 20_000;

/** @throws Fault HF_SYNC_SOURCE, HF_MANIFEST_CORRUPT, HF_DISK_*, and what reading the source throws */
export async function planSync(guard: GuardSession, asked: PlanAsked): Promise<SyncPlan> {
  settleKilled(guard);
  const { offer, breakGlass } = asked;
  const target = targetAt(guard, offer, asked.target);
  const known = await eligibilityOf(
    { state: guard.stateDir, environment: process.env, mayAsk: false },
    { at: undefined, path: target },
  );
  const pipeline = `${offer.pipeline}>${textOfBytes(target)}`;
  const found = judgeFacts(
    { disk: guard.ports.disk, tools: guard.ports.tools, stateDir: guard.stateDir },
    {
      pipeline,
      touched: [offer.from, { hosts: [], path: target }],
      actor: offer.actor,
      now: momentHere(guard.ports.clock),
      hostsHere: [os.hostname()],
    },
  );
  const top = guard.ports.source.openRoot(target);
  try {
    return await new Planner({
      guard,
      offer,
      breakGlass,
      target,
      pipeline,
      found,
      known,
      top,
    }).plan();
  } finally {
    guard.ports.source.closeDir(top);
  }
}

type OpsWith = (facts: Parameters<typeof opsOf>[2]) => ReturnType<typeof opsOf>;

type Judged = Pick<SyncPlan, 'digest' | 'folded' | 'header' | 'picture' | 'verdict'>;
type Sealed = Judged & Pick<SyncPlan, 'released'>;

interface Parts extends Pick<PlanAsked, 'breakGlass' | 'offer'> {
  readonly guard: GuardSession;
  readonly target: ByteString;
  readonly pipeline: string;
  readonly found: FactsFound;
  readonly known: Awaited<ReturnType<typeof eligibilityOf>>;
  readonly top: DirHandle;
}

class Planner {
  readonly #parts: Parts;
  readonly #entries: KnownEntries;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#entries = new KnownEntries(parts.offer.wanted);
  }

  async plan(): Promise<SyncPlan> {
    const { guard, offer, top, found, target } = this.#parts;
    const { source, tools, tree } = guard.ports;
    const { readAll } = offer.options;
    const { identity } = tree;
    const keepsOthers = offer.keepsOthers === true;
    const ownPaths = ownBelow(guard, offer, target);
    const compare = new SyncCompare(
      { source, tools },
      { dir: top, name: byteString('') },
      {
        ...{ wanted: offer.wanted, keepsOthers, readAll, identity, ownNames: OWN_NAMES, ownPaths },
        ahead: aheadOf(offer, top),
        known: this.#entries,
        excludes: offer.excludes.length === 0 ? undefined : gitignoreExcludes(offer.excludes),
      },
    );
    const nodes: SyncNode[] = [];
    try {
      for (const node of compare.nodes()) if (node !== undefined) nodes.push(node);
    } finally {
      compare.close();
    }
    demandKept(nodes, ownPaths, target);
    const kept = withAbove(compare.left.map(({ path }) => path));
    const equal = new SyncEqual({ source, tools }, { readAll, identity });
    const renames = findRenames(nodes, {
      hash: tools.hash,
      owners: identity.uid === 0,
      keeps: (path) => kept.has(path),
      isSame: renameCheck({ source, top, wanted: this.#entries, equal }),
    });
    const { left, totals } = compare;
    const sealedWith = (found: typeof renames): Promise<Sealed> =>
      this.#sealed(this.#header(totals), (facts) => opsOf(nodes, found, facts), kept);
    let sealed = await sealedWith(renames);
    if (renames.size > 0 && onlyCreates(sealed.verdict, offer)) {
      // A rename would wait, and what has a new name would not arrive: it is created, and the old waits.
      guard.store.remove(sealed.header.id);
      sealed = await sealedWith(new Map());
    }
    guard.store.putVerdict(sealed.verdict, guard.now());
    const isFirst = found.facts.pipeline.isFirstRun;
    const extra = nodes.filter(({ change }) => change === 'delete').map(({ path }) => path);
    const about = { target, book: found.book, isFirst, entries: this.#entries };
    return { ...sealed, ...about, extra, totals, left };
  }

  async #sealed(
    header: JudgedHeader,
    opsWith: OpsWith,
    kept: ReadonlySet<ByteString>,
  ): Promise<Sealed> {
    const judged = this.#judged(header, opsWith, kept);
    const released = await this.#released(judged);
    return { ...judged, verdict: released?.verdict ?? judged.verdict, released };
  }

  #judged(header: JudgedHeader, opsWith: OpsWith, kept: ReadonlySet<ByteString>): Judged {
    const { guard, found, offer, target } = this.#parts;
    const { ports, store } = guard;
    const isExplicit = offer.keepsOthers === true;
    const now = header.created;
    const quarantine = Quarantine.open(ports, {
      ...{ target, planId: header.id, now, keep: guard.keepMs },
    });
    // What is young is why it is put back: only what is open counts there.
    const lastRun = isExplicit ? undefined : found.past.before?.at;
    const live = new TargetLiveness(target, now, lastRun);
    const judging = new Judging(header, found.facts, guard.policyFor(header.pipeline));
    const folded = new OpFolder(header.scope);
    const picture = new PlanPicture(now);
    const draft = store.draft(header);
    try {
      const ops = opsWith({
        owns: (path) => found.book.owns(path),
        classOf: guard.classOf,
        liveOf: (asked) => live.of(isExplicit ? { ...asked, isOwned: true } : asked),
        undoOf: (path, bytes) => quarantine.prove({ path, bytes }),
        keeps: (path) => kept.has(path),
        isExplicit,
      });
      for (const op of ops) {
        const numbered = draft.add(op);
        judging.add(numbered);
        folded.add(numbered);
        picture.add(numbered);
      }
      const sealed = draft.seal();
      const digest = digestOfHeader(ports.tools.hash, sealed);
      return { header: sealed, verdict: judging.end(), digest, folded, picture };
    } catch (error) {
      draft.drop();
      throw error;
    } finally {
      quarantine.close();
    }
  }

  /** What persons have said of it, or of an earlier plan that asked for as much. */
  async #released(judged: Judged): Promise<Released | undefined> {
    const { guard, breakGlass } = this.#parts;
    const isAsked = judged.verdict.needs.approvals > 0 || breakGlass !== undefined;
    return isAsked ? releasedHere(guard, judged, breakGlass) : undefined;
  }

  /** What the source says of itself, and what its last run here remembers. */
  #differs(): readonly SourceDifference[] {
    const { offer, found } = this.#parts;
    const { sighting, source } = offer;
    const last = sighting === undefined ? [] : differsFromLast(sighting, found.past.lastSeen);
    const known = new Set(source.differs.map(({ what }) => what));
    return [
      ...source.differs,
      ...[...last, ...otherTree(this.#parts)].filter(({ what }) => !known.has(what)),
    ];
  }

  #header(totals: SyncTotals): JudgedHeader {
    const { guard, offer, target, pipeline, found, known } = this.#parts;
    const now = guard.now();
    const { before } = found.past;
    const last = Math.max(known.generation, before?.generation ?? 0);
    const generation = offer.isNamed
      ? Math.max(last, offer.source.generation)
      : offer.source.generation;
    // Which snapshot is put into a tree that is enrolled was said by whoever named it.
    const identity = offer.isNamed && known.isEnrolled ? known.identity : offer.source.identity;
    return {
      format: 'holdfast-plan/0',
      id: guard.store.newId(),
      created: now,
      expires: unixMs(now + PLAN_LIFE_MS),
      pipeline,
      actor: offer.actor,
      ...(offer.reason === undefined ? {} : { reason: offer.reason }),
      doneBy: 'holdfast',
      source: {
        ...{ ...offer.source, identity, generation, differs: this.#differs() },
        ...(before === undefined ? {} : { before }),
      },
      target: {
        place: textOfBytes(target),
        identity: known.identity,
        generation: known.generation,
        entries: totals.entries,
        bytes: totals.bytes,
        readAt: now,
      },
      scope: [byteString('')],
    };
  }
}

/**
 * In a thread of its own where that is worth one. What stays in the target anyway may be larger than
 * all else, and would be read ahead in vain.
 */
function aheadOf(offer: SyncOffer, top: DirHandle): ListAhead | undefined {
  const { source, excludes, keepsOthers } = offer;
  const isWorth = source.listing.seen >= AHEAD_ENTRIES_MIN && os.availableParallelism() > 1;
  const isAll = excludes.length === 0 && keepsOthers === undefined;
  return isWorth && isAll ? new ListAhead(top) : undefined;
}

/** What would be done of it now creates, and does nothing else. */
function onlyCreates(verdict: Verdict, { options }: SyncOffer): boolean {
  return verdict.decision !== 'allow' && !options.allOrNothing && !isAllHeld(verdict);
}

/** A tree that was enrolled is fed from itself only. */
function otherTree({ known, offer }: Parts): readonly SourceDifference[] {
  const is = offer.source.identity;
  const isOther = known.isEnrolled && offer.isEnrolled && known.identity !== is;
  return isOther ? [{ what: 'identity', was: known.identity, is }] : [];
}

/** For the terminal and for machines: the first of what was left alone. */
export function namedLeft(plan: SyncPlan): readonly LeftAlone[] {
  return plan.left.slice(0, LEFT_NAMED_MAX);
}
