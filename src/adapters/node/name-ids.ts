import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';

/** Ids come from a directory service in the worst case; it may be down. */
const LOOKUP_MS = 2000;

/** Numeric ids of names: the local file first, then whatever the host asks, once each. */
export class NameIds {
  readonly #database: 'passwd' | 'group';
  #ids: Map<string, number | undefined> | undefined;

  constructor(database: 'passwd' | 'group') {
    this.#database = database;
  }

  of(name: ByteString): number | undefined {
    this.#ids ??= idsIn(`/etc/${this.#database}`);
    if (!this.#ids.has(name)) this.#ids.set(name, this.#ask(name));
    return this.#ids.get(name);
  }

  #ask(name: ByteString): number | undefined {
    // A name of digits would be looked up as an id, one with a dash read as an option.
    if (!/^[^-0-9][^:\n]*$/.test(name)) return undefined;
    const text = Buffer.from(name, 'latin1').toString();
    const asked = spawnSync('getent', [this.#database, text], { timeout: LOOKUP_MS });
    const id = asked.status === 0 ? String(asked.stdout).split(':')[2] : undefined;
    return id !== undefined && /^\d+$/.test(id) ? Number(id) : undefined;
  }
}

function idsIn(file: string): Map<string, number | undefined> {
  const ids = new Map<string, number | undefined>();
  if (!fs.existsSync(file)) return ids;
  for (const line of fs.readFileSync(file, 'latin1').split('\n')) {
    const [name, , id] = line.split(':');
    const isEntry = name !== undefined && name !== '' && id !== undefined && /^\d+$/.test(id);
    if (isEntry && !ids.has(name)) ids.set(name, Number(id));
  }
  return ids;
}
