/** How the data of a snapshot was held still, what was run around it, and what it is part of. */
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import { timeJson } from './json-shape.ts';

type Frozen = Pick<SnapshotContent, 'frozen'>['frozen'];

/** `btrfs, crash-consistent`, `pg_dump`. */
export function frozenWords(frozen: NonNullable<Frozen>, style: Style): string {
  const method = sayText(frozen.method, style);
  return frozen.guarantee === 'consistent'
    ? `${method}, consistent`
    : `${method}, crash-consistent`;
}

/** Members are absent where there is nothing to say, as in the snapshot. */
export function frozenJson(of: {
  readonly frozen?: SnapshotContent['frozen'] | undefined;
  readonly hooks?: SnapshotContent['hooks'] | undefined;
  readonly service?: SnapshotContent['service'] | undefined;
}): object {
  const { frozen, hooks = [], service } = of;
  return {
    ...(frozen === undefined ? {} : { frozen: { ...frozen, at: timeJson(frozen.at) } }),
    ...(hooks.length === 0 ? {} : { hooks }),
    ...(service === undefined ? {} : { service }),
  };
}
