import { Fault } from '../../base/fault.ts';
import { DamagedRow } from './server-rows.ts';

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
    codes: /^(?:SQLITE_CORRUPT|SQLITE_NOTADB|DamagedRow)/,
    what: 'it is damaged',
    instead:
      'Bring {path} back from a backup. Without one move it aside and enrol the hosts anew: accounts and the audit log are gone, agents say the rest again.',
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

export const isBusy = (error: unknown): boolean => /^SQLITE_BUSY/.test(codeOf(error));

function codeOf(error: unknown): string {
  if (error instanceof DamagedRow) return error.name;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
