/**
 * Scratch belongs to us, and engines run as somebody else, who may not pass through our
 * directories. Where we are root the engine gets a view of its own in which scratch is mounted
 * within reach, and no network: a restored database may know where production is.
 */
import fs from 'node:fs';
import path from 'node:path';
import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { type Account, isRoot } from './account.ts';
import { type Command, runProgram, whyOf } from './program.ts';
import { textPath } from './scratch.ts';

export interface Reach {
  readonly account: Account;
  /** How a program of the engine calls what we call so; below the directories of this reach. */
  pathOf(at: ByteString): string;
  /** As the account, ended with this process. */
  command(
    program: string,
    args: readonly string[],
    options: Omit<Command, 'program' | 'args' | 'account'>,
  ): Command;
}

const MOUNT_POINT = '/mnt';
const PROBE_MS = 10_000;

/**
 * @param dirs in scratch: what is proven and what else is needed; all may pass through them after
 * @returns why not, where `account` cannot be brought to them
 */
export async function reachFor(
  dirs: readonly ByteString[],
  account: Account,
): Promise<Reach | string> {
  const become = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  if (!isRoot()) return direct(account, []);
  for (const dir of dirs) fs.chmodSync(fsPath(dir), fs.statSync(fsPath(dir)).mode | 0o111);
  const inside = mounted(dirs, { account, become });
  const places = dirs.map(inside.pathOf);
  const look = places.flatMap((place, at) => (at === 0 ? ['-x', place] : ['-a', '-x', place]));
  const probe = await runProgram(inside.command('test', look, { limitMs: PROBE_MS }));
  if (probe.isOk) return inside;
  const closed = dirs.find((dir) => !mayPass(dir, account));
  if (closed === undefined) return direct(account, become);
  return `${account.name} may not pass through ${textPath(closed)}, and it could not be mounted elsewhere (${whyOf(
    probe,
  )}): name a scratch directory that everybody may pass through`;
}

/** It dies with us, however we do. */
function dieBy({ endWith = 'SIGTERM' }: Pick<Command, 'endWith'>): readonly string[] {
  return ['--pdeathsig', endWith.replace(/^SIG/, '')];
}

function direct(account: Account, become: readonly string[]): Reach {
  return {
    account,
    pathOf: textPath,
    command: (program, args, options) => ({
      ...options,
      program: 'setpriv',
      args: [...become, ...dieBy(options), program, ...args],
      env: { ...homeOf(account), ...options.env },
    }),
  };
}

/** Arguments: how many directories, these, and then those of setpriv. */
const INSIDE = `
mount -t tmpfs -o mode=755,size=64k none ${MOUNT_POINT} || exit 125
count=$1; shift; at=0
while [ $at -lt $count ]; do
  mkdir ${MOUNT_POINT}/$at && mount --bind "$1" ${MOUNT_POINT}/$at || exit 125
  shift; at=$((at + 1))
done
cd / && exec setpriv "$@"`;

function mounted(
  dirs: readonly ByteString[],
  of: { readonly account: Account; readonly become: readonly string[] },
): Reach {
  const full = dirs.map(textPath);
  return {
    account: of.account,
    pathOf: (at) => {
      const text = textPath(at);
      const which = full.findIndex((dir) => text === dir || text.startsWith(`${dir}/`));
      assert(which >= 0, 'only what was brought within reach has a path there');
      return `${MOUNT_POINT}/${which}${text.slice(full[which]?.length)}`;
    },
    command: (program, args, options) => ({
      ...options,
      program: 'unshare',
      args: [
        ...['--mount', '--net', '--propagation', 'private', 'sh', '-c', INSIDE, 'sh'],
        ...[String(full.length), ...full, ...of.become, ...dieBy(options), program, ...args],
      ],
      env: { ...homeOf(of.account), ...options.env },
    }),
  };
}

const homeOf = ({ name, home }: Account): Record<string, string> => ({
  HOME: home,
  USER: name,
  LOGNAME: name,
});

/** Whether every directory above lets it pass. */
function mayPass(dir: ByteString, account: Account): boolean {
  for (let at = textPath(dir); ; at = path.dirname(at)) {
    const { mode, uid, gid } = fs.statSync(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === '/') return true;
  }
}

export interface Given {
  /** Symbolic links in it, with what they say. */
  readonly links: readonly { readonly path: ByteString; readonly target: ByteString }[];
  readonly bytes: number;
}

/** Gives a tree in scratch to `account`, itself included. Follows nothing. */
export function giveTree(top: ByteString, account: Account): Given {
  const links: { path: ByteString; target: ByteString }[] = [];
  let bytes = 0;
  const todo: ByteString[] = [top];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    const stat = fs.lstatSync(fsPath(at));
    if (isRoot()) fs.lchownSync(fsPath(at), account.uid, account.gid);
    if (stat.isSymbolicLink()) {
      links.push({ path: at, target: bytesOf(fs.readlinkSync(fsPath(at), 'buffer')) });
    } else if (stat.isDirectory()) {
      for (const name of fs.readdirSync(fsPath(at), 'buffer')) todo.push(join(at, name));
    } else {
      bytes += stat.size;
    }
  }
  return { links, bytes };
}

/** Lets everybody pass from `from` down to what lies above `to`; both in scratch. */
export function openWay(from: ByteString, to: ByteString): void {
  const last = textPath(from);
  for (let at = path.dirname(textPath(to)); at.startsWith(last); at = path.dirname(at)) {
    fs.chmodSync(at, fs.statSync(at).mode | 0o111);
    if (at === last) return;
  }
}

const bytesOf = (raw: Buffer): ByteString => byteString(raw.toString('latin1'));
const join = (dir: ByteString, name: Buffer): ByteString =>
  byteString(`${dir}/${name.toString('latin1')}`);
