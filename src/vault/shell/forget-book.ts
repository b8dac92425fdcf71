/** What was forgotten by plans and did not come back, as it stands in a vault. */
import type { Tools } from '../../host/tools.ts';
import { demand } from '../core/corruption.ts';
import {
  type ForgetRecord,
  type ForgottenHeader,
  parseForget,
  parsePutBack,
  recordName,
} from '../core/forget-record.ts';
import type { Keyring } from '../core/keyring.ts';
import { inParallel } from './in-parallel.ts';
import type { Vault } from './open-vault.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';

/** A plan by which snapshots went. */
export interface ForgottenPlan extends Pick<ForgetRecord, 'plan' | 'time' | 'policy'> {
  /** Those that did not come back. */
  readonly snapshots: readonly ForgottenHeader[];
  /** Those that did. */
  readonly putBack: readonly ForgottenHeader[];
}

export interface ForgetBook {
  /** Oldest first. Of those that nobody with a key wrote none is here. */
  readonly plans: readonly ForgottenPlan[];
  readonly problems: readonly VaultProblem[];
}

/** Of a vault that nobody forgot anything of it costs one list. */
export async function readForgetBook(vault: Vault): Promise<ForgetBook> {
  const problems: VaultProblem[] = [];
  const forgets = await readRecords(vault, { folder: 'forgets', parse: parseForget }, problems);
  if (forgets.length === 0) return { plans: [], problems };
  const backs = await readRecords(vault, { folder: 'putbacks', parse: parsePutBack }, problems);
  const plans = forgets.map(({ plan, time, policy, snapshots }): ForgottenPlan => {
    const own = backs.filter((each) => each.plan === plan);
    const back = new Set(own.flatMap((each) => each.snapshots));
    const gone = snapshots.filter(({ id }) => !back.has(id));
    const putBack = snapshots.filter(({ id }) => back.has(id));
    return { plan, time, policy, snapshots: gone, putBack };
  });
  return { plans: plans.sort((one, other) => one.time - other.time), problems };
}

/** The headers of all that went and did not come back. */
export function forgottenIn({ plans }: Pick<ForgetBook, 'plans'>): readonly ForgottenHeader[] {
  return plans.flatMap(({ snapshots }) => snapshots);
}

interface Kind<T> {
  readonly folder: string;
  readonly parse: (tools: Tools, keyring: Keyring, bytes: Uint8Array) => T;
}

async function readRecords<T extends { readonly plan: string; readonly isVouched: boolean }>(
  { store, tools, keyring }: Vault,
  { folder, parse }: Kind<T>,
  problems: VaultProblem[],
): Promise<readonly T[]> {
  const objects = await store.list(`${folder}/`);
  const found = await inParallel(objects, async ({ name }) => {
    try {
      const bytes = await store.get(name);
      const record = parse(tools, keyring, bytes);
      const isNamed = recordName(tools, { folder, plan: record.plan, bytes }) === name;
      demand(isNamed, name, 'it is not what was written under this name');
      if (record.isVouched) return record;
      const why = 'nobody who holds a key of this vault wrote it: it excuses nothing';
      problems.push({ kind: 'foreign', object: name, why });
    } catch (error) {
      problems.push(problemOf(name, error));
    }
    return undefined;
  });
  return found.filter((each) => each !== undefined);
}
