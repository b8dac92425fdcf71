/** What `SET PERSIST` of MySQL has written beside the data: it counts over every file of options. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { joinPath, type World } from './world.ts';

const NAME = byteString('mysqld-auto.cnf');
/** Always there: of a directory in which it is listed all names are. A look over ssh lists none of it. */
const MYSQL_OWN = 'auto.cnf';
const MARIADB_OWN = 'aria_log_control';
const DEPTH_MAX = 4;

/** Undefined where it was not read, or cannot be; MariaDB has none. */
export function persistedSettings(
  world: World,
  path: ByteString,
  program: string | undefined,
): ReadonlyMap<string, string> | undefined {
  const text = world.read(joinPath(path, NAME));
  if (text !== undefined) return settingsIn(text);
  if (program === 'mariadbd') return new Map();
  const names = world.list(path)?.map(({ name }) => String(name)) ?? [];
  const isAbsent = [MYSQL_OWN, MARIADB_OWN].some((own) => names.includes(own));
  return isAbsent && !names.includes(NAME) ? new Map() : undefined;
}

/** Its two versions put variables into other groups, and name and value alike. */
function settingsIn(text: string): ReadonlyMap<string, string> | undefined {
  const settings = new Map<string, string>();
  if (text.trim() === '') return settings;
  try {
    return gather(JSON.parse(text), settings, 0) ? settings : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function gather(of: unknown, settings: Map<string, string>, depth: number): boolean {
  if (typeof of !== 'object' || of === null || depth > DEPTH_MAX) return false;
  for (const [name, each] of Object.entries(of)) {
    if (typeof each !== 'object' || each === null) continue;
    if ('Value' in each && typeof each.Value === 'string') settings.set(name, each.Value);
    else if (!gather(each, settings, depth + 1)) return false;
  }
  return true;
}
