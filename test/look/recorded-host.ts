/** A host as a look hears it, made of what was recorded elsewhere: records of docs/format/look.md. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readSight } from '../../src/adapters/look/read-sight.ts';
import { unixMs } from '../../src/base/units.ts';
import type { HostSight } from '../../src/watch/core/look/host-sight.ts';

const FOLDER = path.join(import.meta.dirname, 'recorded');

/** Fri 20 Nov 2026, 17:20 UTC. */
const NOW = 1_795_195_200;

export function recorded(name: string): string {
  return readFileSync(path.join(FOLDER, name), 'latin1');
}

export interface RecordedHost {
  /** Texts by the path of the file that they are of. */
  readonly files?: Readonly<Record<string, string>>;
  /** Texts by the name of the command that printed them. */
  readonly printed?: Readonly<Record<string, string>>;
}

export async function sightOf({ files = {}, printed = {} }: RecordedHost): Promise<HostSight> {
  const records: readonly (readonly unknown[])[] = [
    ['look', 1, NOW, 0, 'root'],
    ...Object.entries(files).map(([name, text]) => ['file', name, text, 0]),
    ...Object.entries(printed).map(([name, text]) => ['run', name, 0, text]),
    ['end', 1, ''],
  ];
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(lines, 'latin1');
  }
  const at = unixMs(NOW * 1000);
  return await readSight(stream(), {
    ...{ host: 'h', asRoot: 'holdfast look root@h' },
    ...{ askedAt: at, answeredAt: at },
  });
}

/** What `mount` printed, as the kernel's own table has it. */
export function asMountTable(text: string): string {
  return text.replaceAll(/^(\S+) on (\S+) type (\S+) \((.*)\)$/gm, '$1 $2 $3 $4 0 0');
}
