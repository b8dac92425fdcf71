import type { Caller } from '../../access/core/account.ts';
import { auditOf } from './answers-act.ts';
import type { Served } from './served.ts';

/**
 * A person says that a vault is right as it is; the audit log keeps why.
 * @returns whether anything was the matter with it
 * @throws Fault HF_API_UNKNOWN: no host told of a vault there
 */
export function acceptVault(
  served: Served,
  of: {
    readonly place: string;
    readonly reason: string;
    readonly caller: Caller | undefined;
    readonly from: string;
  },
): Promise<boolean> {
  const { place, reason, caller, from } = of;
  return served.writer.alone(async () => {
    const by = caller?.user ?? '';
    const { changes, settle } = served.told.accept({ place, by }, served.now());
    if (changes.length === 0) return false;
    const act = { act: 'vault-accepted', subject: place, caller, from, detail: { reason } };
    await served.state.commit([...changes, auditOf(served, act)]);
    settle();
    return true;
  });
}
