/** Operations as lines: docs/format/plan.md. By template: a million of them are written in 2 s. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import {
  type Liveness,
  type Op,
  OP_VERBS,
  type Precondition,
  type UndoProof,
} from '../../base/plan.ts';
import { unixMs } from '../../base/units.ts';
import { textField } from '../../manifest/core/entry-line.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import {
  decimalAt,
  flagAt,
  hasPath,
  invalidPlan,
  maybe,
  memberAt,
  numberAt,
  objectOf,
  pathAt,
  type Raw,
  textAt,
  timeAt,
  wordAt,
} from './plan-fields.ts';

const OWNERS = ['pipeline', 'other', 'unknown'] as const;
const CAUSES = [
  'absent-in-source',
  'differs',
  'explicit',
  'replaced',
  'new',
  'undo-expired',
] as const;
const CASCADES = ['expanded', 'unexpanded'] as const;
const CLASSES = ['data', 'config', 'cache', 'identity'] as const;
const LIVE = ['idle', 'in-use', 'unknown'] as const;
const UNDO = ['quarantine', 'vault', 'platform-soft', 'none'] as const;
const FIDELITIES = ['exact', 'content-only', 'partial'] as const;

/** Needs no escape and is ASCII: nearly every text there is. */
const PLAIN = /^[ !#-[\]-\x7e]*$/;

/** One canonical line with its newline, in UTF-8. */
export function opLine(op: Op): ByteString {
  const attributes = op.attributesOnly === true ? '"attributesOnly":true,' : '';
  const from = op.from === undefined ? '' : `${textField('from', op.from)},`;
  const newest = op.newest === undefined ? '' : `"newest":${numberText(op.newest)},`;
  const change =
    op.newestChange === undefined ? '' : `"newestChange":${numberText(op.newestChange)},`;
  const precond = op.precond === undefined ? '' : `,${precondText(op.precond)}`;
  return byteString(
    `{${attributes}"bytes":${op.bytes},"cascade":"${op.cascade}","cause":"${op.cause}","cls":"${op.cls}","entries":${op.entries},${from}"kind":${text(op.kind)},"live":${liveText(op.live)},"n":${op.n},${newest}${change}"op":"${op.op}","owner":"${op.owner}",${textField('path', op.path)}${precond},"undo":${undoText(op.undo)}}\n`,
  );
}

function text(given: string): string {
  return PLAIN.test(given) ? `"${given}"` : bytesOfUtf8(JSON.stringify(given.toWellFormed()));
}

/** -0 is 0, as JSON has it. */
function numberText(value: number): string {
  return JSON.stringify(value);
}

function liveText({ state, evidence }: Liveness): string {
  return evidence === undefined
    ? `{"state":"${state}"}`
    : `{"evidence":${text(evidence)},"state":"${state}"}`;
}

function precondText(now: Precondition): string {
  return `"precond":{"ctimeNs":"${now.ctimeNs}","device":"${now.device}","inode":"${now.inode}","mode":${now.mode},"mtimeNs":"${now.mtimeNs}","size":"${now.size}"}`;
}

function undoText({ kind, verified, why, until, fidelity }: UndoProof): string {
  const end = until === undefined ? '' : `,"until":${numberText(until)}`;
  const reason = why === undefined ? '' : `,"why":${text(why)}`;
  return `{"fidelity":"${fidelity}","kind":"${kind}"${end},"verified":${verified}${reason}}`;
}

/**
 * Strict: a line is what `opLine` makes of what it says, byte by byte. So a key that is unknown,
 * twice, or out of its place cannot say something to one reader and something else to another.
 *
 * @param line with or without its newline
 * @throws Fault HF_PLAN_INVALID
 */
export function parseOp(line: ByteString): Op {
  const bare = line.endsWith('\n') ? line.slice(0, -1) : line;
  const raw = objectOf(utf8Of(byteString(bare)), 'an operation');
  const op = opOf(raw);
  if (opLine(op) !== `${bare}\n`) throw invalidPlan(`operation ${op.n} is not in canonical form`);
  return op;
}

function opOf(raw: Raw): Op {
  if (raw.attributesOnly !== undefined && raw.attributesOnly !== true) {
    throw invalidPlan('attributesOnly is not true');
  }
  return {
    n: numberAt(raw, 'n'),
    op: wordAt(raw, 'op', OP_VERBS),
    kind: textAt(raw, 'kind'),
    path: pathAt(raw, 'path'),
    ...(hasPath(raw, 'from') ? { from: pathAt(raw, 'from') } : {}),
    ...(raw.attributesOnly === true ? { attributesOnly: true } : {}),
    entries: numberAt(raw, 'entries'),
    bytes: numberAt(raw, 'bytes'),
    ...(raw.newest === undefined ? {} : { newest: unixMs(timeAt(raw, 'newest')) }),
    ...(raw.newestChange === undefined
      ? {}
      : { newestChange: unixMs(timeAt(raw, 'newestChange')) }),
    owner: wordAt(raw, 'owner', OWNERS),
    cause: wordAt(raw, 'cause', CAUSES),
    cascade: wordAt(raw, 'cascade', CASCADES),
    cls: wordAt(raw, 'cls', CLASSES),
    live: liveOf(memberAt(raw, 'live')),
    ...(raw.precond === undefined ? {} : { precond: precondOf(memberAt(raw, 'precond')) }),
    undo: undoOf(memberAt(raw, 'undo')),
  };
}

function liveOf(raw: Raw): Liveness {
  return { state: wordAt(raw, 'state', LIVE), ...maybe(raw, 'evidence', textAt) };
}

function precondOf(raw: Raw): Precondition {
  return {
    inode: decimalAt(raw, 'inode'),
    device: decimalAt(raw, 'device'),
    mode: numberAt(raw, 'mode'),
    size: decimalAt(raw, 'size'),
    mtimeNs: decimalAt(raw, 'mtimeNs'),
    ctimeNs: decimalAt(raw, 'ctimeNs'),
  };
}

function undoOf(raw: Raw): UndoProof {
  return {
    kind: wordAt(raw, 'kind', UNDO),
    verified: flagAt(raw, 'verified'),
    ...maybe(raw, 'why', textAt),
    ...(raw.until === undefined ? {} : { until: unixMs(timeAt(raw, 'until')) }),
    fidelity: wordAt(raw, 'fidelity', FIDELITIES),
  };
}
