/** What a host knows of a copy of a vault that it has made: docs/format/vault-copy.md. */
import { type ByteString, hexOf } from '../../base/bytes.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';

export interface CopyRecord {
  /** Id of the vault. */
  readonly vault: string;
  /** As it can be given again: a path, or an address. */
  readonly place: ByteString;
  /** Of the machine there, where it could be seen; empty where not, and of a directory. */
  readonly machine: string;
  /** Which directory of that machine it is, where it told. */
  readonly directory?: string;
  /** Whether a Holdfast there answered: such a machine can read the vault. */
  readonly hasReader: boolean;
  /** When the last run began that brought all; undefined where none has yet. */
  readonly completeAt: UnixMs | undefined;
  /** Of the snapshots that the place holds with all they need, the first 32 hex digits of the id. */
  readonly snapshots: readonly string[];
}

const WHAT = 'record of a copy';
const SNAPSHOT_ID = /^[0-9a-f]{32}$/;

export function encodeCopyRecord(tools: Tools, record: CopyRecord): Uint8Array {
  const { vault, place, machine, directory, hasReader, completeAt, snapshots } = record;
  const head = canonicalBytes(tools.codec, {
    holdfast: 'copy',
    format: 0,
    vault,
    place: tools.codec.base64Of(tools.codec.bytesOf(place)),
    machine,
    ...(directory === undefined ? {} : { directory }),
    reader: hasReader ? 'holdfast' : '',
    completeAt: completeAt === undefined ? '' : isoTimeOf(completeAt),
    snapshots,
  });
  return withLast(tools.codec, head, ['sha256', hexOf(tools.hash.sha256(head))]);
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseCopyRecord(tools: Tools, bytes: Uint8Array): CopyRecord {
  const { head, fields, last } = splitLine(tools.codec, bytes, { what: WHAT, name: 'sha256' });
  demand(last === hexOf(tools.hash.sha256(head)), WHAT, 'it has not its digest');
  demand(fields.is('holdfast', 'copy'), WHAT, 'it is of something else');
  demandFormat(fields);
  const snapshots = fields.texts('snapshots');
  demand(
    snapshots.every((id) => SNAPSHOT_ID.test(id)),
    WHAT,
    'a snapshot is no id',
  );
  return {
    vault: fields.hex('vault', 32),
    place: tools.codec.textOf(fields.bytes('place', tools.codec)),
    machine: fields.text('machine'),
    ...(fields.has('directory') ? { directory: fields.text('directory') } : {}),
    hasReader: fields.is('reader', 'holdfast'),
    completeAt: fields.is('completeAt', '') ? undefined : fields.time('completeAt'),
    snapshots,
  };
}
