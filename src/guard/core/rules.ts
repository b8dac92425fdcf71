import type { Rule } from './rule.ts';
import { complete } from './rules/complete.ts';
import { eligibleSource } from './rules/eligible-source.ts';
import { exactPlan } from './rules/exact-plan.ts';
import { live } from './rules/live.ts';
import { radius } from './rules/radius.ts';
import { scoped } from './rules/scoped.ts';
import { undo } from './rules/undo.ts';

/** R1 to R7, in this order. */
export const RULES: readonly Rule[] = [
  complete,
  scoped,
  eligibleSource,
  undo,
  live,
  radius,
  exactPlan,
];
