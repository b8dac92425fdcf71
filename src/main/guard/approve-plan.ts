/** A person says yes: the operations are shown from the bytes whose digest is signed. */
import type { SigningKey } from '../../adapters/ssh-keygen/sign.ts';
import { signingKeys, signWith } from '../../adapters/ssh-keygen/sign.ts';
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { ApprovalNeed, Verdict } from '../../base/plan.ts';
import { sayText } from '../../base/say-name.ts';
import { type DurationMs, type UnixMs, unixMs } from '../../base/units.ts';
import { readSigners } from '../../guard/core/allowed-signers.ts';
import {
  APPROVAL_NAMESPACE,
  type ApprovalStatement,
  approvalText,
  releasable,
  signedText,
} from '../../guard/core/approval.ts';
import { PlanPicture } from '../../guard/core/plan-picture.ts';
import { isInForce } from '../../guard/core/release.ts';
import { sayVerdict, shortDigest } from '../../guard/core/say-verdict.ts';
import type { PlanStore, StoredPlan } from '../../guard/shell/plan-store.ts';
import { askLine } from '../cli/ask.ts';
import type { Cli } from '../cli/cli.ts';
import { approvalPorts } from './approvals-here.ts';
import type { GuardSession } from './guard-session.ts';

/** What is to be signed, and where it lies. */
export interface Subject extends StoredPlan {
  readonly store: PlanStore;
  /** Id of the host that applies. */
  readonly host: string;
  /** For people; undefined: this one. */
  readonly hostName: string | undefined;
  readonly verdict: Verdict | undefined;
}

export interface ApproveRequest {
  /** As it was typed. */
  readonly digits: string | undefined;
  readonly key: string | undefined;
  /** How long it is to be good; else as long as the plan. */
  readonly span: DurationMs | undefined;
}

/** Surroundings of programs that act by themselves, with a person's keys at hand. */
const AUTOMATION = ['CI', 'CLAUDECODE', 'CURSOR_AGENT', 'GEMINI_CLI', 'CODEX_SANDBOX'] as const;

/**
 * @returns what a person carries to the host that applies
 * @throws Fault HF_APPROVAL_NO_PERSON, _NOTHING, _DIGEST, _TARGET, HF_SIGNING_*
 */
export async function approvePlan(
  cli: Cli,
  session: GuardSession,
  { subject, asked }: { readonly subject: Subject; readonly asked: ApproveRequest },
): Promise<ByteString> {
  const { header } = subject;
  demandPerson(cli, session, header.id);
  const verdict = demandUse(subject, session.now());
  // Every operation is read, and its root compared, before any of it is shown.
  const picture = new PlanPicture(session.now());
  for (const op of subject.store.ops(header.id)) picture.add(op);
  const said = { header, digest: subject.digest, verdict, picture, now: session.now() };
  const { err, errorStyle } = cli.terminal;
  for (const line of sayVerdict(said, errorStyle)) err(`${line}\n`);
  err('\n');
  const key = await keyOf(cli, session, { subject, named: asked.key });
  err(`To be signed with ${sayText(key.comment)}, for ${sayText(hostOf(subject))}.\n`);
  const digits = asked.digits ?? (await askLine(cli, 'Type the eight digits of its digest: '));
  demandDigest(subject, digits.trim());
  const named = await namesTarget(cli, subject, verdict.needs);
  const signed = signedText(statementOf(session, { subject, verdict, named, span: asked.span }));
  const signature = await signWith(key, { namespace: APPROVAL_NAMESPACE, message: signed });
  return approvalText({ signed, signature });
}

function hostOf({ hostName }: Subject): string {
  return hostName ?? 'this host';
}

/** An agent that is honest is stopped here; a key that wants a touch stops the others. */
function demandPerson(cli: Cli, { actor }: GuardSession, plan: string): void {
  const refuse = (why: string): Fault =>
    new Fault('HF_APPROVAL_NO_PERSON', `nothing was approved: ${why}`, { plan });
  if (actor.kind === 'agent') throw refuse('an agent never approves');
  const marked = AUTOMATION.find((name) => (cli.env[name] ?? '') !== '');
  if (marked !== undefined) throw refuse(`${marked} is set: automation never approves`);
  if (!cli.terminal.canAsk) throw refuse('nobody sits at a terminal');
}

function demandUse({ header, verdict }: Subject, now: UnixMs): Verdict {
  const refuse = (why: string): Fault =>
    new Fault('HF_APPROVAL_NOTHING', `nothing was approved: ${why}`, { plan: header.id });
  if (now >= header.expires) throw refuse('the plan has expired; make it anew');
  if (verdict === undefined) throw refuse('the plan was not judged yet');
  const firm = verdict.objections.filter(
    (each) => isInForce(each) && (each.effect === 'deny' || each.effect === 'additive-only'),
  );
  if (firm.length > 0) {
    const names = [...new Set(firm.map(({ rule }) => rule))].join(', ');
    throw refuse(`no approval can release it: ${names} must hold`);
  }
  if (releasable(verdict.objections).length === 0) {
    throw refuse('it needs no approval; nothing objects that one could release');
  }
  return verdict;
}

function demandDigest({ header, digest }: Subject, digits: string): void {
  const isMeant = digits.length >= 8 && hexOf(digest).startsWith(digits.toLowerCase());
  if (isMeant) return;
  const what = `${sayText(digits)} is not the digest of ${header.id}, which begins ${shortDigest(digest)}`;
  throw new Fault('HF_APPROVAL_DIGEST', `nothing was approved: ${what}`, { plan: header.id });
}

/** Something there is in use: who says yes types what it is. */
async function namesTarget(cli: Cli, { header }: Subject, needs: ApprovalNeed): Promise<boolean> {
  if (!needs.namesTarget) return false;
  const { place } = header.target;
  const typed = await askLine(cli, `Files there are in use. Type ${sayText(place)} to go on: `);
  if (typed.trim() === place) return true;
  const said = typed.trim() === '' ? 'nothing' : sayText(typed.trim());
  const why = `nothing was approved: ${said} was typed, and the target is ${sayText(place)}`;
  throw new Fault('HF_APPROVAL_TARGET', why, { plan: header.id });
}

function statementOf(
  session: GuardSession,
  given: {
    readonly subject: Subject;
    readonly verdict: Verdict;
    readonly named: boolean;
    readonly span: DurationMs | undefined;
  },
): ApprovalStatement {
  const { subject, verdict, named, span } = given;
  const { header, digest, host } = subject;
  const { codec, random } = session.ports.tools;
  const end = span === undefined ? header.expires : session.now() + span;
  return {
    ...{ digest, host, named, plan: header.id, target: header.target.identity },
    expires: unixMs(Math.min(header.expires, end)),
    nonce: hexOf(byteString(codec.textOf(random.bytes(16)))),
    releases: releasable(verdict.objections),
  };
}

/** The one that is named; else the first that this host allows; else, for another host, the only one. */
async function keyOf(
  cli: Cli,
  session: GuardSession,
  { subject, named }: { readonly subject: Subject; readonly named: string | undefined },
): Promise<SigningKey> {
  const keys = await signingKeys(cli.env.HOME, named);
  const isHere = subject.hostName === undefined;
  const usable = isHere && named === undefined ? allowedOf(session, keys) : keys;
  const [first, ...others] = usable;
  if (first !== undefined && (isHere || named !== undefined || others.length === 0)) return first;
  const what =
    keys.length === 0
      ? 'no SSH key was found'
      : first === undefined
        ? 'none of your SSH keys is among the allowed signers of this host'
        : `there are several SSH keys (${keys.map(({ comment }) => sayText(comment)).join(', ')})`;
  throw new Fault('HF_SIGNING_KEY_WANTED', `nothing was approved: ${what}`);
}

function allowedOf(session: GuardSession, keys: readonly SigningKey[]): readonly SigningKey[] {
  const { signers: file, tools } = approvalPorts(session);
  const text = file.allowed();
  if (text === undefined) {
    const why = `nobody may approve here yet: ${file.path} is missing`;
    throw new Fault('HF_SIGNERS_ABSENT', why, { file: file.path });
  }
  const { signers } = readSigners(tools.codec, text);
  const known = new Set(
    signers
      .filter(({ kind }) => kind === 'person')
      .map(({ key }) => tools.codec.base64Of(tools.codec.bytesOf(key))),
  );
  return keys.filter(({ base64 }) => base64 !== undefined && known.has(base64));
}
