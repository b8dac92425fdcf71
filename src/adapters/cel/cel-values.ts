/** A plan as rules of a team see it: docs/operating/guard.md lists the names. */
import type { Op, PlanHeader, PlanSummary } from '../../base/plan.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';

/** Integers of CEL are BigInts, its timestamps are Dates; what is undefined is a missing key. */
export type CelValue =
  | string
  | bigint
  | boolean
  | null
  | Date
  | readonly CelValue[]
  | { readonly [key: string]: CelValue };

type Values = { readonly [key: string]: CelValue };

export function headerValues(header: Omit<PlanHeader, 'summary' | 'ops'>): Values {
  const { source, target, scope, created, expires, ...plan } = header;
  const times = { created: new Date(created), expires: new Date(expires) };
  return {
    plan: { ...membersOf(plan), ...times, scope: scope.map((path) => utf8Of(path)) },
    source: source === undefined ? null : sourceValues(source),
    target: { ...membersOf(target), readAt: new Date(target.readAt) },
  };
}

function sourceValues({ listing, before, ...source }: NonNullable<PlanHeader['source']>): Values {
  return {
    ...membersOf(source),
    listing: { ...membersOf(listing), readAt: new Date(listing.readAt) },
    ...(before === undefined ? {} : { before: { ...membersOf(before), at: new Date(before.at) } }),
  };
}

export function summaryValues(summary: PlanSummary): CelValue {
  return membersOf(summary);
}

export function opValues(op: Op): CelValue {
  const { n, kind, path, from, attributesOnly, entries, bytes, newest, live, undo } = op;
  return {
    n: BigInt(n),
    op: op.op,
    kind,
    path: utf8Of(path),
    ...(from === undefined ? {} : { from: utf8Of(from) }),
    attributesOnly: attributesOnly === true,
    entries: BigInt(entries),
    bytes: BigInt(bytes),
    ...(newest === undefined ? {} : { newest: new Date(newest) }),
    owner: op.owner,
    cause: op.cause,
    cascade: op.cascade,
    cls: op.cls,
    live: live.state,
    undo: { kind: undo.kind, verified: undo.verified, fidelity: undo.fidelity },
  };
}

function membersOf(value: object): Values {
  const known = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(known.map(([key, member]) => [key, celValue(member)]));
}

function celValue(value: unknown): CelValue {
  if (typeof value === 'number') return BigInt(Math.trunc(value));
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(celValue);
  return typeof value === 'object' && value !== null ? membersOf(value) : null;
}
