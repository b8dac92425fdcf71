/** Whose runs a grant opens, so far as snapshots say it. */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatCount } from '../../base/say-quantity.ts';
import type { OpenedDataKey } from '../../vault/core/restore-grant.ts';
import { NAMES } from '../../vault/core/object-id.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import { type ListedSnapshot, readSnapshotContent } from '../../vault/shell/snapshot-store.ts';

export interface GrantHosts {
  /** Of the runs whose names open, sorted. */
  readonly names: readonly string[];
  /** Runs whose names open and whose snapshot is not there any more. */
  readonly unknown: number;
  /** All that have a snapshot in the vault: of any of them may the runs be whose content opens. */
  readonly all: readonly string[];
}

/** The data key for names of a run seals its snapshot too; that for content stands in no snapshot. */
export function hostsOfKeys(
  vault: Vault,
  snapshots: readonly ListedSnapshot[],
  keys: readonly OpenedDataKey[],
): GrantHosts {
  const { textOf } = vault.tools.codec;
  const open = new Set(keys.filter(({ scope }) => scope === NAMES).map(({ id }) => textOf(id)));
  const unknown = new Set<ByteString>(open);
  const names = new Set<string>();
  const all = new Set<string>();
  for (const { record } of snapshots) {
    const host = hostOf(vault, record);
    if (host === undefined) continue;
    all.add(host);
    if (!open.has(record.sealedKey.id)) continue;
    names.add(host);
    unknown.delete(record.sealedKey.id);
  }
  return { names: [...names].toSorted(), unknown: unknown.size, all: [...all].toSorted() };
}

export function hostWords({ names, unknown, all }: GrantHosts, style: Style): string {
  const [only] = all;
  if (all.length === 1 && only !== undefined && unknown === 0) {
    return `${sayText(only, style)}: no other has a snapshot here`;
  }
  const gone = unknown === 0 ? [] : [`${countOf(unknown, 'run')} without a snapshot`];
  const known = names.length === 0 ? [] : [listed(names, style)];
  return `names of ${[...known, ...gone].join(' and ')}; content of any of ${listed(all, style)}`;
}

const SHOWN_MAX = 10;

function listed(hosts: readonly string[], style: Style): string {
  const shown = hosts.slice(0, SHOWN_MAX).map((host) => sayText(host, style));
  const more = hosts.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${formatCount(more)} more` : '');
}

/** Undefined where it cannot be read: of damage other commands speak. */
function hostOf(vault: Vault, record: ListedSnapshot['record']): string | undefined {
  try {
    return readSnapshotContent(vault, record).host;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
}
