/**
 * The rules of a team, in CEL: `@marcbachmann/cel-js`, no dependencies, follows the specification.
 * CEL has no loops without end, but a pattern for `matches` can take for ever: what is evaluated is
 * evaluated against the clock.
 */
import vm from 'node:vm';
import { Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import { Fault } from '../../base/fault.ts';
import type { Op } from '../../base/plan.ts';
import { SummaryCount } from '../../guard/core/plan-summary.ts';
import type {
  JudgedHeader,
  OwnRule,
  OwnRuleFound,
  OwnRuleRun,
} from '../../guard/core/own-rules.ts';
import type { OwnRuleConfig } from '../../wire/guard-config.ts';
import { type CelValue, headerValues, opValues, summaryValues } from './cel-values.ts';

/** Of one rule and one plan; a million simple evaluations take 3 s, and get more. */
const TIME_MAX_MS = 20_000;
const TIME_PER_OP_MS = 0.05;
/** Evaluated by one call against the clock, which costs 0.3 ms. */
const BATCH = 1024;
const SAMPLE_MAX = 10;
const OF_PLAN = ['plan', 'source', 'target', 'summary'] as const;
const OF_OP = ['plan', 'source', 'target', 'op'] as const;

/**
 * @param file where they stand, for people
 * @throws Fault HF_CONFIG_INVALID where one is no rule
 */
export function celRules(
  rules: readonly OwnRuleConfig[],
  file: string,
  limits: { readonly timeMaxMs: number } = { timeMaxMs: TIME_MAX_MS },
): readonly OwnRule[] {
  return rules.map((rule) => {
    const { name, why, fix, mode = 'enforce' } = rule;
    const effect = rule.deny === undefined ? 'hold' : 'deny';
    const compiled = compile(rule, file);
    const begin = (header: JudgedHeader): OwnRuleRun =>
      new CelRun(compiled, header, limits.timeMaxMs);
    return { name, effect, mode, why, fix, begin };
  });
}

interface Compiled {
  readonly isTrueOf: ParseResult;
  /** It is asked of each operation; else once, of all. */
  readonly isOfOps: boolean;
}

function compile(rule: OwnRuleConfig, file: string): Compiled {
  const expression = rule.deny ?? rule.hold ?? '';
  const said = (why: string): Fault => {
    const message = `${file}: guard.rules, ${rule.name}: ${why}`;
    const instead = `Names there are: ${OF_OP.join(', ')}; or, for the plan as a whole, ${OF_PLAN.join(', ')}. The answer must be true or false.`;
    return new Fault('HF_CONFIG_INVALID', message, { file, instead });
  };
  try {
    const ofPlan = environment(OF_PLAN).parse(expression);
    const asPlan = ofPlan.check();
    const ofOps = environment(OF_OP).parse(expression);
    const { valid, type, error } = asPlan.valid ? asPlan : ofOps.check();
    if (!valid) throw said(error?.summary ?? 'it is no expression');
    if (type !== 'bool' && type !== 'dyn') throw said(`it answers ${type ?? 'nothing'}`);
    return asPlan.valid ? { isTrueOf: ofPlan, isOfOps: false } : { isTrueOf: ofOps, isOfOps: true };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw said(summaryOf(error));
  }
}

function environment(names: readonly string[]): Environment {
  const made = new Environment({ unlistedVariablesAreDyn: false });
  for (const name of names) made.registerVariable(name, 'dyn');
  return made;
}

class CelRun implements OwnRuleRun {
  readonly #rule: Compiled;
  readonly #about: Readonly<Record<string, CelValue>>;
  readonly #summary = new SummaryCount();
  readonly #waiting: Op[] = [];
  readonly #sample: number[] = [];
  #leftMs: number;
  #opCount = 0;
  #objects = false;
  #failed: string | undefined;

  constructor(rule: Compiled, header: JudgedHeader, timeMaxMs: number) {
    this.#rule = rule;
    this.#about = headerValues(header);
    this.#leftMs = timeMaxMs;
  }

  add(op: Op): void {
    if (!this.#rule.isOfOps) this.#summary.add(op);
    else if (this.#failed === undefined) this.#waiting.push(op);
    if (this.#waiting.length >= BATCH) this.#evaluateWaiting();
  }

  end(): OwnRuleFound {
    if (this.#rule.isOfOps) this.#evaluateWaiting();
    else this.#timed(() => this.#evaluatePlan());
    const found = { objects: this.#objects, opCount: this.#opCount, sample: this.#sample };
    return this.#failed === undefined ? found : { ...found, failed: this.#failed };
  }

  #evaluatePlan(): void {
    const summary = summaryValues(this.#summary.summary());
    this.#objects = this.#isTrue({ ...this.#about, summary });
  }

  #evaluateWaiting(): void {
    const ops = this.#waiting.splice(0);
    if (ops.length === 0) return;
    this.#leftMs += ops.length * TIME_PER_OP_MS;
    this.#timed(() => {
      for (const op of ops) this.#evaluateOp(op);
    });
  }

  #evaluateOp(op: Op): void {
    if (this.#failed !== undefined || !this.#isTrue({ ...this.#about, op: opValues(op) })) return;
    this.#objects = true;
    this.#opCount += 1;
    if (this.#sample.length < SAMPLE_MAX) this.#sample.push(op.n);
  }

  #isTrue(values: Readonly<Record<string, CelValue>>): boolean {
    try {
      const answer: unknown = this.#rule.isTrueOf(values);
      if (typeof answer === 'boolean') return answer;
      this.#failed = 'the answer is neither true nor false';
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      this.#failed = error.summary;
    }
    return false;
  }

  /** Also a regular expression that goes back and forth for ever is ended by V8's own watchdog. */
  #timed(act: () => void): void {
    if (this.#leftMs < 1) {
      this.#failed ??= 'it took too long';
      return;
    }
    const begun = performance.now();
    try {
      WATCHED.runInContext(vm.createContext({ act }), { timeout: Math.ceil(this.#leftMs) });
    } catch (error) {
      if (!isTimeout(error)) throw error;
      this.#failed = 'it took too long';
    }
    this.#leftMs -= performance.now() - begun;
  }
}

const WATCHED = new vm.Script('act()');

/** It is an Error of the other context, and so none of this one. */
function isTimeout(error: unknown): boolean {
  const isThing = typeof error === 'object' && error !== null && 'code' in error;
  return isThing && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

function summaryOf(error: unknown): string {
  if (error instanceof Error && 'summary' in error) return String(error.summary);
  return error instanceof Error ? error.message : String(error);
}
