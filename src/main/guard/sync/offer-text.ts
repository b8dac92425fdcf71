/** OFFER of docs/format/sync-stdio.md: what the near side says, and what the far side takes of it. */
import { byteString, type Digest, hexOf, parseDigest } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import {
  flagAt,
  listAt,
  maybe,
  memberAt,
  objectOf,
  type Raw,
  textAt,
  textsAt,
} from '../../../guard/core/plan-fields.ts';
import { actorOf, sourceOf } from '../../../guard/core/plan-header.ts';
import { base64OfText, textOfBase64 } from '../../../manifest/core/base64.ts';
import type { SyncOffer, SyncOptions } from './sync-offer.ts';

export interface OfferSaid
  extends Omit<SyncOffer, 'crew' | 'onFile' | 'options' | 'reader' | 'wanted'> {
  readonly root: Digest;
  readonly isEdited: boolean;
  /** The near side can tell a chunk by another. */
  readonly tellsChunks: boolean;
  readonly options: SyncOptions & { readonly wantsOps: boolean };
}

const RULES_MAX = 1000;
const TEXT_MAX = 4096;

export function offerText(offer: OfferSaid): string {
  const { root, source, actor, reason, pipeline, isNamed, isEnrolled, sighting, from } = offer;
  const { excludes, options, isEdited, tellsChunks } = offer;
  return JSON.stringify({
    ...{ root: hexOf(root), source, actor, reason, pipeline, isNamed, isEnrolled, sighting },
    ...{ fromHosts: from.hosts, excludes, options, isEdited, tellsChunks },
    ...(from.path === undefined ? {} : { fromPath: base64OfText(from.path) }),
  });
}

/** @throws Fault HF_SYNC_PROTOCOL */
export function parseOffer(text: string): OfferSaid {
  try {
    return offerOf(objectOf(text, 'an offer'));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const facts = { host: 'the other side' };
    throw new Fault('HF_SYNC_PROTOCOL', 'an offer is not sound', facts, { cause: error });
  }
}

function offerOf(raw: Raw): OfferSaid {
  const root = parseDigest(textAt(raw, 'root'));
  if (root === undefined) throw new Fault('HF_SYNC_PROTOCOL', 'root is no digest', { host: '' });
  const options = memberAt(raw, 'options');
  const excludes = short(textsAt(raw, 'excludes'));
  return {
    root,
    source: sourceOf(memberAt(raw, 'source')),
    actor: actorOf(memberAt(raw, 'actor')),
    ...maybe(raw, 'reason', textAt),
    pipeline: short([textAt(raw, 'pipeline')])[0] ?? '',
    isNamed: flagAt(raw, 'isNamed'),
    isEnrolled: flagAt(raw, 'isEnrolled'),
    ...(raw.sighting === undefined ? {} : { sighting: sightingOf(memberAt(raw, 'sighting')) }),
    from: { hosts: short(textsAt(raw, 'fromHosts')), ...pathOf(raw) },
    excludes,
    options: {
      readAll: flagAt(options, 'readAll'),
      allOrNothing: flagAt(options, 'allOrNothing'),
      dryRun: flagAt(options, 'dryRun'),
      wantsOps: flagAt(options, 'wantsOps'),
    },
    isEdited: flagAt(raw, 'isEdited'),
    // Older ones do not say it.
    tellsChunks: raw.tellsChunks === true,
  };
}

function sightingOf(raw: Raw): NonNullable<OfferSaid['sighting']> {
  const [machine, mount] = [textAt(raw, 'machine'), textAt(raw, 'mount')];
  return { machine, mount, identity: textAt(raw, 'identity') };
}

function pathOf(raw: Raw): Pick<OfferSaid['from'], 'path'> {
  if (raw.fromPath === undefined) return {};
  const path = textOfBase64(textAt(raw, 'fromPath'));
  return path === undefined ? {} : { path: byteString(path) };
}

function short(texts: readonly string[]): readonly string[] {
  const isSound = texts.length <= RULES_MAX && texts.every((text) => text.length <= TEXT_MAX);
  if (!isSound) throw new Fault('HF_SYNC_PROTOCOL', 'an offer is too long', { host: '' });
  return texts;
}

/** Of a list of pairs of texts. */
export function leftOf(raw: Raw): readonly { readonly path: string; readonly why: string }[] {
  return listAt(raw, 'left').map((pair) => {
    const [path, why] = Array.isArray(pair) ? (pair as unknown[]) : [];
    return { path: String(path).slice(0, TEXT_MAX), why: String(why).slice(0, TEXT_MAX) };
  });
}
