import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import { corrupt } from '../core/corruption.ts';
import type { Keyring } from '../core/keyring.ts';
import { type KeyringScope, limitedTo, randomHex, scopeOf } from '../core/keyring.ts';
import type { ScryptCost, Secret, WrappedKey } from '../core/wrapped-key.ts';
import { parseWrappedKey, unwrapKey, WRAPPED_KEY_SIZE_MAX, wrapKey } from '../core/wrapped-key.ts';
import { inParallel } from './in-parallel.ts';
import { COPY, listTwins, readTwins } from './twin-objects.ts';
import type { ReadingPorts, VaultPorts } from './vault-ports.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';

const PREFIX = 'keys/';
/** Whoever may add objects may add such as look like keys: ours are found among them. */
const KEYS_MAX = 65_536;
const LABEL_LENGTH_MAX = 200;

/** One way to open the vault. */
export interface KeyInfo {
  readonly id: string;
  readonly label: string;
  readonly created: UnixMs;
  readonly kind: Secret['kind'];
  readonly scope: KeyringScope;
}

interface FoundKey extends KeyInfo {
  /** More than one where the two places hold different bytes and both could be read. */
  readonly wrapped: readonly WrappedKey[];
}

interface FoundKeys {
  readonly keys: readonly FoundKey[];
  readonly problems: readonly VaultProblem[];
}

/** Every key of the vault. @param vault its id; undefined where no header could be read */
export async function listKeys(ports: ReadingPorts, vault: string | undefined): Promise<FoundKeys> {
  const keys: FoundKey[] = [];
  const listed = await listTwins(ports.store, PREFIX);
  const problems: VaultProblem[] = [...listed.problems];
  const ids = listed.names.slice(0, KEYS_MAX);
  const read = await inParallel(ids, (id) => {
    const name = PREFIX + id;
    return readTwins({
      store: ports.store,
      name,
      sizeMax: WRAPPED_KEY_SIZE_MAX,
      parse: (bytes) => {
        const key = parseWrappedKey(ports.tools, bytes);
        if (key.id !== id) throw corrupt(name, 'it is the key of another name');
        return key;
      },
    });
  });
  for (const [at, twins] of read.entries()) {
    const id = ids[at] ?? '';
    problems.push(...twins.problems);
    const wrapped = twins.found.filter((key) => vault === undefined || key.vault === vault);
    if (wrapped.length < twins.found.length) problems.push(leftover(PREFIX + id));
    const [key] = wrapped;
    if (key === undefined) continue;
    const { label, created, kind, scope } = key;
    keys.push({ id, label, created, kind, scope, wrapped });
  }
  return { keys, problems };
}

export interface OpenedKeyring {
  readonly keyring: Keyring;
  readonly key: KeyInfo;
  readonly problems: readonly VaultProblem[];
}

/**
 * @param options.vault id of the vault; undefined where no header could be read
 * @throws Fault HF_KEY_REFUSED, HF_KEY_ABSENT
 */
export async function openKeyring(
  ports: ReadingPorts,
  options: { readonly vault: string | undefined; readonly secret: Secret },
): Promise<OpenedKeyring> {
  const { secret } = options;
  const { keys, problems: found } = await listKeys(ports, options.vault);
  const problems = [...found];
  // Each passphrase tried costs time and memory, by what its wrapping says: the cheap ones first.
  const fitting = keys
    .filter((key) => key.kind === secret.kind)
    .sort((one, other) => costOf(one) - costOf(other));
  for (const key of fitting) {
    for (const wrapped of key.wrapped) {
      try {
        const keyring = unwrapKey(ports.tools, wrapped, secret);
        if (keyring !== undefined) return { keyring, key, problems };
      } catch (error) {
        problems.push(problemOf(PREFIX + key.id, error));
      }
    }
  }
  if (keys.length === 0) {
    throw new Fault('HF_KEY_ABSENT', 'no key of this vault could be read');
  }
  const word = secret.kind === 'file' ? 'key file' : 'passphrase';
  const count = `it has ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}`;
  const message =
    fitting.length === 0
      ? `this vault is opened by no ${word} (${count} of another sort)`
      : `this ${word} does not open the vault`;
  throw new Fault('HF_KEY_REFUSED', message);
}

function costOf({ wrapped }: FoundKey): number {
  const costs = wrapped.map(({ cost }) => (cost === undefined ? 0 : cost.n * cost.r * cost.p));
  return costs.reduce((sum, each) => sum + each, 0);
}

export interface AddKey {
  readonly keyring: Keyring;
  readonly secret: Secret;
  /** For people: whose, or where it is kept. At most 200 characters. */
  readonly label: string;
  /** What it is for; all that the keyring is for, unless it is said. */
  readonly scope?: KeyringScope;
  readonly cost?: ScryptCost;
}

/** Wraps the keyring, or what its scope needs of it, for one more secret. Durable in both places when it resolves. */
export async function addKey(ports: VaultPorts, options: AddKey): Promise<KeyInfo> {
  const { secret } = options;
  const { tools, store } = ports;
  const keyring = limitedTo(options.keyring, options.scope ?? 'all');
  const label = options.label.slice(0, LABEL_LENGTH_MAX);
  const key: KeyInfo = {
    id: randomHex(tools, 8),
    label,
    created: ports.clock.now(),
    kind: secret.kind,
    scope: scopeOf(keyring),
  };
  const bytes = wrapKey(tools, {
    ...key,
    keyring,
    secret,
    ...(options.cost === undefined ? {} : { cost: options.cost }),
  });
  const sha256 = tools.hash.sha256(bytes);
  for (const name of keyObjects(key.id)) await store.putIfAbsent(name, bytes, sha256);
  return key;
}

/** The objects that a key is: retiring it deletes them. */
export function keyObjects(id: string): readonly [string, string] {
  return [COPY + PREFIX + id, PREFIX + id];
}

function leftover(object: string): VaultProblem {
  const why = 'it is of another vault: left by an `init` that did not finish, or put there';
  return { kind: 'foreign', object, why };
}
