import { hexOf, parseDigest } from '../../base/bytes.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';

/** What a run of the collector puts down, in this order. docs/design/044-collection.md */
export type CollectionKind = 'marks' | 'trash' | 'fate';

export interface CollectionRecord {
  readonly kind: CollectionKind;
  readonly vault: string;
  readonly generation: number;
  /** Of the collector's clock: for people, and for how long something waits; no safety. */
  readonly time: UnixMs;
  /** Of a fate; `void`: nothing is ever deleted by this run, and `packs` is empty. */
  readonly decision?: 'sweep' | 'void';
  /** 64 hex digits each, ascending. */
  readonly packs: readonly string[];
}

/** A pack takes 67 bytes; this many are 128 TiB of full packs. */
const PACKS_MAX = 4_194_304;
const NAME = /^collect\/([0-9]{10})-(marks|trash|fate)$/;

export function collectionName(of: Pick<CollectionRecord, 'generation' | 'kind'>): string {
  return `collect/${String(of.generation).padStart(10, '0')}-${of.kind}`;
}

/** Undefined for what has another form. */
export function parseCollectionName(
  name: string,
): Pick<CollectionRecord, 'generation' | 'kind'> | undefined {
  const [, generation, kind] = NAME.exec(name) ?? [];
  if (kind !== 'marks' && kind !== 'trash' && kind !== 'fate') return undefined;
  return { generation: Number(generation), kind };
}

export function encodeCollectionRecord(tools: Tools, record: CollectionRecord): Uint8Array {
  const { kind, vault, generation, time, decision, packs } = record;
  const head = canonicalBytes(tools.codec, {
    holdfast: kind,
    format: 0,
    vault,
    generation,
    time: isoTimeOf(time),
    ...(decision === undefined ? {} : { decision }),
    packs,
  });
  return withLast(tools.codec, head, ['sha256', hexOf(tools.hash.sha256(head))]);
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseCollectionRecord(
  tools: Tools,
  name: string,
  bytes: Uint8Array,
): CollectionRecord {
  const named = parseCollectionName(name);
  demand(named !== undefined, name, 'it is no name of this kind');
  const { kind, generation } = named;
  const { head, fields, last } = splitLine(tools.codec, bytes, { what: name, name: 'sha256' });
  demand(last === hexOf(tools.hash.sha256(head)), name, 'it has not its digest');
  demandFormat(fields);
  demand(fields.is('holdfast', kind), name, 'it is something else');
  demand(fields.is('generation', generation), name, 'it is of another run');
  const packs = fields.texts('packs');
  demand(packs.length <= PACKS_MAX, name, 'it names too many packs');
  for (const pack of packs) demand(parseDigest(pack) !== undefined, name, 'a pack has no name');
  const record = { kind, vault: fields.hex('vault', 32), generation, time: fields.time('time') };
  if (kind !== 'fate') return { ...record, packs };
  const isVoid = fields.is('decision', 'void');
  demand(isVoid || fields.is('decision', 'sweep'), name, 'its decision is not known');
  demand(!isVoid || packs.length === 0, name, 'it is void and names packs');
  return { ...record, decision: isVoid ? 'void' : 'sweep', packs };
}
