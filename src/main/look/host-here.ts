import os from 'node:os';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import { isNameOfThis } from '../estate/machine-names.ts';

/** The look at the machine that asks, where it was asked too: by what it calls itself. */
export function lookHere(
  looks: readonly HostLook[],
): Extract<HostLook, { readonly kind: 'answered' }> | undefined {
  const name = os.hostname();
  return looks
    .filter((look) => look.kind === 'answered')
    .find(({ sight }) => isNameOfThis(sight.machine.hostName, name));
}
