/**
 * Which file a state was made in: a copy that was brought back holds the same bytes, and what was put
 * out since it was made is in again with it. Nothing else tells the two apart.
 */
import { statSync } from 'node:fs';
import type { Kysely } from 'kysely';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

const INODE = 'home-inode';
const BORN = 'home-born-us';
/** What a number of JavaScript and a `bigint` column both hold exactly. */
const EXACT = 2n ** 53n;

/** Its birth is 0 where the file system does not tell. */
function homeOf(path: string): { readonly inode: number; readonly bornUs: number } | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined; // A database that is no file.
  return { inode: Number(stat.ino % EXACT), bornUs: Number((stat.birthtimeNs / 1000n) % EXACT) };
}

/** `unsettled`: one that is new, that an older Holdfast made, or that is no file. */
export type Home = 'here' | 'elsewhere' | 'unsettled';

export async function readHome(db: Db, path: string): Promise<Home> {
  const here = homeOf(path);
  const rows = await db
    .selectFrom('server_counter')
    .selectAll()
    .where('name', 'in', [INODE, BORN])
    .execute();
  const noted = new Map(rows.map(({ name, value }) => [name, Number(value)]));
  const inode = noted.get(INODE);
  if (here === undefined || inode === undefined) return 'unsettled';
  const bornUs = noted.get(BORN) ?? 0;
  // Numbers of files are given again; the moment of their making is not.
  const isBorn = bornUs === 0 || here.bornUs === 0 || bornUs === here.bornUs;
  return inode === here.inode && isBorn ? 'here' : 'elsewhere';
}

export async function settle(tx: Db, path: string): Promise<void> {
  const here = homeOf(path);
  if (here === undefined) return;
  await tx.deleteFrom('server_counter').where('name', 'in', [INODE, BORN]).execute();
  await tx
    .insertInto('server_counter')
    .values([
      { name: INODE, value: here.inode },
      { name: BORN, value: here.bornUs },
    ])
    .execute();
}
