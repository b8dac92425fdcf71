/** Approvals on the host that applies: taken in, verified each time they are asked for, used once. */
import { type ByteString, byteString, type Digest, hexOf } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import { Fault, type FaultCode } from '../../base/fault.ts';
import { leftMs, type Moment } from '../../base/moment.ts';
import { sayText } from '../../base/say-name.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { SignatureCheck, SignerFiles } from '../../host/signatures.ts';
import {
  type AllowedSigner,
  kindOfPrincipals,
  readSigners,
  signersOfKey,
} from '../core/allowed-signers.ts';
import {
  type Approval,
  APPROVAL_NAMESPACE,
  approvalText,
  parseApproval,
} from '../core/approval.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { momentJson, momentOf, objectOf } from '../core/held-things.ts';
import { fingerprintOf, parseSshSignature, type SshSignature } from '../core/ssh-signature.ts';
import { publishFile, readFileIfThere } from '../../vault/shell/whole-file.ts';
import type { BookPorts } from './pipeline-book.ts';

export interface ApprovalPorts extends BookPorts {
  readonly check: SignatureCheck;
  readonly signers: SignerFiles;
  /** Id of this host, as it stands in approvals. */
  readonly host: string;
}

/** What an approval is held against: the plan as it is here. */
export interface ApprovedPlan {
  readonly id: string;
  readonly digest: Digest;
  /** Identity of its target. */
  readonly target: string;
  /** Of the plan that is to be applied, where it cites an approval of this one. */
  readonly appliedAs?: Digest;
}

/** Verified: by whom, and since when it lies here. */
export interface GoodApproval {
  readonly approval: Approval;
  readonly person: string;
  /** `SHA256:...` */
  readonly key: string;
  readonly added: Moment;
}

export interface BadApproval {
  readonly nonce: string;
  readonly fault: Fault;
}

const NAME = /^([0-9a-f]{32})\.approval$/;

/**
 * Takes one in. Durable when it returns; the same one again changes nothing.
 *
 * @throws Fault HF_APPROVAL_*, HF_SIGNERS_*, each for its own reason
 */
export async function addApproval(
  ports: ApprovalPorts,
  given: { readonly text: ByteString; readonly plan: ApprovedPlan; readonly now: Moment },
): Promise<GoodApproval> {
  const approval = parseApproval(given.text);
  if (approval === undefined) {
    throw new Fault('HF_APPROVAL_INVALID', 'what was given is no approval, or not all of it');
  }
  const who = await verified(ports, { approval, plan: given.plan, now: given.now.at });
  const { codec } = ports.tools;
  const { nonce } = approval.statement;
  const file = pathOf(ports, given.plan.id, nonce);
  const time = `${canonicalJson({ ...momentJson(given.now) })}\n`;
  // First the time: one without it would count from whenever it is read.
  publishFile(ports, byteString(`${file}.added`), codec.bytesOf(byteString(time)));
  publishFile(ports, byteString(`${file}.approval`), codec.bytesOf(approvalText(approval)));
  return { approval, ...who, added: addedOf(ports, file) ?? given.now };
}

/** All that lie beside a plan, each looked at anew. */
export async function readApprovals(
  ports: ApprovalPorts,
  plan: ApprovedPlan,
  now: UnixMs,
): Promise<{ readonly good: readonly GoodApproval[]; readonly bad: readonly BadApproval[] }> {
  const good: GoodApproval[] = [];
  const bad: BadApproval[] = [];
  for (const name of ports.disk.list(dirOf(ports, plan.id)) ?? []) {
    const nonce = NAME.exec(name)?.[1];
    if (nonce === undefined) continue;
    try {
      good.push(await readOne(ports, { plan, nonce, now }));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      bad.push({ nonce, fault: error });
    }
  }
  return { good: oncePerKey(good), bad };
}

/**
 * When it may be counted from: never later than what passed by the clock that says less, so that a
 * wall clock set forward shortens no cool-off.
 */
export function countedSince(added: Moment, spanMs: number, now: Moment): UnixMs {
  return unixMs(now.at - (spanMs - leftMs(added, spanMs, now)));
}

/**
 * Before the first operation. Durable when it returns. The plan that used it may go on with it.
 *
 * @throws Fault HF_APPROVAL_USED
 */
export function useApprovals(
  ports: BookPorts,
  approvals: readonly GoodApproval[],
  { id, digest, now }: { readonly id: string; readonly digest: Digest; readonly now: UnixMs },
): void {
  for (const { approval, person } of approvals) {
    const { nonce } = approval.statement;
    const line = canonicalJson({ at: now, digest: hexOf(digest), nonce, person, plan: id });
    const bytes = ports.tools.codec.bytesOf(byteString(`${bytesOfUtf8(line)}\n`));
    if (publishFile(ports, usePath(ports, nonce), bytes) === 'published') continue;
    refuseUsed(ports, nonce, digest);
  }
}

async function readOne(
  ports: ApprovalPorts,
  { plan, nonce, now }: { plan: ApprovedPlan; nonce: string; now: UnixMs },
): Promise<GoodApproval> {
  const file = pathOf(ports, plan.id, nonce);
  const text = ports.tools.codec.textOf(ports.disk.read(byteString(`${file}.approval`)));
  const approval = parseApproval(text);
  const added = addedOf(ports, file);
  if (approval === undefined || added === undefined || approval.statement.nonce !== nonce) {
    throw new Fault('HF_APPROVAL_INVALID', `the approval ${nonce.slice(0, 8)} is damaged`);
  }
  return { approval, ...(await verified(ports, { approval, plan, now })), added };
}

/** All that can be wrong with it, each in its own words; the signature last, by ssh-keygen. */
async function verified(
  ports: ApprovalPorts,
  { approval, plan, now }: { approval: Approval; plan: ApprovedPlan; now: UnixMs },
): Promise<{ readonly person: string; readonly key: string }> {
  const { statement } = approval;
  const refuse = (code: FaultCode, why: string): Fault =>
    new Fault(code, `it approves nothing: ${why}`, { plan: plan.id, file: ports.signers.path });
  const made = parseSshSignature(ports.tools.codec, approval.signature);
  if (made === undefined) throw refuse('HF_APPROVAL_INVALID', 'its signature is damaged');
  if (made.namespace !== APPROVAL_NAMESPACE) {
    const what = sayText(made.namespace);
    throw refuse('HF_APPROVAL_NAMESPACE', `it was signed as ${what}, not as an approval`);
  }
  if (statement.host !== ports.host) {
    throw refuse('HF_APPROVAL_OTHER_HOST', 'it was signed for another host');
  }
  if (statement.plan !== plan.id || statement.target !== plan.target) {
    const other = sayText(statement.plan);
    throw refuse('HF_APPROVAL_OTHER_PLAN', `it was signed for ${other}, another plan`);
  }
  if (statement.digest !== plan.digest) {
    throw refuse('HF_APPROVAL_OTHER_PLAN', 'the plan is not what was signed: a byte has changed');
  }
  if (now >= statement.expires) throw refuse('HF_APPROVAL_EXPIRED', 'it has expired');
  refuseUsed(ports, statement.nonce, plan.appliedAs ?? plan.digest);
  return verifiedBy(ports, { approval, made, refuse });
}

interface Verifying {
  readonly approval: Approval;
  readonly made: SshSignature;
  readonly refuse: (code: FaultCode, why: string) => Fault;
}

async function verifiedBy(
  ports: ApprovalPorts,
  { approval, made, refuse }: Verifying,
): Promise<{ readonly person: string; readonly key: string }> {
  const key = fingerprintOf(ports.tools, made.key);
  const text = ports.signers.allowed();
  if (text === undefined) {
    const file = ports.signers.path;
    throw new Fault('HF_SIGNERS_ABSENT', `nobody may approve here yet: ${file} is missing`, {
      file,
    });
  }
  const { signers } = readSigners(ports.tools.codec, text);
  const person = await personOf(ports, { signers, approval, made });
  if (person === undefined) {
    throw refuse('HF_APPROVAL_SIGNER', `${key} is no key of an allowed signer of this host`);
  }
  if (person.kind === 'service' || person.kind === 'agent') {
    const name = sayText(person.name);
    throw refuse('HF_APPROVAL_NO_PERSON', `${name} is ${article(person.kind)}, and no person`);
  }
  if (person.kind === 'nobody') {
    throw refuse('HF_APPROVAL_SIGNER', `${key} is allowed for a pattern, which names nobody`);
  }
  const { signed, signature } = approval;
  const namespace = APPROVAL_NAMESPACE;
  const against = await ports.check.verify({
    signed,
    signature,
    principal: person.name,
    namespace,
  });
  if (against === undefined) return { person: person.name, key };
  const name = sayText(person.name);
  if (/not permitted for use in signature namespace/i.test(against)) {
    throw refuse('HF_APPROVAL_SIGNER', `the key of ${name} is allowed for other things only`);
  }
  if (/revoked|not yet valid|expired/i.test(against)) {
    throw refuse('HF_APPROVAL_REVOKED', `the key of ${name} is no longer good: ${against}`);
  }
  throw refuse('HF_APPROVAL_INVALID', `the signature does not hold: ${against}`);
}

function article(kind: 'service' | 'agent'): string {
  return kind === 'agent' ? 'an agent' : 'a service';
}

/** Where a key stands in several lines, one that says it is no person's counts. */
async function personOf(
  ports: ApprovalPorts,
  { signers, approval, made }: { signers: readonly AllowedSigner[] } & Omit<Verifying, 'refuse'>,
): Promise<Pick<AllowedSigner, 'name' | 'kind'> | undefined> {
  const lines = signersOfKey(signers, made.key);
  const notOne = lines.find(({ kind }) => kind === 'service' || kind === 'agent');
  if (lines.length > 0) return notOne ?? lines.find(({ kind }) => kind === 'person') ?? lines[0];
  // A certificate: its authority is in the file, and ssh-keygen knows what it vouches for.
  if (!made.keyType.includes('-cert-')) return undefined;
  const principals = await ports.check.principals(approval.signature);
  const [name] = principals;
  return name === undefined ? undefined : { name, kind: kindOfPrincipals(principals) };
}

/** @throws Fault HF_APPROVAL_USED; also where the note of its use is damaged */
function refuseUsed(ports: BookPorts, nonce: string, digest: Digest): void {
  const bytes = readFileIfThere(ports, usePath(ports, nonce));
  if (bytes === undefined) return;
  const use = objectOf(ports.tools.codec.textOf(bytes));
  if (use?.digest === hexOf(digest)) return;
  const plan = typeof use?.plan === 'string' ? sayText(use.plan) : 'a plan';
  throw new Fault('HF_APPROVAL_USED', `it approves nothing: it was used for ${plan}`, { plan });
}

/** One key says yes once, under whatever name. */
export function oncePerKey(approvals: readonly GoodApproval[]): readonly GoodApproval[] {
  const first = new Map<string, GoodApproval>();
  for (const each of approvals.toSorted((a, b) => a.added.at - b.added.at)) {
    if (!first.has(each.key)) first.set(each.key, each);
  }
  return [...first.values()];
}

function addedOf(ports: BookPorts, file: ByteString): Moment | undefined {
  const bytes = readFileIfThere(ports, byteString(`${file}.added`));
  return bytes === undefined ? undefined : momentOf(objectOf(ports.tools.codec.textOf(bytes)));
}

function dirOf({ stateDir }: BookPorts, id: string): ByteString {
  return byteString(`${stateDir}/guard/plans/${id}/approvals`);
}

function pathOf(ports: BookPorts, id: string, nonce: string): ByteString {
  return byteString(`${dirOf(ports, id)}/${nonce}`);
}

function usePath({ stateDir }: BookPorts, nonce: string): ByteString {
  return byteString(`${stateDir}/guard/uses/${nonce}.json`);
}
