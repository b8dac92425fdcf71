/** The far side of a sync: docs/format/sync-stdio.md. What it is told it judges by its own rules. */
import os from 'node:os';
import { type ByteString, byteString, type Digest, hexOf } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { canonicalJson } from '../../../base/canonical-json.ts';
import { headerText } from '../../../guard/core/plan-header.ts';
import { opLine } from '../../../guard/core/plan-lines.ts';
import { objectOf, textAt } from '../../../guard/core/plan-fields.ts';
import { verdictText } from '../../../guard/core/verdict-text.ts';
import { nodePatcher } from '../../../adapters/node/patcher.ts';
import type { Entry, FileEntry } from '../../../manifest/core/entry.ts';
import { base64OfText } from '../../../manifest/core/base64.ts';
import type { LoadPage } from '../../../manifest/core/page-load.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';
import { EditReader } from '../../../recover/core/sync-edits.ts';
import {
  demandSync,
  parseDigestBytes,
  SYNC_KIND,
  SYNC_LINES_MAX,
} from '../../../recover/core/sync-frame.ts';
import { inlineRestoreCrew } from '../../../recover/shell/restore-crew.ts';
import { ManifestLookup } from '../../../recover/shell/manifest-lookup.ts';
import { wantedOf } from '../../../recover/shell/wanted-tree.ts';
import { FarLink, FarObjects, type FarStreams } from '../../../recover/shell/sync-far-link.ts';
import { NAMES } from '../../../vault/core/object-id.ts';
import type { GuardSession } from '../guard-session.ts';
import { VERSION } from '../../version.ts';
import type { SyncEngine } from './apply-sync.ts';
import { type LocalSync, prepareLocal } from './local-sync.ts';
import { type OfferSaid, parseOffer } from './offer-text.ts';
import { isAllHeld } from './sync-act.ts';
import { LEFT, type SyncDone } from './prepared-sync.ts';
import { OldFiles } from './old-files.ts';
import { PageStore } from './page-store.ts';

export const SYNC_GREETING = 'holdfast-sync 0\n';
const OPS_PIECE = 256 * 1024;
const MISSED_MAX = 20;

export interface ServeSync {
  readonly guard: GuardSession;
  readonly streams: FarStreams;
  /** Absolute. */
  readonly target: ByteString;
  readonly engine: Omit<SyncEngine, 'onBatch'>;
}

/** @returns whether it came to its end; a Fault was told to the other side */
export async function serveSyncTarget(of: ServeSync): Promise<'done' | 'failed'> {
  const link = new FarLink(of.streams, of.guard.ports.tools);
  try {
    of.streams.write(new TextEncoder().encode(SYNC_GREETING));
    await new Conversation(of, link).run();
    return 'done';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    tell(link, error);
    return 'failed';
  }
}

function tell(link: FarLink, { code, message, facts }: Fault): void {
  try {
    const said = Object.fromEntries(
      Object.entries(facts).map(([key, fact]) => [key, String(fact)]),
    );
    link.sendText(SYNC_KIND.fault, JSON.stringify({ code, message, facts: said }));
  } catch (error) {
    // Nobody is there to be told; what was done stands in the journal.
    if (!(error instanceof Fault)) throw error;
  }
}

class Conversation {
  readonly #of: ServeSync;
  readonly #link: FarLink;
  readonly #objects: FarObjects;
  readonly #pages: PageStore;
  readonly #olds: OldFiles;

  constructor(of: ServeSync, link: FarLink) {
    const { guard, target } = of;
    this.#of = of;
    this.#link = link;
    this.#pages = new PageStore(guard.ports, guard.guardDir, target);
    this.#olds = new OldFiles(guard.ports, target);
    this.#objects = new FarObjects(link, guard.ports.tools, {
      patcher: nodePatcher(),
      here: this.#olds,
    });
  }

  async run(): Promise<void> {
    const base = this.#pages.base();
    const hello = { software: VERSION, path: base64OfText(this.#of.target), host: os.hostname() };
    const known = base === undefined ? {} : { base: hexOf(base) };
    this.#link.sendText(SYNC_KIND.hello, JSON.stringify({ ...hello, ...known }));
    const offer = parseOffer(utf8Of(this.#link.jsonOf(this.#link.nextOf(SYNC_KIND.offer))));
    this.#olds.tellsChunks = offer.tellsChunks;
    if (offer.isEdited) this.#edit(offer.root, base);
    this.#fetchPages(offer.root);
    const prepared = await this.#prepare(offer);
    this.#tellPlan(prepared, offer);
    await this.#decide(prepared, offer);
  }

  /** Applies what changed since to the pages that are kept. */
  #edit(root: Digest, base: Digest | undefined): void {
    demandSync(base !== undefined, 'edits came, and there is nothing to edit');
    const pages = this.#pages;
    const lookup = new ManifestLookup({ root: base, load: this.#load });
    const onPut = (entry: Entry): void => this.#olds.note(entry, lookup.find(entry.path));
    const emit = (text: ByteString): Digest => pages.put(text);
    const reader = new EditReader({ base, load: this.#load, emit, onPut });
    for (;;) {
      const { kind, rest } = this.#link.next();
      if (kind === SYNC_KIND.edited) break;
      demandSync(kind === SYNC_KIND.edits, 'a message came out of turn');
      reader.add(this.#link.unpacked(rest, SYNC_LINES_MAX));
    }
    demandSync(
      reader.finish().digest === root,
      'the edits do not give the manifest that was offered',
    );
  }

  /** All that are not here, so many at once that the line is full. */
  #fetchPages(root: Digest): void {
    if (this.#pages.load(root) !== undefined) return;
    this.#load(root);
  }

  readonly #load: LoadPage = (digest) => {
    const kept = this.#pages.load(digest);
    if (kept !== undefined) return kept;
    const bytes = this.#objects.read(NAMES, digest);
    const text = this.#of.guard.ports.tools.codec.textOf(bytes);
    this.#pages.put(text);
    this.#expectBelow(text);
    return text;
  };

  /** Its pages are wanted next, in order. */
  #expectBelow(text: ByteString): void {
    const digests = this.#pages.missingBelow(text);
    if (digests.length > 0) this.#objects.expect(NAMES, digests);
  }

  async #prepare(offer: OfferSaid): Promise<LocalSync> {
    const { guard, target, engine } = this.#of;
    const { tree, source, tools } = guard.ports;
    const crew = inlineRestoreCrew({ tree, source, tools, reader: this.#objects });
    const wanted = wantedOf({ root: offer.root, load: this.#load });
    const load = (digest: Digest): Uint8Array => this.#objects.read(NAMES, digest);
    const onFile = (entry: FileEntry): void => this.#olds.begin(entry, load);
    // Whoever speaks for somebody else is not taken for that one: claims of others hold it.
    const actor = { ...offer.actor, name: `${offer.actor.name} as ${guard.actor.name}` };
    return prepareLocal(guard, {
      offer: { ...offer, actor, wanted, crew, reader: this.#objects, onFile },
      ...{ target, engine },
    });
  }

  #tellPlan(prepared: LocalSync, { options }: OfferSaid): void {
    const { header, verdict, left, leftCount, missed } = prepared;
    const { codec } = this.#of.guard.ports.tools;
    const about = canonicalJson({
      left: left.map(({ path, why }) => [path.toWellFormed(), why.toWellFormed()]),
      leftCount,
      missed: missed.slice(0, MISSED_MAX).map((each) => each.toWellFormed()),
    });
    const judged = verdictText({ verdict, judged: this.#of.guard.now() });
    const head = codec.bytesOf(byteString(headerText(header) + judged));
    const tail = new TextEncoder().encode(`${about}\n`);
    this.#link.send(SYNC_KIND.plan, joined(head, tail));
    if (options.wantsOps || verdict.decision !== 'allow') this.#tellOps(header.id);
    this.#link.send(SYNC_KIND.planned, new Uint8Array(0));
  }

  #tellOps(id: string): void {
    const { codec } = this.#of.guard.ports.tools;
    let piece = '';
    const send = (): void => {
      if (piece !== '')
        this.#link.send(SYNC_KIND.ops, codec.compress(codec.bytesOf(byteString(piece))));
      piece = '';
    };
    for (const op of this.#of.guard.store.ops(id)) {
      piece += opLine(op);
      if (piece.length >= OPS_PIECE) send();
    }
    send();
  }

  async #decide(prepared: LocalSync, offer: OfferSaid): Promise<void> {
    const { kind, rest } = this.#link.next();
    if (kind === SYNC_KIND.drop) {
      const outcome = textAt(objectOf(utf8Of(this.#link.jsonOf(rest)), 'a message'), 'outcome');
      const known = LEFT.find((each) => each === outcome);
      demandSync(known !== undefined, 'an outcome is unknown');
      demandSync(known !== 'equal' || prepared.header.ops.count === 0, 'it is not equal');
      await prepared.leave(known);
      if (known === 'equal') this.#pages.keep(offer.root);
      this.#link.sendText(SYNC_KIND.done, '{}');
      return;
    }
    demandSync(kind === SYNC_KIND.go, 'a message came out of turn');
    demandSync(parseDigestBytes(rest) === prepared.digest, 'another plan was meant');
    demandAllowed(prepared, offer);
    const done = await this.#applied(prepared);
    this.#pages.keep(offer.root);
    this.#link.sendText(SYNC_KIND.done, JSON.stringify(done));
  }

  async #applied(prepared: LocalSync): Promise<SyncDone> {
    try {
      return await prepared.apply((count, all) => {
        this.#link.sendText(SYNC_KIND.progress, JSON.stringify({ done: count, all }));
      });
    } finally {
      this.#olds.done();
    }
  }
}

/** The other side was told the verdict; that it goes on all the same is no mistake of a person. */
function demandAllowed({ verdict }: LocalSync, { options }: OfferSaid): void {
  const isHalf = verdict.decision !== 'allow' && options.allOrNothing;
  demandSync(
    !isAllHeld(verdict) && !isHalf && !options.dryRun,
    'what was not allowed was to be done',
  );
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
