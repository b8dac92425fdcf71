/** The header of a plan as text: docs/format/plan.md. */
import { type ByteString, byteString, hexOf, parseDigest } from '../../base/bytes.ts';
import { canonicalJson, type Json } from '../../base/canonical-json.ts';
import {
  type Actor,
  OP_VERBS,
  type OpsSeal,
  PLAN_FORMAT,
  type PlanHeader,
  type PlanSource,
  type PlanSummary,
  type PlanTarget,
  type SourceBefore,
  type SourceDifference,
  type SourceListing,
} from '../../base/plan.ts';
import { unixMs } from '../../base/units.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import {
  flagAt,
  invalidPlan,
  maybe,
  memberAt,
  numberAt,
  objectOf,
  objectsAt,
  pathAt,
  pathMember,
  type Raw,
  textAt,
  textsAt,
  timeAt,
  wordAt,
} from './plan-fields.ts';

const PLAN_ID = /^p-[0-9a-f]{8}$/;

export function isPlanId(text: string): boolean {
  return PLAN_ID.test(text);
}

/** One canonical line with its newline, in UTF-8. */
export function headerText(header: PlanHeader): ByteString {
  const { scope, source, ops, ...rest } = header;
  const plain = wellFormed({
    ...rest,
    ...(source === undefined ? {} : { source }),
    scope: scope.map((path) => pathMember('path', path)),
    ops: { count: ops.count, root: hexOf(ops.root) },
  });
  return byteString(`${bytesOfUtf8(canonicalJson(plain))}\n`);
}

/** Texts of people and programs may hold half a character, which has no bytes. */
function wellFormed(value: unknown): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value as Json;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, wellFormed(member)]));
}

/**
 * Strict, as `parseOp` is.
 *
 * @param text with its newline
 * @throws Fault HF_PLAN_INVALID
 */
export function parseHeader(text: ByteString): PlanHeader {
  const header = headerOf(objectOf(utf8Of(text), 'the header'));
  if (headerText(header) !== text) throw invalidPlan('the header is not in canonical form');
  return header;
}

function headerOf(raw: Raw): PlanHeader {
  const id = textAt(raw, 'id');
  if (!isPlanId(id)) throw invalidPlan('id is no name of a plan');
  return {
    format: wordAt(raw, 'format', [PLAN_FORMAT]),
    id,
    created: unixMs(timeAt(raw, 'created')),
    expires: unixMs(timeAt(raw, 'expires')),
    pipeline: textAt(raw, 'pipeline'),
    actor: actorOf(memberAt(raw, 'actor')),
    ...maybe(raw, 'reason', textAt),
    ...maybe(raw, 'command', textsAt),
    doneBy: wordAt(raw, 'doneBy', ['holdfast', 'command'] as const),
    ...maybe(raw, 'undoOf', textAt),
    ...(raw.source === undefined ? {} : { source: sourceOf(memberAt(raw, 'source')) }),
    target: targetOf(memberAt(raw, 'target')),
    scope: objectsAt(raw, 'scope').map((each) => pathAt(each, 'path')),
    summary: summaryOf(memberAt(raw, 'summary')),
    ops: sealOf(memberAt(raw, 'ops')),
  };
}

/** As it stands in a header, and wherever else one is told. @throws Fault HF_PLAN_INVALID */
export function actorOf(raw: Raw): Actor {
  return {
    name: textAt(raw, 'name'),
    kind: wordAt(raw, 'kind', ['human', 'service', 'agent'] as const),
  };
}

/** As it stands in a header, and wherever else one is told. @throws Fault HF_PLAN_INVALID */
export function sourceOf(raw: Raw): PlanSource {
  return {
    place: textAt(raw, 'place'),
    identity: textAt(raw, 'identity'),
    role: wordAt(raw, 'role', ['candidate', 'replica', 'source', 'unknown'] as const),
    generation: numberAt(raw, 'generation'),
    listing: listingOf(memberAt(raw, 'listing')),
    ...(raw.before === undefined ? {} : { before: beforeOf(memberAt(raw, 'before')) }),
    differs: objectsAt(raw, 'differs').map(differenceOf),
  };
}

function listingOf(raw: Raw): SourceListing {
  return {
    complete: wordAt(raw, 'complete', ['yes', 'no', 'unknown'] as const),
    filter: raw.filter === null ? null : textAt(raw, 'filter'),
    filterNarrowsDeletes: flagAt(raw, 'filterNarrowsDeletes'),
    seen: numberAt(raw, 'seen'),
    ...maybe(raw, 'expected', numberAt),
    errors: textsAt(raw, 'errors'),
    sentinels: objectsAt(raw, 'sentinels').map((each) => ({
      name: textAt(each, 'name'),
      ok: flagAt(each, 'ok'),
    })),
    readAt: unixMs(timeAt(raw, 'readAt')),
  };
}

function beforeOf(raw: Raw): SourceBefore {
  return {
    seen: numberAt(raw, 'seen'),
    generation: numberAt(raw, 'generation'),
    at: unixMs(timeAt(raw, 'at')),
  };
}

function differenceOf(raw: Raw): SourceDifference {
  const what = wordAt(raw, 'what', ['machine', 'mount', 'identity', 'missing'] as const);
  const was = textAt(raw, 'was');
  const is = textAt(raw, 'is');
  if (what !== 'missing') return { what, was, is };
  if (is !== '') throw invalidPlan('what is missing is something');
  return { what, was, is };
}

function targetOf(raw: Raw): PlanTarget {
  return {
    place: textAt(raw, 'place'),
    identity: textAt(raw, 'identity'),
    generation: numberAt(raw, 'generation'),
    entries: numberAt(raw, 'entries'),
    bytes: numberAt(raw, 'bytes'),
    readAt: unixMs(timeAt(raw, 'readAt')),
  };
}

function summaryOf(raw: Raw): PlanSummary {
  const totals = OP_VERBS.map((verb) => {
    const total = memberAt(raw, verb);
    const [ops, entries] = [numberAt(total, 'ops'), numberAt(total, 'entries')];
    return [verb, { ops, entries, bytes: numberAt(total, 'bytes') }] as const;
  });
  return Object.fromEntries(totals) as PlanSummary;
}

function sealOf(raw: Raw): OpsSeal {
  const root = parseDigest(textAt(raw, 'root'));
  if (root === undefined) throw invalidPlan('root is no digest');
  return { count: numberAt(raw, 'count'), root };
}
