/** MariaDB started on what was restored: a data directory, or a dump loaded into a fresh one. */
import fs from 'node:fs';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { EngineProof, EngineShown } from '../../host/engine-proof.ts';
import { engineAccount } from '../engines/account.ts';
import { runProgram, whyOf } from '../engines/program.ts';
import { giveTree, type Reach, reachFor } from '../engines/reach.ts';
import { noRoom } from '../engines/scratch.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { firstThere } from './mariadb-client.ts';
import { PrivateMariadb, serverProgram } from './private-mariadb.ts';

export interface MariadbProofOptions {
  /** Where the drill restored to: what is proven lies in it, or is it. */
  readonly within: ByteString;
  readonly minFree: number | undefined;
  /** For each start, for the loading, and for the check. */
  readonly limitMs?: number;
}

const LIMIT_MS = 60 * 60_000;
const HEAD_SIZE = 4096;
/** Pages and indexes take more than the SQL of the rows. */
const GROWTH = 3;
const unknown = (why: string): EngineShown => ({ ok: undefined, why });

/** A file as `mariadb-dump` writes it. */
export function mariadbDumpProof(options: MariadbProofOptions): EngineProof {
  return {
    engine: 'mariadb',
    prove: async (restored, scratch) => {
      const { limitMs = LIMIT_MS, minFree } = options;
      const bytes = GROWTH * fs.statSync(fsPath(restored)).size;
      const against = noRoom({ parent: scratch, minFree, bytes });
      if (against !== undefined) return unknown(against);
      const prepared = await prepare([scratch], versionOfDump(restored));
      if ('ok' in prepared) return prepared;
      const { reach } = prepared;
      const data = byteString(`${scratch}/data`);
      const made = await install({ reach, data, scratch, limitMs });
      if (made !== undefined) return unknown(made);
      const of = { reach, data, scratch, limitMs };
      const why = await load(of, restored);
      return why ?? check(of, `mariadb ${prepared.version} took the dump`);
    },
  };
}

/** A data directory. */
export function mariadbProof(options: MariadbProofOptions): EngineProof {
  return {
    engine: 'mariadb',
    prove: async (restored, scratch) => {
      const { limitMs = LIMIT_MS } = options;
      const prepared = await prepare([options.within, scratch], versionOfData(restored));
      if ('ok' in prepared) return prepared;
      const { reach, version } = prepared;
      const outside = linkOutOf(restored, reach);
      if (outside !== undefined) return unknown(outside);
      giveTree(scratch, reach.account);
      const of = { reach, data: restored, scratch, limitMs };
      return check(of, `mariadb ${version} started on it`);
    },
  };
}

interface Prepared {
  readonly reach: Reach;
  readonly version: string;
}

/** A server that is not older than what it is to read, and an account; else why it cannot be tried. */
async function prepare(
  dirs: readonly ByteString[],
  needed: string | undefined,
): Promise<Prepared | EngineShown> {
  const said = await runProgram({ program: serverProgram(), args: ['--version'], limitMs: 30_000 });
  const version = /Ver ([0-9]+\.[0-9]+\.[0-9]+)/.exec(said.stdout)?.[1];
  if (version === undefined) {
    return unknown('MariaDB is not installed here (package mariadb-server)');
  }
  if (needed !== undefined && isOlder(version, needed)) {
    return unknown(`MariaDB ${needed} is needed (package mariadb-server), and ${version} is here`);
  }
  const account = engineAccount();
  if (account === undefined) return unknown('there is no account without rights to run it as');
  const reach = await reachFor(dirs, account);
  return typeof reach === 'string' ? unknown(reach) : { reach, version };
}

/** Whether the series of `here` comes before that of `needed`. */
export function isOlder(here: string, needed: string): boolean {
  const [a = 0, b = 0] = here.split('.').map(Number);
  const [c = 0, d = 0] = needed.split('.').map(Number);
  return a < c || (a === c && b < d);
}

function versionOfDump(file: ByteString): string | undefined {
  const head = Buffer.alloc(HEAD_SIZE);
  const fd = fs.openSync(fsPath(file), 'r');
  try {
    const size = fs.readSync(fd, head, 0, HEAD_SIZE, 0);
    const text = head.toString('latin1', 0, size);
    return /^-- Server version\s+([0-9]+\.[0-9]+)/m.exec(text)?.[1];
  } finally {
    fs.closeSync(fd);
  }
}

function versionOfData(data: ByteString): string | undefined {
  for (const name of ['mariadb_upgrade_info', 'mysql_upgrade_info']) {
    const file = fsPath(byteString(`${data}/${name}`));
    if (!fs.existsSync(file)) continue;
    return /^([0-9]+\.[0-9]+)/.exec(fs.readFileSync(file, 'latin1'))?.[1];
  }
  return undefined;
}

/** Tables kept elsewhere are named by absolute paths: the private server would write into live ones. */
function linkOutOf(data: ByteString, reach: Reach): string | undefined {
  const [link] = giveTree(data, reach.account).links;
  if (link !== undefined) {
    return `${sayName(byteString(link.path.slice(data.length + 1)))} leads out of the directory`;
  }
  for (const dir of fs.readdirSync(fsPath(data), { withFileTypes: true, encoding: 'buffer' })) {
    if (!dir.isDirectory()) continue;
    const below = byteString(`${data}/${dir.name.toString('latin1')}`);
    const remote = fs.readdirSync(fsPath(below)).find((name) => name.endsWith('.isl'));
    if (remote !== undefined) return `the table of ${sayText(remote)} lies in another directory`;
  }
  return logLeadsOut(data);
}

const PIECE = 1024 * 1024;
/** A name in the log that is no path below the data directory, which begin with `./`. */
const ABSOLUTE = /[^\x20-\x7e]\/[\x20-\x7e]{1,500}\.ibd/;

/** Recovery opens the tables that the log names, wherever they are. */
function logLeadsOut(data: ByteString): string | undefined {
  const file = fsPath(byteString(`${data}/ib_logfile0`));
  if (!fs.existsSync(file)) return undefined;
  const fd = fs.openSync(file, 'r');
  const piece = Buffer.alloc(PIECE);
  try {
    let before = '';
    for (let at = 0; ; at += PIECE) {
      const size = fs.readSync(fd, piece, 0, PIECE, at);
      if (size === 0) return undefined;
      const text = before + piece.toString('latin1', 0, size);
      if (ABSOLUTE.test(text)) return 'its log names tables in other directories';
      before = text.slice(-600);
    }
  } finally {
    fs.closeSync(fd);
  }
}

interface Server {
  readonly reach: Reach;
  readonly data: ByteString;
  readonly scratch: ByteString;
  readonly limitMs: number;
}

async function install({ reach, data, scratch, limitMs }: Server): Promise<string | undefined> {
  fs.mkdirSync(fsPath(data), { mode: 0o700 });
  const temporary = byteString(`${scratch}/t`);
  fs.mkdirSync(fsPath(temporary), { mode: 0o700 });
  giveTree(scratch, reach.account);
  const made = await runProgram(
    reach.command(
      firstThere(['mariadb-install-db', 'mysql_install_db']),
      [
        ...['--no-defaults', `--datadir=${reach.pathOf(data)}`, '--skip-test-db'],
        ...[`--tmpdir=${reach.pathOf(temporary)}`, '--auth-root-authentication-method=normal'],
      ],
      { limitMs },
    ),
  );
  return made.isOk ? undefined : `no data directory could be made: ${whyOf(made)}`;
}

async function load(of: Server, dump: ByteString): Promise<EngineShown | undefined> {
  const server = await PrivateMariadb.start(of);
  if (typeof server === 'string') return unknown(`an empty server: ${server}`);
  const inputFd = fs.openSync(fsPath(dump), 'r');
  try {
    const args = ['--binary-mode', '--default-character-set=utf8mb4'];
    const loaded = await server.run(['mariadb', 'mysql'], args, { inputFd });
    if (loaded.isOk) return undefined;
    const why = `the dump cannot be loaded: ${whyOf(loaded)}`;
    return OF_THIS_HOST.test(why) ? unknown(why) : { ok: false, why };
  } finally {
    fs.closeSync(inputFd);
    await server.stop();
  }
}

/** Says more of this host than of the restore. */
const OF_THIS_HOST =
  /Unknown (?:storage engine|collation|character set)|[Pp]lugin|No space left|Errcode: 28|page size|did not answer within|not ready within|could not be started/;

/** The accounts are restored ones by now: nobody is asked who he is. */
async function check(of: Server, did: string): Promise<EngineShown> {
  const server = await PrivateMariadb.start(of, ['--skip-grant-tables']);
  if (typeof server === 'string') {
    const why = `mariadb ${server}`;
    return OF_THIS_HOST.test(why) ? unknown(why) : { ok: false, why };
  }
  try {
    const args = ['--all-databases', '--check', '--extended'];
    const checked = await server.run(['mariadb-check', 'mysqlcheck'], args);
    const lines = checked.stdout.split('\n').filter((line) => line.trim() !== '');
    const bad = lines.find((line) => /^(?:error|Error)\s*:/.test(line.trim()));
    if (bad !== undefined) {
      const table = lines[lines.indexOf(bad) - 1] ?? '';
      return { ok: false, why: sayText(`CHECK TABLE: ${table.trim()}: ${bad.trim()}`) };
    }
    if (!checked.isOk) return { ok: false, why: `mariadb-check ${whyOf(checked)}` };
    const tables = lines.filter((line) => /\sOK$/.test(line)).length;
    return { ok: true, said: `${did}, ${countOf(tables, 'table')} checked` };
  } finally {
    await server.stop();
  }
}
