/**
 * The field cases of research: what was destroyed, as the plan that would have stood before it, with
 * the rules that must object. Numbers are those of the reports where they give any; where not, they
 * are of the size that is told. Each has a twin that must pass: the same tool on an ordinary day.
 */
import type { FieldCase } from './field-case.ts';
import { INVENTORIES } from './field-cases-inventories.ts';
import { PROTECTIONS } from './field-cases-protections.ts';
import { TREES } from './field-cases-trees.ts';

export const FIELD_CASES: readonly FieldCase[] = [...TREES, ...INVENTORIES, ...PROTECTIONS];
