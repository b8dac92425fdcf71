/** A target on another machine: the near side of docs/format/sync-stdio.md. */
import { ChildLink } from '../../../adapters/ssh/child-link.ts';
import { nodePatcher } from '../../../adapters/node/patcher.ts';
import { readerOf, writerOf } from '../../../adapters/ssh/node-bytes.ts';
import { sshFailure } from '../../../adapters/ssh/ssh-failure.ts';
import {
  sshByHand,
  sshDestination,
  sshHostText,
  type SshHost,
} from '../../../adapters/ssh/ssh-host.ts';
import { sshArguments, sshProgram } from '../../../adapters/ssh/ssh-link.ts';
import { type ByteString, byteString, type Digest, parseDigest } from '../../../base/bytes.ts';
import { FAULTS, Fault, type FaultCode } from '../../../base/fault.ts';
import { sayName, sayText } from '../../../base/say-name.ts';
import { shellPath } from '../../../adapters/trees/tree-place.ts';
import { digestOfHeader, OpsRoot } from '../../../guard/core/plan-digest.ts';
import { objectOf, type Raw } from '../../../guard/core/plan-fields.ts';
import { parseHeader } from '../../../guard/core/plan-header.ts';
import { opLine, parseOp } from '../../../guard/core/plan-lines.ts';
import { PlanPicture } from '../../../guard/core/plan-picture.ts';
import { parseVerdict } from '../../../guard/core/verdict-text.ts';
import { textOfBase64 } from '../../../manifest/core/base64.ts';
import { isUtf8, utf8Of } from '../../../manifest/core/utf8.ts';
import { editLines, patchable } from '../../../recover/core/sync-edits.ts';
import {
  demandSync,
  digestBytes,
  SYNC_KIND,
  SYNC_LINES_MAX,
  type SyncFrame,
} from '../../../recover/core/sync-frame.ts';
import type { Entry, FileEntry } from '../../../manifest/core/entry.ts';
import { chunksOf } from '../../../recover/shell/file-chunks.ts';
import type { ObjectReader } from '../../../recover/shell/object-reader.ts';
import { NAMES } from '../../../vault/core/object-id.ts';
import { NearLink } from '../../../recover/shell/sync-near-link.ts';
import { SyncObjects } from '../../../recover/shell/sync-objects.ts';
import { readSnapshotContent, listSnapshots, tagOf } from '../../../vault/shell/snapshot-store.ts';
import type { Cli } from '../../cli/cli.ts';
import type { GuardSession } from '../guard-session.ts';
import { leftOf, offerText } from './offer-text.ts';
import type { Left, PreparedSync, SyncDone } from './prepared-sync.ts';
import { SYNC_GREETING } from './serve-sync-target.ts';
import type { SyncSource } from './sync-source.ts';

export interface FarPlace {
  readonly at: SshHost;
  readonly path: ByteString;
}

export interface FarAsked {
  readonly guard: GuardSession;
  readonly source: SyncSource;
  readonly place: FarPlace;
  /** Nobody will look at the operations of a plan that is allowed. */
  readonly yes: boolean;
  /** All of them will be shown. */
  readonly keepsOps: boolean;
  /** Ssh may ask on the terminal; a Ctrl-C there ends it as well. */
  readonly mayAsk: boolean;
}

const PIECE = 256 * 1024;
const TEXT_MAX = 500;
const QUOTED_MAX = 80;
/** Of one line: a login file may print more, and that is said as well. */
const GREETING_MAX = 1024;
const MISSED_MAX = 20;

/** @throws Fault HF_SSH_*, HF_SYNC_*, and what the far side says */
export async function prepareFar(cli: Cli, asked: FarAsked): Promise<PreparedSync> {
  const talk = new FarTalk(cli, asked);
  try {
    return await talk.prepare();
  } catch (error) {
    throw await talk.failed(error);
  }
}

class FarTalk {
  readonly #asked: FarAsked;
  readonly #child: ChildLink;
  readonly #near: NearLink;
  #isUp = false;

  constructor(cli: Cli, asked: FarAsked) {
    const { at, path } = asked.place;
    this.#asked = asked;
    const { program, first } = sshProgram(cli.env);
    const hasTerminal = cli.terminal.canAsk && asked.mayAsk;
    const args = sshArguments(at, { request: { command: farCommand(cli, path) }, hasTerminal });
    const environment = cli.env;
    this.#child = new ChildLink({
      program,
      args: [...first, ...args],
      environment,
      isApart: !hasTerminal,
    });
    const lost = (): Fault =>
      new Fault(
        'HF_SYNC_LINK_LOST',
        `the connection to ${sshDestination(at)} broke: it reads no more`,
      );
    this.#near = new NearLink({
      input: readerOf(this.#child.output),
      output: writerOf(this.#child.input, lost),
      codec: asked.guard.ports.tools.codec,
      patcher: nodePatcher(),
    });
  }

  async prepare(): Promise<PreparedSync> {
    await this.#greet();
    const base = await this.#knownBase(await this.#hello());
    await this.#offer(base);
    return this.#planned();
  }

  /** Why it broke, where ssh knows more; the connection is closed. */
  async failed(error: unknown): Promise<unknown> {
    await this.#child.close();
    const isLost = error instanceof Fault && error.code === 'HF_SYNC_LINK_LOST';
    if (!isLost) return error;
    const end = await this.#child.ended;
    const { at } = this.#asked.place;
    if (!this.#isUp && end.code === NOT_FOUND) return notThere(at);
    return this.#isUp ? error : sshFailure({ place: at, end, wasUp: false });
  }

  /** What a login file printed is told from a program that speaks. */
  async #greet(): Promise<void> {
    const said = await this.#near.line(GREETING_MAX);
    if (said === SYNC_GREETING) {
      this.#isUp = true;
      return;
    }
    if (said === undefined || said === '') throw new Fault('HF_SYNC_LINK_LOST', 'nothing was said');
    const { at } = this.#asked.place;
    const shown = JSON.stringify(
      said
        .slice(0, QUOTED_MAX)
        .replaceAll(/[^ -~]+/g, ' ')
        .trim(),
    );
    const message = `${sshDestination(at)} answers with what is no Holdfast: ${shown}`;
    throw new Fault('HF_SSH_ANSWER', message, { host: at.host, ssh: sshByHand(at) });
  }

  async #hello(): Promise<Digest | undefined> {
    const raw = this.#rawOf(await this.#next(SYNC_KIND.hello));
    const path = typeof raw.path === 'string' ? textOfBase64(raw.path) : undefined;
    const { place } = this.#asked;
    const isOther = path !== undefined && place.path.startsWith('/') && path !== place.path;
    if (isOther) {
      const instead = `${sshDestination(place.at)}:${sayName(byteString(path))}`;
      const message = `the key that ${sshDestination(place.at)} knows serves another directory`;
      throw new Fault('HF_SSH_SERVES_OTHER', message, { instead });
    }
    return typeof raw.base === 'string' ? parseDigest(raw.base) : undefined;
  }

  /** Only a manifest of the same data set: of others not even what differs is told. */
  async #knownBase(base: Digest | undefined): Promise<Digest | undefined> {
    const { source } = this.#asked;
    if (base === undefined || base === source.root.sha256) return base;
    const { vault } = source.session;
    const tag = tagOf(vault, source.content.dataSet);
    const { snapshots } = await listSnapshots(vault);
    for (const { record, trust } of snapshots.toReversed()) {
      if (record.dataSet !== tag || trust !== 'trusted') continue;
      const { roots } = readSnapshotContent(vault, record);
      if (roots.some(({ sha256 }) => sha256 === base)) return base;
    }
    return undefined;
  }

  async #offer(base: Digest | undefined): Promise<void> {
    const { source, guard } = this.#asked;
    const { offer, root, reading } = source;
    const { codec } = guard.ports.tools;
    const isEdited = base !== undefined && base !== root.sha256;
    const wantsOps = offer.options.dryRun || !this.#asked.yes;
    const said = {
      ...{
        root: root.sha256,
        isEdited,
        tellsChunks: true,
        options: { ...offer.options, wantsOps },
      },
      ...{ source: offer.source, actor: offer.actor, pipeline: offer.pipeline },
      ...(offer.reason === undefined ? {} : { reason: offer.reason }),
      ...(offer.sighting === undefined ? {} : { sighting: offer.sighting }),
      ...{ isNamed: offer.isNamed, isEnrolled: offer.isEnrolled, excludes: offer.excludes },
      from: { ...offer.from, hosts: [source.content.host] },
    };
    await this.#near.sendText(SYNC_KIND.offer, offerText(said));
    const objects = new SyncObjects({ reader: reading.reader, codec }, root.manifest);
    const onChanged = (before: Entry, after: Entry): void => {
      const [old, now] = [patchable(before), patchable(after)];
      if (old !== undefined && now !== undefined && old !== now) objects.noteOld(now, old);
      noteChunks({ objects, reader: reading.reader }, before, after);
    };
    if (isEdited) {
      let piece = '';
      for (const line of editLines({
        before: base,
        after: root.sha256,
        load: root.manifest.load,
        onChanged,
      })) {
        piece += line;
        if (piece.length < PIECE) continue;
        await this.#near.send(SYNC_KIND.edits, this.#near.packed(piece));
        piece = '';
      }
      if (piece !== '') await this.#near.send(SYNC_KIND.edits, this.#near.packed(piece));
      await this.#near.send(SYNC_KIND.edited, new Uint8Array(0));
    }
    this.#near.serve(objects);
  }

  async #planned(): Promise<PreparedSync> {
    const { rest } = await this.#next(SYNC_KIND.plan);
    const { guard, place, keepsOps } = this.#asked;
    const { codec, hash } = guard.ports.tools;
    const [head = '', judged = '', about = ''] = codec.textOf(rest).split('\n');
    const header = parseHeader(byteString(`${head}\n`));
    const { verdict } = parseVerdict(byteString(`${judged}\n`));
    const raw = objectOf(utf8Of(byteString(about)), 'a message');
    const picture = new PlanPicture(guard.now());
    const ops = new OpsRoot(hash);
    const kept: ByteString[] = [];
    for (;;) {
      const frame = await this.#nextAny();
      if (frame.kind === SYNC_KIND.planned) break;
      demandSync(frame.kind === SYNC_KIND.ops, 'a message came out of turn');
      for (const line of this.#near.unpacked(frame.rest, SYNC_LINES_MAX).split('\n').slice(0, -1)) {
        const op = parseOp(byteString(`${line}\n`));
        const told = opLine(op);
        ops.add(told);
        if (keepsOps) kept.push(told);
        picture.add(op);
      }
    }
    const isWhole = ops.count === header.ops.count && ops.root() === header.ops.root;
    demandSync(ops.count === 0 || isWhole, 'the operations are not those of the plan');
    return {
      ...{ header, verdict, picture, digest: digestOfHeader(hash, header) },
      place: `${sshHostText(place.at)}:${utf8Of(place.path)}`,
      host: sshHostText(place.at),
      opLines: () => kept,
      left: leftOf(raw),
      leftCount: typeof raw.leftCount === 'number' ? raw.leftCount : 0,
      missed: Array.isArray(raw.missed) ? raw.missed.slice(0, MISSED_MAX).map(said500) : [],
      apply: (onBatch) => this.#apply(digestOfHeader(hash, header), onBatch),
      leave: (outcome) => this.#leave(outcome),
    };
  }

  async #apply(digest: Digest, onBatch: (done: number, all: number) => void): Promise<SyncDone> {
    try {
      await this.#near.send(SYNC_KIND.go, digestBytes(digest));
      for (;;) {
        const frame = await this.#nextAny();
        const raw = this.#rawOf(frame);
        if (frame.kind === SYNC_KIND.progress) {
          onBatch(countAt(raw, 'done'), countAt(raw, 'all'));
          continue;
        }
        demandSync(frame.kind === SYNC_KIND.done, 'a message came out of turn');
        const linkBytes = this.#near.sentBytes + this.#near.receivedBytes;
        await this.#child.close();
        return { ...doneOf(raw), linkBytes };
      }
    } catch (error) {
      throw await this.failed(error);
    }
  }

  async #leave(outcome: Left): Promise<void> {
    try {
      await this.#near.sendText(SYNC_KIND.drop, JSON.stringify({ outcome }));
      await this.#next(SYNC_KIND.done);
      await this.#child.close();
    } catch (error) {
      throw await this.failed(error);
    }
  }

  async #next(kind: number): Promise<SyncFrame> {
    const frame = await this.#nextAny();
    demandSync(frame.kind === kind, 'a message came out of turn');
    return frame;
  }

  async #nextAny(): Promise<SyncFrame> {
    const frame = await this.#near.next();
    const { at } = this.#asked.place;
    if (frame === undefined) {
      throw new Fault('HF_SYNC_LINK_LOST', `the connection to ${sshDestination(at)} broke`);
    }
    if (frame.kind === SYNC_KIND.fault) throw faultOf(this.#rawOf(frame));
    return frame;
  }

  #rawOf(frame: SyncFrame): Raw {
    const text = this.#near.textOf(frame);
    return text === '' ? {} : objectOf(text, 'a message');
  }
}

/** What of a large file is new can be told by what was in it. */
function noteChunks(
  { objects, reader }: { readonly objects: SyncObjects; readonly reader: ObjectReader },
  before: Entry,
  after: Entry,
): void {
  if (before.type !== 'file' || after.type !== 'file') return;
  if (before.cut === undefined || after.cut === undefined) return;
  const digests = (entry: FileEntry): Digest[] =>
    [...chunksOf(entry, (digest) => reader.read(NAMES, digest))].map(({ digest }) => digest);
  try {
    objects.noteChunks(digests(after), new Set(digests(before)));
  } catch (error) {
    // Of what the vault has no longer nothing is told: chunks go out whole, or are refused by name.
    if (!(error instanceof Fault) || error.kind === 'transient') throw error;
  }
}

const NOT_FOUND = 127;

function notThere(at: SshHost): Fault {
  const message = `there is no holdfast on the path of ${sshDestination(at)}`;
  const instead =
    'Install it there, or say where it is: HOLDFAST_REMOTE=/opt/holdfast/bin/holdfast (it may have arguments).';
  return new Fault('HF_SYNC_SOURCE', message, { instead });
}

/** HOLDFAST_REMOTE is read by the shell over there, as a person would type it. */
function farCommand(cli: Cli, path: ByteString): string {
  const program = cli.env.HOLDFAST_REMOTE ?? 'holdfast';
  if (!isUtf8(path)) {
    const instead = 'Use a path that is UTF-8; names below it may have any bytes.';
    throw new Fault('HF_SYNC_SOURCE', `${sayName(path)} is no UTF-8`, { instead });
  }
  return `${program} sync-target stdio ${shellPath(utf8Of(path))}`;
}

/** Of the other machine: a code that we know, and words that do no harm. */
function faultOf(raw: Raw): Fault {
  const code = typeof raw.code === 'string' && isKnown(raw.code) ? raw.code : 'HF_SYNC_CONTENT';
  const facts = typeof raw.facts === 'object' && raw.facts !== null ? raw.facts : {};
  const said = Object.entries(facts).map(([key, fact]) => [key, said500(fact)]);
  return new Fault(code, `over there: ${said500(raw.message)}`, Object.fromEntries(said));
}

function isKnown(code: string): code is FaultCode {
  return Object.hasOwn(FAULTS, code);
}

function said500(text: unknown): string {
  return sayText(String(text).slice(0, TEXT_MAX));
}

function countAt(raw: Raw, key: string): number {
  const value = raw[key];
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}

function doneOf(raw: Raw): SyncDone {
  const { outcome, stop, unset } = raw;
  const isKnownOutcome = outcome === 'applied' || outcome === 'stale' || outcome === 'stopped';
  demandSync(isKnownOutcome, 'how it ended is not told');
  const stopped = typeof stop === 'object' && stop !== null ? (stop as Raw) : undefined;
  const things = Array.isArray(unset) ? (unset.slice(0, 1000) as readonly unknown[]) : [];
  return {
    ...{ outcome, done: countAt(raw, 'done'), waiting: countAt(raw, 'waiting') },
    ...{ asideEntries: countAt(raw, 'asideEntries'), asideBytes: countAt(raw, 'asideBytes') },
    ...{ bytes: countAt(raw, 'bytes'), until: countAt(raw, 'until') },
    ...(stopped === undefined
      ? {}
      : { stop: { path: said500(stopped.path), why: said500(stopped.why) } }),
    unset: things.map((thing) => {
      const of = typeof thing === 'object' && thing !== null ? (thing as Raw) : {};
      return { path: said500(of.path), what: said500(of.what) };
    }),
  };
}
