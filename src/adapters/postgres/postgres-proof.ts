/**
 * PostgreSQL started on what was restored: a data directory (of a base backup, of a moment, or
 * torn), or the tar of a base backup. It recovers, and then everything in it is read.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { sayName } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { EngineProof, EngineShown } from '../../host/engine-proof.ts';
import { engineAccount } from '../engines/account.ts';
import { runProgram, whyOf } from '../engines/program.ts';
import { giveTree, type Reach, reachFor } from '../engines/reach.ts';
import { noRoom, textPath } from '../engines/scratch.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { installedPg, type PgPrograms } from './pg-programs.ts';
import { type PrivateCluster, PrivatePostgres } from './private-postgres.ts';
import { type ReadAll, readAll } from './read-all.ts';

export interface PostgresProofOptions {
  /** Where the drill restored to: what is proven lies in it, or is it. */
  readonly within: ByteString;
  /** Where something that lay at an absolute path was restored to; undefined where it was not. */
  readonly locate: (live: ByteString) => ByteString | undefined;
  /** `--min-free`, in bytes. */
  readonly minFree: number | undefined;
  /** For the start and for each program that reads. */
  readonly limitMs?: number;
}

const WAL_MS_MAX = 30 * 60_000;
export const PROOF_LIMIT_MS = 60 * 60_000;
const unknown = (why: string): EngineShown => ({ ok: undefined, why });

/** A data directory. */
export function postgresProof(options: PostgresProofOptions): EngineProof {
  return {
    engine: 'postgres',
    prove: async (restored, scratch) => {
      const prepared = await prepare([options.within, scratch], versionIn(restored));
      if ('ok' in prepared) return prepared;
      return start({ ...prepared, options, data: restored, scratch });
    },
  };
}

/** A directory with `base.tar`, as `pg_basebackup --format=tar` makes it. */
export function postgresTarProof(options: PostgresProofOptions): EngineProof {
  return {
    engine: 'postgres',
    prove: async (restored, scratch) => {
      const { size } = fs.statSync(fsPath(byteString(`${restored}/base.tar`)));
      const against = noRoom({ parent: scratch, minFree: options.minFree, bytes: size });
      if (against !== undefined) return unknown(against);
      const data = byteString(`${scratch}/data`);
      fs.mkdirSync(fsPath(data), { mode: 0o700 });
      const unpacked = await runProgram({
        program: 'tar',
        args: ['--extract', '--no-same-owner', '--file', `${textPath(restored)}/base.tar`],
        cwd: textPath(data),
        limitMs: options.limitMs ?? PROOF_LIMIT_MS,
      });
      if (unpacked.isMissing) return unknown('tar is not installed here');
      if (!unpacked.isOk) return { ok: false, why: `base.tar is no tar: ${whyOf(unpacked)}` };
      const prepared = await prepare([options.within, scratch], versionIn(data));
      if ('ok' in prepared) return prepared;
      giveTree(data, prepared.reach.account);
      const verified = await verify(prepared, { data, limitMs: options.limitMs });
      return verified ?? start({ ...prepared, options, data, scratch });
    },
  };
}

interface Prepared {
  readonly programs: PgPrograms;
  readonly reach: Reach;
}

/** Programs of that version and an account to run them as; else why it cannot be tried. */
export async function prepare(
  dirs: readonly ByteString[],
  major: number | undefined,
): Promise<Prepared | EngineShown> {
  if (major === undefined) return { ok: false, why: 'it has no PG_VERSION' };
  const programs = installedPg('postgres').find((each) => each.major === major);
  if (programs === undefined) {
    return unknown(`PostgreSQL ${major} is not installed here (package postgresql-${major})`);
  }
  const account = engineAccount();
  if (account === undefined) return unknown('there is no account without rights to run it as');
  const reach = await reachFor(dirs, account);
  return typeof reach === 'string' ? unknown(reach) : { programs, reach };
}

function versionIn(data: ByteString): number | undefined {
  const file = fsPath(byteString(`${data}/PG_VERSION`));
  if (!fs.existsSync(file)) return undefined;
  const major = Number(fs.readFileSync(file, 'latin1').trim());
  return Number.isInteger(major) && major > 0 ? major : undefined;
}

/** Every file against the digests the server made when it was backed up, and the WAL that it needs. */
async function verify(
  { programs, reach }: Prepared,
  of: { readonly data: ByteString; readonly limitMs: number | undefined },
): Promise<EngineShown | undefined> {
  const { data, limitMs = PROOF_LIMIT_MS } = of;
  const program = path.join(programs.bin, 'pg_verifybackup');
  if (!fs.existsSync(program)) return undefined;
  if (!fs.existsSync(fsPath(byteString(`${data}/backup_manifest`)))) return undefined;
  const args = ['--exit-on-error', reach.pathOf(data)];
  const ended = await runProgram(reach.command(program, args, { limitMs }));
  return ended.isOk ? undefined : { ok: false, why: `pg_verifybackup ${whyOf(ended)}` };
}

interface Start extends Prepared {
  readonly options: PostgresProofOptions;
  readonly data: ByteString;
  readonly scratch: ByteString;
}

async function start(of: Start): Promise<EngineShown> {
  const { programs, reach, options, data, scratch } = of;
  const { limitMs = PROOF_LIMIT_MS } = options;
  const against = bringLinksIn(of) ?? (await tablespacesMade(of));
  if (against !== undefined) return against;
  giveTree(scratch, reach.account);
  const cluster = { reach, programs, data, scratch, limitMs };
  const read = await readBy(cluster, 'postgres');
  if (read !== undefined) return shownBy(read, programs);
  const role = await PrivatePostgres.superuserOf(cluster);
  const again = role === undefined ? undefined : await readBy(cluster, role);
  return again === undefined
    ? unknown('it has no role that may read all')
    : shownBy(again, programs);
}

/** Undefined where there is no such role. */
async function readBy(
  cluster: PrivateCluster,
  role: string,
): Promise<ReadAll | string | undefined> {
  const server = await PrivatePostgres.start(cluster);
  if (typeof server === 'string') return `postgres ${cluster.programs.major} ${server}`;
  try {
    return await readAll(server, role);
  } finally {
    await server.stop();
  }
}

function shownBy(read: ReadAll | string, { major }: PgPrograms): EngineShown {
  if (typeof read === 'string') return judged(read);
  const databases = countOf(read.databases, 'database');
  const checked = read.isChecked ? ' and checked by amcheck' : '';
  const version = read.version === '' ? String(major) : read.version;
  return { ok: true, said: `postgres ${version} started on it, ${databases} read${checked}` };
}

/**
 * A log that makes a tablespace makes it where the live one lies, whatever the link says by now.
 * Found by a test, after which the live directory had other files in it.
 */
async function tablespacesMade({ programs, reach, data }: Start): Promise<EngineShown | undefined> {
  const run = (program: string, args: readonly string[]) =>
    runProgram(reach.command(path.join(programs.bin, program), args, { limitMs: WAL_MS_MAX }));
  const control = await run('pg_controldata', [reach.pathOf(data)]);
  const label = fsPath(byteString(`${data}/backup_label`));
  const from = fs.existsSync(label)
    ? /^START WAL LOCATION: ([0-9A-F]+\/[0-9A-F]+)/m.exec(fs.readFileSync(label, 'latin1'))
    : /REDO location:\s+([0-9A-F]+\/[0-9A-F]+)/.exec(control.stdout);
  const timeline = /Latest checkpoint's TimeLineID:\s+([0-9]+)/.exec(control.stdout);
  if (from?.[1] === undefined || timeline?.[1] === undefined) {
    return { ok: false, why: `its control file cannot be read: ${whyOf(control)}` };
  }
  const wal = `${reach.pathOf(data)}/pg_wal`;
  const where = [`--path=${wal}`, `--start=${from[1]}`, `--timeline=${timeline[1]}`];
  // At the end of the log it always complains.
  const dumped = await run('pg_waldump', [...where, '--rmgr=Tablespace']);
  if (dumped.isMissing) return unknown('pg_waldump is not installed here');
  if (!/\bCREATE\b/.test(dumped.stdout)) return undefined;
  return unknown('its log makes a tablespace where that of the live server lies: capture it again');
}

/**
 * Tablespaces and WAL elsewhere are links to absolute paths: followed as they are, the private
 * server would write into the live cluster. Each is led to what was restored of it, or nothing starts.
 */
function bringLinksIn({ options, reach, data }: Start): EngineShown | undefined {
  for (const { path: link, target } of giveTree(data, reach.account).links) {
    const inside = link.slice(data.length + 1);
    const restored = target.startsWith('/') ? options.locate(target) : undefined;
    if (restored === undefined || !fs.existsSync(fsPath(restored))) {
      return unknown(
        `${sayName(byteString(inside))} leads to ${sayName(target)}, which is not in this snapshot`,
      );
    }
    giveTree(restored, reach.account);
    fs.unlinkSync(fsPath(link));
    fs.symlinkSync(reach.pathOf(restored), fsPath(link));
  }
  return undefined;
}

/** What says more of this host than of the restore. */
const OF_THIS_HOST =
  /database files are incompatible|was initialized with|incompatible with (?:the )?operating system|\$libdir|could not load library|extension control file|could not map|No space left|Cannot allocate|not ready within|did not answer within|could not be started|locale name/i;

export function judged(why: string): EngineShown {
  return OF_THIS_HOST.test(why) ? unknown(why) : { ok: false, why };
}
