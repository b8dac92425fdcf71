/** Which snapshots a vault forgot and did not take back, by whoever has no key. docs/format/vault.md 10 */
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import { JsonFields } from '../core/json-fields.ts';
import { listOrNothing } from './vault-identity.ts';
import type { Store } from './store.ts';

const ID_DIGITS = 32;

interface Said {
  readonly plan: string;
  readonly ids: readonly string[];
}

/**
 * The first 32 digits of their ids, as the names of snapshots end. Who wrote the plans is not asked: this
 * only says what a copy or a repair leaves out.
 */
export async function forgottenIds(ports: {
  readonly store: Store;
  readonly tools: Tools;
}): Promise<ReadonlySet<string>> {
  const backs = await saidIn(ports, 'putbacks/', (fields) => fields.texts('snapshots'));
  const forgets = await saidIn(ports, 'forgets/', (fields) =>
    fields.objects('snapshots').map((each) => each.text('id')),
  );
  const gone = forgets.flatMap(({ plan, ids }) => {
    const own = new Set(backs.filter((each) => each.plan === plan).flatMap((each) => each.ids));
    return ids.filter((id) => !own.has(id));
  });
  return new Set(gone.map((id) => id.slice(0, ID_DIGITS)));
}

/** Of a snapshot's name. */
export function idInName(name: string): string {
  return name.slice(-ID_DIGITS);
}

async function saidIn(
  { store, tools }: { readonly store: Store; readonly tools: Tools },
  folder: string,
  idsOf: (fields: JsonFields) => readonly string[],
): Promise<readonly Said[]> {
  const said: Said[] = [];
  for (const { name } of await listOrNothing(store, folder)) {
    try {
      const text = tools.codec.textOf(await store.get(name));
      const fields = JsonFields.parse(name, byteString(text).trimEnd());
      said.push({ plan: fields.text('plan'), ids: idsOf(fields) });
    } catch (error) {
      if (!(error instanceof Fault)) throw error; // What cannot be read forgot nothing.
    }
  }
  return said;
}
