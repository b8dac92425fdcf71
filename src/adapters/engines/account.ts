/** Accounts of this machine under which the programs of an engine run. */
import { spawnSync } from 'node:child_process';
import os from 'node:os';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Undefined where there is none of that name. Asks as the system does, so directories count too. */
export function accountNamed(name: string): Account | undefined {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.$-]*$/.test(name)) return undefined;
  const { stdout, status } = spawnSync('getent', ['passwd', name], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [found = '', , uid = '', gid = '', , home = '/'] = stdout.trim().split(':');
  if (!/^[0-9]+$/.test(uid) || !/^[0-9]+$/.test(gid)) return undefined;
  return { name: found, uid: Number(uid), gid: Number(gid), home };
}

/** Only root may be somebody else. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/** Whoever runs this. */
export function ownAccount(): Account {
  const { username, uid, gid, homedir } = os.userInfo();
  return { name: username, uid, gid, home: homedir };
}

/**
 * Under which an engine may be started: engines refuse root. Never the account of the live engine,
 * though it is there: what a restored log says of paths of the live one must find itself locked out.
 *
 * @returns undefined where we are root and there is no account for it
 */
export function engineAccount(): Account | undefined {
  if (!isRoot()) return ownAccount();
  for (const name of ['holdfast', 'nobody']) {
    const account = accountNamed(name);
    if (account !== undefined && account.uid !== 0) return account;
  }
  return undefined;
}
