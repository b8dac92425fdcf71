/**
 * A rule set over recorded history: how often it would have asked, and about what. Runs are judged by
 * the same rules as plans, from what was folded of their operations, with the past as it was then.
 */
import { byteString } from '../../base/bytes.ts';
import { type Objection, type Op, PLAN_FORMAT, type RuleName } from '../../base/plan.ts';
import { days, type UnixMs, unixMs } from '../../base/units.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import type { GuardPolicy } from './guard-policy.ts';
import type { OpGroup, RunRecord, RunSource } from './history.ts';
import { judgePlan } from './judge.ts';
import type { JudgeFacts } from './judge-facts.ts';
import type { JudgedHeader } from './own-rules.ts';
import { isInForce } from './release.ts';
import { SlidingPast } from './sliding-past.ts';

export interface ReplayedRule {
  readonly rule: RuleName;
  /** Runs that it held, degraded or denied. */
  readonly runs: number;
  /** Of those, not the same as at the run before: a cron line asks once, and not each hour. */
  readonly questions: number;
  /** Runs that it would have held if it did more than observe; with how many questions. */
  readonly observed: number;
  readonly observedQuestions: number;
  readonly last: ReplayedCase;
}

export interface ReplayedCase {
  readonly at: UnixMs;
  readonly pipeline: string;
  readonly why: string;
  /** What it was about most; fit for a terminal. */
  readonly sample: string | undefined;
}

export interface Replayed {
  readonly pipelines: number;
  readonly runs: number;
  /** First of them; undefined where there is none. */
  readonly since: UnixMs | undefined;
  /** Runs that somebody would have been asked about; questions without repetition. */
  readonly asked: number;
  readonly questions: number;
  /** As it was then, by the rules of then. */
  readonly askedThen: number;
  /** Plans that were taken back afterwards. */
  readonly undone: number;
  /** Runs of which some operations were folded together that rules tell apart. */
  readonly mixed: number;
  readonly rules: readonly ReplayedRule[];
}

interface Counting {
  runs: number;
  questions: number;
  observed: number;
  observedQuestions: number;
  last: ReplayedCase;
}

/** Feeds on one pipeline after the other; holds a few numbers a rule. */
export class Replay {
  readonly #from: UnixMs;
  readonly #rules = new Map<RuleName, Counting>();
  #pipelines = 0;
  #runs = 0;
  #since: UnixMs | undefined;
  #asked = 0;
  #questions = 0;
  #askedThen = 0;
  #undone = 0;
  #mixed = 0;

  /** @param from runs before it are past, and are not judged */
  constructor(from: UnixMs) {
    this.#from = from;
  }

  /** @param runs of one pipeline, oldest first */
  add(pipeline: string, runs: readonly RunRecord[], policy: GuardPolicy): void {
    let before: ReadonlySet<RuleName> = new Set();
    let isSeen = false;
    const past = new SlidingPast();
    for (const run of runs) {
      if (run.at >= this.#from && run.outcome === 'undone') this.#undone += 1;
      else if (run.at >= this.#from) {
        isSeen = true;
        before = this.#judge({ pipeline, run, past, policy, before });
      }
      past.add(run);
    }
    if (isSeen) this.#pipelines += 1;
  }

  result(): Replayed {
    const rules = [...this.#rules].map(([rule, counted]) => ({ rule, ...counted }));
    return {
      ...{ pipelines: this.#pipelines, runs: this.#runs, since: this.#since },
      ...{ asked: this.#asked, questions: this.#questions, askedThen: this.#askedThen },
      ...{ undone: this.#undone, mixed: this.#mixed },
      rules: rules.toSorted((a, b) => b.runs + b.observed - a.runs - a.observed),
    };
  }

  /** @returns rules that object, for the next run to be compared with */
  #judge(given: {
    readonly pipeline: string;
    readonly run: RunRecord;
    readonly past: SlidingPast;
    readonly policy: GuardPolicy;
    readonly before: ReadonlySet<RuleName>;
  }): ReadonlySet<RuleName> {
    const { pipeline, run, past, policy, before } = given;
    const header = headerOf(pipeline, run);
    const ops = run.groups.map((group, n) => opOf(group, n));
    const verdict = judgePlan({ header, facts: judgeFactsOf(run, past), policy }, ops);
    const objections = verdict.objections.filter((each) => isAsking(run, each));
    this.#runs += 1;
    this.#since = unixMs(Math.min(this.#since ?? run.at, run.at));
    if (run.groups.some(({ mixed }) => mixed === true)) this.#mixed += 1;
    const isOfThen = run.objections.some((each) => each.mode === 'enforce' && isAsking(run, each));
    if (isOfThen) this.#askedThen += 1;
    const inForce = objections.filter(isInForce);
    if (inForce.length > 0) this.#asked += 1;
    if (inForce.some(({ rule }) => !before.has(rule))) this.#questions += 1;
    for (const objection of oncePerRule(objections)) {
      const { rule, why, sample } = objection;
      const about = run.groups[sample[0] ?? -1]?.sample;
      const last = { at: run.at, pipeline, why, sample: about };
      this.#count(objection, { last, isNew: !before.has(rule) });
    }
    return new Set(objections.map(({ rule }) => rule));
  }

  #count(objection: Objection, { last, isNew }: { last: ReplayedCase; isNew: boolean }): void {
    const counted = this.#rules.get(objection.rule) ?? {
      ...{ runs: 0, questions: 0, observed: 0, observedQuestions: 0, last },
    };
    const question = isNew ? 1 : 0;
    if (isInForce(objection)) {
      counted.runs += 1;
      counted.questions += question;
    } else {
      counted.observed += 1;
      counted.observedQuestions += question;
    }
    counted.last = last;
    this.#rules.set(objection.rule, counted);
  }
}

/** A first run takes over what lies there and loses nothing, so nobody is asked about losses. */
function isAsking({ isFirst }: RunRecord, { rule }: Pick<Objection, 'rule'>): boolean {
  return !isFirst || !(['scoped', 'undo', 'live', 'radius'] as const).some((each) => each === rule);
}

function oncePerRule(objections: readonly Objection[]): readonly Objection[] {
  const first = new Map<RuleName, Objection>();
  for (const each of objections) if (!first.has(each.rule)) first.set(each.rule, each);
  return [...first.values()];
}

/** Claims, freezes and leases of then are not kept: nobody is asked about those. */
function judgeFactsOf(run: RunRecord, past: SlidingPast): JudgeFacts {
  const { deleted24h, deleted24hP99, appliedRuns } = past.sumsAt(run.at);
  return {
    now: run.at,
    pipeline: {
      isFirstRun: run.isFirst,
      deletedIn24h: deleted24h,
      deletedP99: deleted24hP99 ?? 0,
      runs: appliedRuns,
    },
    claims: [],
    approvals: [],
  };
}

/** What lies outside the declared scope is put outside this one. */
const INSIDE = 'in';
const OUTSIDE = 'out';

function headerOf(pipeline: string, run: RunRecord): JudgedHeader {
  const { at, plan, actor, undoOf, source, target } = run;
  const isWithin = run.groups.every(({ within }) => within);
  return {
    ...{
      format: PLAN_FORMAT,
      id: plan,
      created: at,
      expires: unixMs(at + days(1)),
      pipeline,
      actor,
    },
    ...(undoOf === undefined ? {} : { undoOf }),
    doneBy: 'holdfast',
    ...(source === undefined ? {} : { source: sourceOf(source, at) }),
    target: { ...target, readAt: at },
    scope: [byteString(isWithin ? '' : INSIDE)],
  };
}

function sourceOf(source: RunSource, readAt: UnixMs): NonNullable<JudgedHeader['source']> {
  const { place, identity, role, generation, before, differs, errors, missing, ...rest } = source;
  const { complete, filter, filterNarrowsDeletes, seen, expected } = rest;
  return {
    ...{ place, identity, role, generation },
    listing: {
      ...{ complete, filter, filterNarrowsDeletes, seen, readAt },
      ...(expected === undefined ? {} : { expected }),
      errors: new Array<string>(errors).fill('as it was then'),
      sentinels: new Array<string>(missing).fill('as it was then').map((name) => {
        return { name, ok: false };
      }),
    },
    ...(before === undefined ? {} : { before }),
    differs: differs.map((what) => {
      if (what === 'missing') return { what, was: 'something', is: '' as const };
      const known = (['machine', 'mount', 'identity'] as const).find((each) => each === what);
      return { what: known ?? 'identity', was: 'another', is: 'as it was then' };
    }),
  };
}

function opOf(group: OpGroup, n: number): Op {
  const { op, kind, owner, cause, cascade, cls, live, undo, verified, fidelity } = group;
  const { entries, bytes, newest, sample, within, attributesOnly } = group;
  const path = bytesOfUtf8(sample);
  return {
    ...{ n, op, kind, owner, cause, cascade, cls, entries, bytes },
    path: within ? path : byteString(`${OUTSIDE}/${path}`),
    ...(newest === undefined ? {} : { newest }),
    ...(attributesOnly === undefined ? {} : { attributesOnly }),
    live: { state: live },
    undo: { kind: undo, verified, fidelity },
  };
}
