/** What every connection to a server is told, whichever engine it is. */
import { Fault } from '../../base/fault.ts';
import { type Account, accountNamed, isRoot } from './account.ts';

export interface ConnectionOptions {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Of the database; else as the programs of the engine choose it. */
  readonly role?: string | undefined;
  /** Account that the programs run as, when we are root: local servers know whom they talk to. */
  readonly user?: string | undefined;
  /** How long a program may say nothing. */
  readonly limitMs?: number | undefined;
}

export const CONNECTION_LIMIT_MS = 10 * 60_000;

/** @throws Fault HF_CONFIG_INVALID where there is no such account */
export function accountOf(user: string | undefined, method: string): Account | undefined {
  if (user === undefined || !isRoot()) return undefined;
  const account = accountNamed(user);
  if (account !== undefined) return account;
  const instead = `Write the name of an account of this host; ${method} is run as it.`;
  throw new Fault('HF_CONFIG_INVALID', `there is no account ${user} here`, { instead });
}
