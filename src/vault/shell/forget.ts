/**
 * Forgetting: what a plan names goes from `snapshots/` and lies in `forgotten/` until it is put back. What
 * was forgotten is written down first, so that whoever is killed in between leaves nothing unexplained.
 * docs/design/045-forgetting.md
 */
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../host/clock.ts';
import { corrupt } from '../core/corruption.ts';
import {
  encodeForget,
  encodePutBack,
  type ForgottenHeader,
  type NamedObject,
} from '../core/forget-record.ts';
import { randomHex } from '../core/keyring.ts';
import { snapshotName } from '../core/snapshot-record.ts';
import { type ForgottenPlan, forgottenIn, readForgetBook } from './forget-book.ts';
import { readHolds } from './hold-store.ts';
import type { Vault } from './open-vault.ts';
import type { CollectorStore } from './store.ts';
import { isAbsence } from './vault-problem.ts';

const SNAPSHOTS = 'snapshots/';
const FORGOTTEN = 'forgotten/';
/** Of the number in a plan's name. */
const PLAN_BYTES = 4;

export interface ForgetPorts {
  readonly vault: Vault;
  /** Of the same vault, by which something can be deleted. */
  readonly store: CollectorStore;
  readonly clock: Pick<Clock, 'now'>;
}

/** Snapshots that lie in a vault by their names again: `putBack` of collection. */
export type PutBack = (
  snapshots: readonly { readonly name: string; readonly bytes: Uint8Array }[],
) => Promise<void>;

export interface ForgetPlan {
  /** Of the guard: `p-` and eight hex digits. */
  readonly plan: string;
  readonly policy: string;
  readonly snapshots: readonly ForgottenHeader[];
}

export interface Forgot {
  readonly forgotten: number;
  /** Held by somebody while they went: they lie there again. */
  readonly heldMeanwhile: readonly ForgottenHeader[];
}

/**
 * All of them, or those before the first that fails: what is forgotten can be put back either way.
 *
 * @param putBack for what somebody held meanwhile
 * @throws Fault HF_VAULT_CORRUPT where a snapshot is not what its name says, and what the store throws
 */
export async function forgetSnapshots(
  ports: ForgetPorts,
  wanted: ForgetPlan,
  putBack: PutBack,
): Promise<Forgot> {
  const { vault, store, clock } = ports;
  await settleForgotten(ports);
  const { tools, keyring } = vault;
  const before = (await readHolds(vault)).bySnapshot;
  const heldBefore = wanted.snapshots.filter(({ id }) => before.has(id));
  const plan = { ...wanted, snapshots: wanted.snapshots.filter(({ id }) => !before.has(id)) };
  if (plan.snapshots.length === 0) return { forgotten: 0, heldMeanwhile: heldBefore };
  await put(store, encodeForget(tools, keyring, { ...plan, time: clock.now() }));
  for (const header of plan.snapshots) await keepForgotten(ports, nameOf(header));
  for (const header of plan.snapshots) await store.delete([nameOf(header)]);
  const { bySnapshot } = await readHolds(vault);
  // Whoever holds one looks afterwards whether it is there: one of both sees the other.
  const held = plan.snapshots.filter(({ id }) => bySnapshot.has(id));
  if (held.length > 0) await bringBack(ports, { plan: plan.plan, headers: held }, putBack);
  await excuse(ports, plan);
  const heldMeanwhile = [...heldBefore, ...held];
  return { forgotten: plan.snapshots.length - held.length, heldMeanwhile };
}

export interface BroughtBack {
  readonly back: readonly ForgottenHeader[];
  /** What they hold was freed already. */
  readonly tooLate: readonly ForgottenHeader[];
}

/**
 * What a plan forgot lies in `snapshots/` again, so far as what it holds was not freed. Doing it again
 * ends what was interrupted.
 *
 * @throws Fault HF_PLAN_ABSENT, and what the store throws
 */
export async function undoForget(
  ports: ForgetPorts,
  wanted: string,
  putBack: PutBack,
): Promise<BroughtBack> {
  await settleForgotten(ports);
  const { plans } = await readForgetBook(ports.vault);
  const begin = wanted.startsWith('p-') ? wanted : `p-${wanted}`;
  const found = plans.filter(({ plan }) => plan.startsWith(begin));
  const [plan] = found;
  if (plan === undefined || new Set(found.map((each) => each.plan)).size > 1) {
    const why =
      plan === undefined
        ? `no plan ${wanted} forgot anything here`
        : `more than one plan is called ${wanted}`;
    throw new Fault('HF_PLAN_ABSENT', why, { id: wanted });
  }
  // Of what came back by the book, too, what is not there: who noted that may have been wrong.
  const here = await namesHere(ports.vault);
  const headers = found.flatMap(({ snapshots, putBack: back }) => [
    ...snapshots,
    ...back.filter((each) => !here.has(nameOf(each))),
  ]);
  return bringBack(ports, { plan: plan.plan, headers }, putBack);
}

/**
 * Writes down that what a plan names and is there was not forgotten: it was interrupted, or somebody
 * brought it back. Else its loss would be excused for ever.
 */
export async function settleForgotten(ports: ForgetPorts): Promise<void> {
  const { vault } = ports;
  const { plans } = await readForgetBook(vault);
  if (plans.length === 0) return;
  const here = await namesHere(vault);
  for (const plan of plans) {
    const back = await hereOf(vault, plan, here);
    await notePutBack(ports, plan.plan, back);
    if (back.length > 0) await excuse(ports, { policy: plan.policy, snapshots: back });
  }
}

/**
 * Two may forget at once, from two machines: then the one that settles may take what the other is about
 * to delete for something that came back. Each looks afterwards, and one of both sees the other: what is
 * gone and excused by no plan is written down again, by a plan of its own.
 */
async function excuse(ports: ForgetPorts, wanted: Omit<ForgetPlan, 'plan'>): Promise<void> {
  const { vault, store, clock } = ports;
  const { tools, keyring } = vault;
  const here = await namesHere(vault);
  const excused = new Set(forgottenIn(await readForgetBook(vault)).map(({ id }) => id));
  const snapshots = wanted.snapshots.filter(
    (each) => !here.has(nameOf(each)) && !excused.has(each.id),
  );
  if (snapshots.length === 0) return;
  const plan = `p-${randomHex(tools, PLAN_BYTES)}`;
  await put(store, encodeForget(tools, keyring, { ...wanted, plan, snapshots, time: clock.now() }));
}

/** Whoever sends may have put anything under a name that is free again: its digest tells. */
async function hereOf(
  { store, tools }: Vault,
  plan: ForgottenPlan,
  here: ReadonlySet<string>,
): Promise<readonly ForgottenHeader[]> {
  const found: ForgottenHeader[] = [];
  for (const each of plan.snapshots.filter((one) => here.has(nameOf(one)))) {
    const bytes = await getIfThere(store, nameOf(each));
    if (bytes !== undefined && hexOf(tools.hash.sha256(bytes)) === each.id) found.push(each);
  }
  return found;
}

/**
 * What went although somebody holds it, or although the book says that it came back: who forgot it was
 * stopped before it looked.
 *
 * @returns those that were not there, and are now
 */
export async function bringMissingBack(
  ports: ForgetPorts,
  putBack: PutBack,
): Promise<readonly ForgottenHeader[]> {
  // What somebody forgets just now is here, or in the book that is read afterwards.
  const here = await namesHere(ports.vault);
  const book = await readForgetBook(ports.vault);
  if (book.plans.length === 0) return [];
  const { bySnapshot } = await readHolds(ports.vault);
  const excused = new Set(forgottenIn(book).map(({ id }) => id));
  const isMissing = (each: ForgottenHeader): boolean => !here.has(nameOf(each));
  const found: ForgottenHeader[] = [];
  for (const { plan, snapshots, putBack: back } of book.plans) {
    const headers = [
      ...snapshots.filter(({ id }) => bySnapshot.has(id)),
      ...back.filter((each) => isMissing(each) && !excused.has(each.id)),
    ];
    if (headers.length === 0) continue;
    found.push(...(await bringBack(ports, { plan, headers }, putBack)).back.filter(isMissing));
  }
  return found;
}

async function bringBack(
  ports: ForgetPorts,
  of: { readonly plan: string; readonly headers: readonly ForgottenHeader[] },
  putBack: PutBack,
): Promise<BroughtBack> {
  const back: ForgottenHeader[] = [];
  const tooLate: ForgottenHeader[] = [];
  for (const header of of.headers) {
    const isBack = await bringOneBack(ports, header, putBack);
    (isBack ? back : tooLate).push(header);
  }
  await notePutBack(ports, of.plan, back);
  return { back, tooLate };
}

async function bringOneBack(
  { vault }: ForgetPorts,
  header: ForgottenHeader,
  putBack: PutBack,
): Promise<boolean> {
  const name = nameOf(header);
  try {
    const bytes = await vault.store.get(forgottenName(name));
    if (hexOf(vault.tools.hash.sha256(bytes)) !== header.id) {
      throw corrupt(forgottenName(name), 'it is not the snapshot that was forgotten');
    }
    await putBack([{ name, bytes }]);
    return true;
  } catch (error) {
    const isLate = error instanceof Fault && error.code === 'HF_SNAPSHOT_SWEPT';
    if (isLate || isAbsence(error)) return false;
    throw error;
  }
}

async function notePutBack(
  { vault, store, clock }: ForgetPorts,
  plan: string,
  headers: readonly ForgottenHeader[],
): Promise<void> {
  if (headers.length === 0) return;
  const snapshots = headers.map(({ id }) => id);
  const { tools, keyring } = vault;
  await put(store, encodePutBack(tools, keyring, { plan, time: clock.now(), snapshots }));
}

/** Its bytes lie in `forgotten/`, durably, and are those that its name tells. */
async function keepForgotten({ vault, store }: ForgetPorts, name: string): Promise<void> {
  const { hash } = vault.tools;
  const bytes = await getIfThere(store, name);
  if (bytes === undefined) return; // Another has forgotten it meanwhile, and kept it.
  const sha256 = hash.sha256(bytes);
  if (!hexOf(sha256).startsWith(name.slice(name.lastIndexOf('-') + 1))) {
    throw corrupt(name, 'it is not what was written under this name');
  }
  const kept = forgottenName(name);
  if ((await store.putIfAbsent(kept, bytes, sha256)) === 'stored') return;
  if (hash.sha256(await store.get(kept)) === sha256) return;
  throw corrupt(kept, 'something else lies there');
}

async function put(store: CollectorStore, { name, bytes, sha256 }: NamedObject): Promise<void> {
  await store.putIfAbsent(name, bytes, sha256);
}

/** Others forget too. */
async function getIfThere(
  store: Pick<CollectorStore, 'get'>,
  name: string,
): Promise<Uint8Array | undefined> {
  try {
    return await store.get(name);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

async function namesHere({ store }: Vault): Promise<ReadonlySet<string>> {
  return new Set((await store.list(SNAPSHOTS)).map(({ name }) => name));
}

function nameOf(header: ForgottenHeader): string {
  return snapshotName(header);
}

function forgottenName(name: string): string {
  return FORGOTTEN + name.slice(SNAPSHOTS.length);
}
