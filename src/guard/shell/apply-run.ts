/**
 * One run of an apply. For each batch: what comes is staged and on the medium, what is meant is
 * durable in the journal, and only then is the tree changed, one operation after the other.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Op } from '../../base/plan.ts';
import { SourceFailure } from '../../host/source.ts';
import { type Attributes, TreeFailure } from '../../host/tree-writer.ts';
import type { Intent, Made, WasAttributes } from '../core/journal-line.ts';
import {
  AHEAD,
  BRING,
  COMMANDED,
  DELETE,
  DIR_ATTRIBUTES,
  DONE,
  goesForGood,
  keptBytes,
  type Order,
  orderOf,
  type Phase,
  WAITS,
} from './apply-order.ts';
import type { AppliedRuns } from './applied-runs.ts';
import type {
  ApplyPorts,
  ApplyReport,
  ApplyRequest,
  CommandContent,
  ContentSource,
} from './apply-request.ts';
import { Asked, Batches } from './batches.ts';
import { DirTimes } from './dir-times.ts';
import type { Journal } from './journal.ts';
import type { Lease } from './lease.ts';
import { LeftAlone } from './left-alone.ts';
import { Meant, type MeantOp } from './meant.ts';
import { OpSteps } from './op-steps.ts';
import type { MountPlace, Quarantine } from './quarantine.ts';
import { isDirMode } from './seen-object.ts';
import { BY_COMMAND, makeUnlessThere, type PlanPlaces } from './quarantine-place.ts';
import { type Settled, settleOp } from './settle-op.ts';
import { Staging } from './staging.ts';
import { Surprise } from './surprise.ts';
import { Tally } from './tally.ts';
import { joined, TargetTree } from './target-tree.ts';
import { ifThere } from './tree-errno.ts';

export interface RunParts {
  readonly ports: ApplyPorts;
  readonly request: ApplyRequest;
  readonly quarantine: Quarantine;
  readonly journal: Journal;
  readonly lease: Lease;
  /** What earlier runs of the plan did. */
  readonly before: AppliedRuns | undefined;
}

export type RunOutcome = Omit<ApplyReport, 'waiting' | 'until'>;

type Ending = Pick<RunOutcome, 'outcome' | 'stop' | 'fault'>;

/** Held in memory, and synced as one. */
const WINDOW_MAX = 10_000;
/** Staged at once: what comes lies beside what it replaces. */
const WINDOW_BYTES_MAX = 1_073_741_824;

export class ApplyRun {
  readonly #parts: RunParts;
  readonly #tree: TargetTree;
  readonly #steps: OpSteps;
  readonly #order: Order;
  readonly #batches: Batches;
  readonly #meant: Meant;
  /** Directories that it made: their attributes come last. */
  readonly #madeDirs: Op[] = [];
  readonly #attributed = new Set<ByteString>();
  readonly #staging: Staging;
  /** Renames that are on their way. */
  readonly #lifted = new Map<number, MeantOp>();
  /** Of what the command does. */
  readonly #commanded = new Map<number, Intent>();
  readonly #dirTimes: DirTimes;
  readonly #unset: { path: ByteString; what: string }[] = [];
  readonly #tally: Tally;

  constructor(parts: RunParts) {
    const { ports, request, quarantine, journal, lease, before } = parts;
    const { header, permit, content } = request;
    this.#parts = parts;
    const count = header.ops.count;
    this.#order = orderOf({ ops: request.ops(), count, permit, by: content.by, before });
    this.#batches = new Batches({ ports, request, lease, count: this.#order.count });
    this.#tree = new TargetTree(ports, request.target);
    const { demandGoOn } = this.#batches;
    const mayGoForGood = (op: Op): boolean => goesForGood(op, request);
    this.#steps = new OpSteps({ ports, tree: this.#tree, quarantine, demandGoOn, mayGoForGood });
    this.#tally = new Tally((op) => this.#steps.mountFor(op) === undefined);
    this.#staging = new Staging({
      ...{ ports, quarantine, steps: this.#steps, batches: this.#batches },
      isResumed: before !== undefined,
    });
    this.#dirTimes = new DirTimes(this.#steps);
    const dirs = before?.before ?? new Map<ByteString, bigint>();
    this.#meant = new Meant({ journal, steps: this.#steps, quarantine, dirs });
    quarantine.onTrial = ({ path }) => this.#meant.noteTrial(path);
  }

  /** @throws what is neither a surprise nor a failure of the system: a bug */
  async perform(): Promise<RunOutcome> {
    const tally = this.#tally;
    try {
      const ending = await this.#ended(() => this.#act());
      const settled = await this.#ended(async () => this.#settleOpen());
      const failed = [ending, settled].find(({ outcome }) => outcome !== 'applied');
      const finished = await this.#ended(async () => this.#finish(failed !== undefined));
      const worst = failed ?? finished;
      return {
        ...worst,
        ...{ done: tally.done, forGoodEntries: tally.forGoodEntries, unset: this.#unset },
        ...{ asideEntries: tally.asideEntries, asideBytes: tally.asideBytes },
      };
    } finally {
      this.#tree.close();
    }
  }

  async #ended(act: () => Promise<void>): Promise<Ending> {
    try {
      await act();
      return { outcome: 'applied' };
    } catch (error) {
      const stop = (why: string) => ({ ...this.#batches.at, why });
      if (error instanceof Surprise) return { outcome: 'stale', stop: stop(error.message) };
      if (error instanceof Asked) return { outcome: 'stopped', stop: stop(error.message) };
      if (error instanceof Fault) {
        return { outcome: 'stopped', stop: stop(error.message), fault: error };
      }
      if (error instanceof TreeFailure || error instanceof SourceFailure) {
        return { outcome: 'stopped', stop: stop(error.errno) };
      }
      throw error;
    }
  }

  async #act(): Promise<void> {
    const { content } = this.#parts.request;
    this.#openMounts();
    if (content.by === 'command') await this.#command(content);
    else await this.#bringAll(content);
    await this.#pass({ phase: DELETE, act: (op) => this.#delete(op, content) });
    if (content.by === 'holdfast') await this.#attributes(content);
  }

  #delete(op: Op, content: ContentSource | CommandContent): void {
    const keepsTimes = content.by === 'command' && content.keepsDirTimes === true;
    if (keepsTimes) this.#dirTimes.noteAbove(op.path);
    if (this.#steps.mountFor(op) === undefined) this.#steps.remove(op);
    else this.#steps.setAside(op);
  }

  /** Every mount that something will be set aside on, with what will lie there: before any change. */
  #openMounts(): void {
    const { quarantine, request } = this.#parts;
    const bytes = new Map<MountPlace, number>();
    for (const op of request.ops()) {
      if ((this.#order.phases[op.n] ?? 0) <= DONE) continue;
      this.#batches.goTo(op);
      const mount = this.#steps.mountFor(op);
      if (mount === undefined) continue;
      const isSame = op.from === undefined || this.#steps.mountOf(op.from) === mount;
      if (!isSame) throw new Surprise('its old place is on another file system');
      const planned = (bytes.get(mount) ?? 0) + keptBytes(op);
      bytes.set(mount, planned);
      const isOver = keptBytes(op) > 0 && mount.keptBytes + planned > mount.limitBytes;
      // One without an undo was judged so; it is kept all the same.
      if (isOver && op.undo.kind !== 'none') {
        throw new Surprise('less may be kept aside on its file system than when it was planned');
      }
    }
    for (const [mount, planned] of bytes) quarantine.record(mount, planned, request.stateDir);
  }

  async #bringAll(content: ContentSource): Promise<void> {
    const { lifted } = this.#order;
    this.#takeUp(content);
    this.#sayDirAttributes(content);
    if (lifted.size > 0) {
      const only = (op: Op): boolean => lifted.has(op.n);
      const act = (op: Op): void => {
        this.#steps.lift(op);
        const meant = this.#meant.open[0];
        if (meant !== undefined) this.#lifted.set(op.n, meant);
      };
      await this.#pass({ phase: BRING, act, only, isHalf: true });
    }
    await this.#pass({ phase: BRING, act: (op) => this.#bring(op, content), content });
  }

  #bring(op: Op, content: ContentSource): void {
    const steps = this.#steps;
    if (op.op === 'rename') {
      steps.rename(op, this.#order.lifted.has(op.n));
      this.#lifted.delete(op.n);
      return;
    }
    if (op.attributesOnly === true) {
      steps.demandAsPlanned(op);
      this.#set(op.path, content.attributes(op));
      return;
    }
    const kept = content.kept?.(op);
    const from = kept ?? steps.newPlace(op);
    if (op.op === 'create') steps.bring(op, from);
    else steps.replace(op, from);
    const seen = kept === undefined ? steps.seen(op.path) : undefined;
    if (seen === undefined || !isDirMode(seen.mode)) return;
    this.#madeDirs.push(op);
    this.#meant.noteMade(op.path);
  }

  /** What attributes were is said first of all: a directory changes before they are set. */
  #sayDirAttributes(content: ContentSource): void {
    let count = 0;
    for (const op of this.#parts.request.ops()) {
      if (this.#order.phases[op.n] !== DIR_ATTRIBUTES) continue;
      this.#batches.goTo(op);
      this.#steps.demandAsPlanned(op);
      const was = content.attributes(op) === undefined ? undefined : this.#steps.was(op.path);
      if (was === undefined) continue;
      this.#meant.say(op, { was });
      count += 1;
    }
    if (count > 0) this.#meant.durable();
  }

  /** Whether an earlier run came to set all attributes is not known: they are set again. */
  #takeUp(content: ContentSource): void {
    if (this.#parts.before === undefined) return;
    for (const op of this.#parts.request.ops()) {
      if (this.#order.phases[op.n] !== DONE || op.op === 'delete' || op.op === 'rename') continue;
      const seen = ifThere(() => this.#steps.seen(op.path));
      if (seen === undefined) continue;
      if (op.attributesOnly === true) {
        if (op.kind === 'dir') this.#madeDirs.push(op);
        else this.#set(op.path, content.attributes(op));
      }
      if (op.attributesOnly === true || content.kept?.(op) !== undefined) continue;
      if (!isDirMode(seen.mode)) continue;
      this.#madeDirs.push(op);
      this.#meant.noteMade(op.path);
    }
  }

  async #attributes(content: ContentSource): Promise<void> {
    const setFor = (op: Op): void => {
      this.#attributed.add(op.path);
      this.#set(op.path, content.attributes(op));
    };
    // Deepest first: a mode may close the way to what lies below.
    this.#madeDirs.sort((a, b) => b.n - a.n);
    for (const op of this.#madeDirs) setFor(op);
    await this.#pass({ phase: DIR_ATTRIBUTES, act: setFor, isSaid: true });
  }

  async #command(content: CommandContent): Promise<void> {
    const { ports } = this.#parts;
    await this.#pass({ phase: AHEAD, act: (op) => this.#steps.setAside(op) });
    await this.#pass({
      phase: COMMANDED,
      act: (op) => {
        const isWritten = op.op === 'update' && op.attributesOnly !== true && op.kind !== 'dir';
        const isCopied = isWritten && content.copiesFirst === true;
        if (isCopied && this.#steps.mountFor(op) !== undefined) this.#steps.copyAside(op);
      },
    });
    const aside = this.#commandPlace();
    this.#batches.at = { n: undefined, path: byteString('') };
    this.#batches.demandGoOn();
    if (content.copiesFirst === true && aside !== undefined) ports.tree.syncAll(aside.root);
    const waiting = this.#waiting();
    this.#tree.close();
    const isWell = await content.run(aside && joined(aside.path, BY_COMMAND));
    for (const [at, was] of waiting.changed()) this.#set(at, was);
    this.#noteCommanded(isWell);
    if (!isWell) throw new Asked('the command did not end well');
  }

  /** Where the command puts what it replaces; undefined: nowhere, and that was approved. */
  #commandPlace(): PlanPlaces | undefined {
    const { quarantine, ports, request } = this.#parts;
    const top = byteString('');
    const isNowhere = typeof quarantine.placeFor(top) === 'string';
    if (isNowhere && request.withoutUndo === true) return undefined;
    const places = quarantine.openPlaces(this.#steps.mountOf(top));
    makeUnlessThere(ports, places.root, byteString(BY_COMMAND));
    return places;
  }

  /** Only where it is to create only does something wait that it could change. */
  #waiting(): LeftAlone {
    const waiting = new LeftAlone(this.#steps);
    for (const op of this.#parts.request.ops()) {
      const isLeft = op.op === 'update' || op.op === 'replace';
      if (isLeft && this.#order.phases[op.n] === WAITS) waiting.note(op);
    }
    return waiting;
  }

  /** What the command made of it: an undo tells by it what somebody changed later. */
  #noteCommanded(isWell: boolean): void {
    for (const op of this.#parts.request.ops()) {
      const intent = this.#commanded.get(op.n);
      if (intent === undefined) continue;
      if (!isWell && this.#settle(op, intent) === 'not-done') {
        this.#meant.sayNot({ op, intent });
        this.#tally.count(op, -1);
        continue;
      }
      const made = ifThere(() => this.#steps.madeAt(this.#tree.placeOf(op.path)));
      if (made !== undefined) this.#meant.say(op, { ...(intent.was && { was: intent.was }), made });
    }
    this.#meant.durable();
  }

  /** All operations of one phase, in windows; between batches somebody is asked. */
  async #pass(phase: Phase): Promise<void> {
    let window: Op[] = [];
    let bytes = 0;
    let moved: ByteString | undefined;
    const flush = async (): Promise<void> => {
      if (window.length > 0) await this.#window(window, phase);
      window = [];
      bytes = 0;
      moved = undefined;
    };
    for (const op of this.#parts.request.ops()) {
      if (this.#order.phases[op.n] !== phase.phase || phase.only?.(op) === false) continue;
      // The time of a directory is looked at before the window changes what lies in it.
      if (moved !== undefined && op.path.startsWith(`${moved}/`)) await flush();
      window.push(op);
      bytes += op.bytes;
      const isMoved = op.op === 'rename' || phase.content?.kept?.(op) !== undefined;
      if (isMoved) moved = op.path;
      const most = Math.min(WINDOW_MAX, this.#batches.room);
      if (window.length >= most || bytes >= WINDOW_BYTES_MAX) await flush();
    }
    await flush();
  }

  async #window(wanted: readonly Op[], phase: Phase): Promise<void> {
    const { content } = phase;
    const window = content === undefined ? wanted : await this.#staged(wanted, content);
    if (phase.isSaid !== true) this.#say(window, phase);
    const expected = [...this.#meant.open];
    for (const op of window) {
      await this.#batches.turn();
      this.#batches.goTo(op);
      this.#batches.demandGoOn();
      phase.act(op);
      if (phase.isHalf !== true) this.#tally.count(op);
      this.#meant.passed();
    }
    for (const { op, intent } of expected) this.#verify(op, intent, phase);
    if (phase.isHalf !== true) await this.#batches.passed(wanted.length, this.#tally.done);
  }

  /** What nobody can give is not meant either: it waits. */
  async #staged(wanted: readonly Op[], content: ContentSource): Promise<readonly Op[]> {
    const lacking = await this.#staging.stage(wanted, content);
    if (lacking.size === 0) return wanted;
    for (const { n } of lacking) this.#order.phases[n] = WAITS;
    return wanted.filter((op) => !lacking.has(op));
  }

  /** Durable when it returns. */
  #say(window: readonly Op[], phase: Phase): void {
    this.#meant.forgetOpen();
    for (const op of window) {
      this.#batches.goTo(op);
      const isSet = op.attributesOnly === true;
      const was = isSet ? this.#wasOf(op.path) : undefined;
      const made = this.#comingFor(op, phase.content);
      const intent = this.#meant.say(op, { ...(was && { was }), ...(made && { made }) });
      this.#meant.expect(op, intent);
      this.#staging.noteMeant(op);
      if (phase.phase === COMMANDED || phase.phase === AHEAD) this.#commanded.set(op.n, intent);
    }
    this.#meant.durable();
  }

  /** Before the plan: something may have been set aside from this directory already. */
  #wasOf(path: ByteString): WasAttributes | undefined {
    const was = this.#steps.was(path);
    const mtimeNs = this.#meant.dirs.get(path);
    return was === undefined || mtimeNs === undefined ? was : { ...was, mtimeNs };
  }

  #comingFor(op: Op, content: ContentSource | undefined): Made | undefined {
    const isPut = op.op !== 'rename' && op.attributesOnly !== true;
    if (content === undefined || !isPut) return undefined;
    const made = this.#steps.madeAt(content.kept?.(op) ?? this.#steps.newPlace(op));
    if (made === undefined) throw new Surprise('what was to come in its place is not there');
    return made;
  }

  /** What was put in is there, and what went is in its slot. */
  #verify(op: Op, intent: Intent, { phase, content }: Phase): void {
    this.#batches.goTo(op);
    if (phase === DELETE || phase === AHEAD) {
      const isForGood = this.#steps.mountFor(op) === undefined;
      const isAside = isForGood || this.#steps.madeAt(this.#steps.oldPlace(op)) !== undefined;
      if (!isAside) throw new Surprise('it is not where it was set aside');
    }
    if (content === undefined || intent.made === undefined) return;
    const seen = this.#steps.seen(op.path);
    // Moved piece by piece a directory is another one.
    const isThere = seen?.inode === intent.made.inode || (seen && isDirMode(seen.mode)) === true;
    if (!isThere) throw new Surprise('something else is there already');
  }

  #set(path: ByteString, attributes: Attributes | undefined): void {
    if (attributes === undefined) return;
    for (const { what, errno } of this.#steps.setAttributes(path, attributes)) {
      this.#unset.push({ path, what: `${what}: ${errno}` });
    }
  }

  /** What was stopped half way is done or not done when this returns. */
  #settleOpen(): void {
    const open = new Map(this.#lifted);
    for (const each of this.#meant.open) open.set(each.op.n, each);
    for (const each of open.values()) {
      const isDone = this.#settle(each.op, each.intent) === 'done';
      if (!isDone) this.#meant.sayNot(each);
      else if (each.op.attributesOnly !== true) this.#tally.count(each.op);
    }
    this.#meant.forgetOpen();
  }

  #settle(op: Op, intent: Intent): Settled {
    const { ports, quarantine, request } = this.#parts;
    const { content } = request;
    const kept = content.by === 'holdfast' ? content.kept?.bind(content) : undefined;
    const placesOf = (index: number) => {
      const mount = quarantine.places[index];
      return mount === undefined ? undefined : quarantine.openPlaces(mount);
    };
    return settleOp({ ports, tree: this.#tree, placesOf, doneBy: content.by, kept }, op, intent);
  }

  /** Times of directories, and all on the medium: however it ended. */
  #finish(isStopped: boolean): void {
    const { ports, quarantine, request } = this.#parts;
    this.#staging.clearRest();
    this.#putTimesBack(request.content, isStopped);
    for (const mount of quarantine.places) {
      if (mount.opened === undefined) continue;
      ports.tree.syncAll(mount.opened.root);
    }
    this.#meant.sayLeft();
  }

  #putTimesBack(content: ContentSource | CommandContent, isStopped: boolean): void {
    for (const [path, was] of this.#dirTimes.changed()) this.#set(path, was);
    if (content.by !== 'holdfast' || content.dirTime === undefined) return;
    const isNothingDone = isStopped && this.#tally.done === 0 && this.#parts.before === undefined;
    for (const path of new Set([...this.#meant.dirs.keys(), ...(content.dirs?.() ?? [])])) {
      const seen = this.#attributed.has(path) ? undefined : this.#steps.seenDir(path);
      if (seen === undefined) continue;
      const was = this.#meant.dirs.get(path) ?? seen.mtimeNs;
      // Where nothing came of it, nothing will put it back: trials alone have touched it.
      const mtimeNs = isNothingDone ? was : content.dirTime(path, was);
      if (mtimeNs !== undefined && mtimeNs !== seen.mtimeNs) this.#set(path, { mtimeNs });
    }
  }
}
