/** A plan as it is carried to the machine of a person, and read there: docs/format/approval.md 2. */
import os from 'node:os';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import { Fault } from '../../base/fault.ts';
import type { Verdict } from '../../base/plan.ts';
import { drawnHex } from '../../vault/shell/whole-file.ts';
import { objectOf } from '../../guard/core/held-things.ts';
import { headerText, parseHeader } from '../../guard/core/plan-header.ts';
import { opLine } from '../../guard/core/plan-lines.ts';
import { parseVerdict, verdictText } from '../../guard/core/verdict-text.ts';
import { PlanStore, type StoredPlan } from '../../guard/shell/plan-store.ts';
import { linesOf } from '../../guard/shell/read-ops.ts';
import { removeFolder } from '../../guard/shell/remove-folder.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import { hostIdHere } from './approvals-here.ts';
import type { GuardSession } from './guard-session.ts';

const FORMAT = 'holdfast-plan-export/0';

/** Lines without their newlines, as text. */
export function* exportLines({ store }: GuardSession, plan: StoredPlan): Generator<string> {
  const id = plan.header.id;
  const judged = store.verdict(id);
  yield FORMAT;
  yield canonicalJson({ host: hostIdHere(), name: os.hostname() });
  yield judged === undefined ? 'null' : lineOf(verdictText(judged));
  yield lineOf(headerText(plan.header));
  for (const op of store.ops(id)) yield lineOf(opLine(op));
}

function lineOf(text: ByteString): string {
  return utf8Of(text).slice(0, -1);
}

/** A plan that came from another host: to be looked at and signed, never applied here. */
export interface CarriedPlan extends StoredPlan {
  readonly store: PlanStore;
  readonly host: string;
  /** What that host calls itself; for people. */
  readonly hostName: string;
  readonly verdict: Verdict | undefined;
  /** Takes away what was written of it here. */
  readonly drop: () => void;
}

/** Whether the file begins as an exported plan does. */
export function isExport({ ports }: GuardSession, path: ByteString): boolean {
  const size = ports.disk.size(path);
  if (size === undefined) return false;
  const head = ports.disk.read(path, { offset: 0, length: FORMAT.length });
  return ports.tools.codec.textOf(head) === FORMAT;
}

/**
 * Its bytes, once more on disk, so that they are read by who reads any plan, as strictly.
 *
 * @throws Fault HF_PLAN_INVALID, HF_DISK_*
 */
export function readExport(session: GuardSession, path: ByteString): CarriedPlan {
  const { disk, tools } = session.ports;
  const lines = linesOf(session.ports, path);
  const take = (): ByteString => {
    const next = lines.next();
    if (next.done === true) throw invalid('it ends too early', path);
    return next.value;
  };
  take();
  const from = objectOf(take());
  const judged = take();
  const header = parseHeader(take());
  const stateDir = byteString(`${session.stateDir}/guard/carried/${drawnHex(session.ports, 8)}`);
  const store = new PlanStore({ disk, tools, stateDir });
  const drop = (): void => removeFolder(disk, stateDir);
  const dir = store.dirOf(header.id);
  try {
    disk.makeDir(dir);
    write(session, byteString(`${dir}/header.json`), [headerText(header)]);
    write(session, byteString(`${dir}/ops.ndjson`), lines);
    // Its operations are looked at to the last one when they are shown.
    const plan = store.read(header.id);
    const verdict = judged === 'null\n' ? undefined : parseVerdict(judged).verdict;
    if (typeof from?.host !== 'string') throw invalid('it does not say of which host it is', path);
    const hostName = typeof from.name === 'string' ? from.name : from.host;
    return { ...plan, store, host: from.host, hostName, verdict, drop };
  } catch (error) {
    drop();
    throw error;
  }
}

function write({ ports }: GuardSession, path: ByteString, lines: Iterable<ByteString>): void {
  const file = ports.disk.create(path);
  for (const line of lines) file.write(ports.tools.codec.bytesOf(line));
  file.close();
}

function invalid(why: string, path: ByteString): Fault {
  return new Fault('HF_PLAN_INVALID', `this is no plan that was exported: ${why}`, { path });
}
