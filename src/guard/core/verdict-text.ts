/** A verdict as it lies beside its plan: docs/format/plan.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import {
  type ApprovalNeed,
  DECISIONS,
  type Objection,
  RULE_NAMES,
  type RuleName,
  type Verdict,
} from '../../base/plan.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import {
  flagAt,
  invalidPlan,
  listAt,
  maybe,
  memberAt,
  numberAt,
  objectOf,
  objectsAt,
  type Raw,
  textAt,
  timeAt,
  wordAt,
} from './plan-fields.ts';

export interface JudgedVerdict {
  readonly verdict: Verdict;
  readonly judged: UnixMs;
}

/** One canonical line with its newline, in UTF-8. */
export function verdictText({ verdict, judged }: JudgedVerdict): ByteString {
  const { needs, objections, ...rest } = verdict;
  const said = objections.map((objection) => {
    const { why, fix, releasedBy, ...facts } = objection;
    const words = { why: why.toWellFormed(), fix: fix.toWellFormed() };
    const by = releasedBy === undefined ? {} : { releasedBy: releasedBy.toWellFormed() };
    return { ...facts, ...words, ...by };
  });
  return byteString(
    `${bytesOfUtf8(canonicalJson({ ...rest, objections: said, needs: { ...needs }, judged }))}\n`,
  );
}

/**
 * Strict, as `parseOp` is.
 *
 * @throws Fault HF_PLAN_INVALID
 */
export function parseVerdict(text: ByteString): JudgedVerdict {
  const raw = objectOf(utf8Of(text), 'the verdict');
  const parsed: JudgedVerdict = {
    verdict: {
      plan: textAt(raw, 'plan'),
      decision: wordAt(raw, 'decision', DECISIONS),
      objections: objectsAt(raw, 'objections').map(objectionOf),
      passed: listAt(raw, 'passed').map(ruleOf),
      needs: needOf(memberAt(raw, 'needs')),
    },
    judged: unixMs(timeAt(raw, 'judged')),
  };
  if (verdictText(parsed) !== text) throw invalidPlan('the verdict is not in canonical form');
  return parsed;
}

function objectionOf(raw: Raw): Objection {
  return {
    rule: ruleOf(raw.rule),
    effect: wordAt(raw, 'effect', ['additive-only', 'hold', 'deny'] as const),
    mode: wordAt(raw, 'mode', ['enforce', 'observe'] as const),
    opCount: numberAt(raw, 'opCount'),
    sample: listAt(raw, 'sample').map((n) => numberAt({ n }, 'n')),
    why: textAt(raw, 'why'),
    fix: textAt(raw, 'fix'),
    isInvariant: flagAt(raw, 'isInvariant'),
    ...maybe(raw, 'releasedBy', textAt),
  };
}

function ruleOf(value: unknown): RuleName {
  const known = RULE_NAMES.find((name) => name === value);
  if (known !== undefined) return known;
  if (typeof value === 'string' && value.startsWith('own:')) return `own:${value.slice(4)}`;
  throw invalidPlan('a rule that is not known');
}

function needOf(raw: Raw): ApprovalNeed {
  return {
    approvals: numberAt(raw, 'approvals'),
    ...maybe(raw, 'coolOffMs', numberAt),
    namesTarget: flagAt(raw, 'namesTarget'),
  };
}
