/** What a restore of a frozen view would bring, without a vault between: roots written to a folder. */
import * as fs from 'node:fs';
import { byteString } from '../../src/base/bytes.ts';
import type { EnginePorts } from '../../src/adapters/engines/engine-ports.ts';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import type { FrozenSource, FrozenView } from '../../src/host/frozen-source.ts';

export function enginePorts(scratch: string): EnginePorts {
  return { clock: nodeClock(), scratch: byteString(scratch), minFree: 0 };
}

/** Opens, takes everything, closes; also when taking fails. */
export async function takeView(source: FrozenSource, into: string): Promise<FrozenView> {
  const view = await source.open();
  fs.mkdirSync(into);
  try {
    await takeRoots(view, into);
  } finally {
    await view.close();
  }
  return view;
}

export async function takeRoots(view: FrozenView, into: string): Promise<void> {
  for (const root of view.roots) {
    const target = Buffer.from(`${into}/${root.name}`, 'latin1');
    if (!('stream' in root)) {
      fs.cpSync(Buffer.from(root.readPath, 'latin1').toString(), target.toString(), {
        preserveTimestamps: true,
      });
      continue;
    }
    const file = fs.openSync(target, 'wx');
    try {
      for await (const bytes of root.stream) fs.writeSync(file, bytes);
    } finally {
      fs.closeSync(file);
    }
  }
}

/** Names of the roots. */
export const namesOf = (view: FrozenView): string[] => view.roots.map(({ name }) => name);
