import { Fault } from '../../base/fault.ts';
import { DamagedRow, NewerState } from './server-rows.ts';

const DAMAGE = /^(?:SQLITE_CORRUPT|SQLITE_NOTADB|DamagedRow)/;

/** What is wrong with a state that cannot be used, by the code that SQLite gives. */
const TROUBLES: readonly {
  readonly codes: RegExp;
  readonly what: string;
  readonly instead: string;
}[] = [
  {
    codes: /^SQLITE_(?:BUSY|LOCKED|PROTOCOL)/,
    what: 'another process holds it',
    instead: 'End what else has {path} open (`fuser {path}`), then try again.',
  },
  {
    codes: /^(?:SQLITE_FULL|ENOSPC|EDQUOT|SQLITE_IOERR_(?:WRITE|TRUNCATE|SHMSIZE)$)/,
    what: 'there is no room to write',
    instead: 'Free space where {path} lies; nothing that was acknowledged is lost.',
  },
  {
    codes: DAMAGE,
    what: 'it is damaged',
    instead:
      'Bring {path} back from a backup, or run `holdfast server recover`: agents come back, accounts and the audit log do not.',
  },
  {
    codes: /^NewerState$/,
    what: 'a newer Holdfast has written it',
    instead:
      'Start the Holdfast that wrote {path}, or a later one; this one would not know all of it.',
  },
  {
    codes:
      /^(?:SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM|EROFS|ENOTDIR)/,
    what: 'it cannot be opened for writing',
    instead:
      'Look whether {path} can be written by this user, and whether its file system is mounted read-only.',
  },
  {
    codes: /^(?:SQLITE_IOERR|EIO)/,
    what: 'its disk fails',
    instead: 'See the kernel log (`dmesg`) about the disk of {path}, and copy the file away.',
  },
];

/** What is not the state's trouble is a bug, and stays one: it is given back as it is. */
export function stateFault(path: string, error: unknown): unknown {
  const code = codeOf(error);
  const trouble = TROUBLES.find(({ codes }) => codes.test(code));
  if (trouble === undefined) return error;
  return new Fault(
    'HF_SERVER_STATE',
    `${path} cannot be used: ${trouble.what} (${code})`,
    { path, code, instead: trouble.instead.replaceAll('{path}', path) },
    { cause: error },
  );
}

/** Nothing that waiting, room or rights would mend. */
export const isDamaged = (error: unknown): boolean =>
  error instanceof Fault &&
  error.code === 'HF_SERVER_STATE' &&
  DAMAGE.test(String(error.facts.code));

export const isBusy = (error: unknown): boolean => /^SQLITE_BUSY/.test(codeOf(error));

function codeOf(error: unknown): string {
  if (error instanceof DamagedRow || error instanceof NewerState) return error.name;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
