/** From a command that was understood to its plan and the verdict on it. */
import os from 'node:os';
import { momentHere } from '../../../adapters/node/boot-clock.ts';
import { parseTreePlace } from '../../../adapters/trees/tree-place.ts';
import { type ByteString, byteString, type Digest } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { isInQuarantine } from '../../../base/own-places.ts';
import { sayName } from '../../../base/say-name.ts';
import {
  type Op,
  PLAN_FORMAT,
  type PlanHeader,
  type PlanSource,
  type Verdict,
} from '../../../base/plan.ts';
import { unixMs } from '../../../base/units.ts';
import { type Eligibility, eligibilityUnseen } from '../../../guard/core/eligibility.ts';
import type { BreakGlass } from '../../../guard/core/judge-facts.ts';
import { Judging } from '../../../guard/core/judge.ts';
import { OpFolder } from '../../../guard/core/op-folder.ts';
import { PlanPicture } from '../../../guard/core/plan-picture.ts';
import type { JudgedHeader } from '../../../guard/core/own-rules.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { PLAN_LIFE_MS } from '../../../guard/shell/plan-store.ts';
import { Quarantine } from '../../../guard/shell/quarantine.ts';
import { joined } from '../../../guard/shell/target-tree.ts';
import { type Staying, TargetReader } from '../../../guard/shell/target-reader.ts';
import { type WrappedOps, wrappedOps } from '../../../guard/shell/wrapped-ops.ts';
import type { Cli } from '../../cli/cli.ts';
import { bytesOfText } from '../../cli/places.ts';
import { eligibilityOf, enrolledTarget, mustExistOf } from '../eligibility.ts';
import type { GuardSession } from '../guard-session.ts';
import { type FactsFound, judgeFacts } from '../judge-facts.ts';
import { TargetLiveness } from '../liveness.ts';
import { contentQuestion } from './same-content.ts';
import type { Asked, Guarded } from './wrapped.ts';

export interface LocalCommand extends Guarded {
  readonly target: ByteString;
}

export interface MakePlan {
  readonly cli: Cli;
  readonly session: GuardSession;
  readonly command: LocalCommand;
  readonly argv: readonly string[];
  readonly reason: string | undefined;
  readonly breakGlass: BreakGlass | undefined;
}

export interface MadePlan {
  readonly kind: 'plan';
  readonly header: PlanHeader;
  readonly digest: Digest;
  readonly verdict: Verdict;
  readonly found: FactsFound;
  readonly folded: OpFolder;
  readonly picture: PlanPicture;
  readonly known: Eligibility | undefined;
  readonly asked: Asked & { readonly kind: 'listed' };
  readonly made: WrappedOps;
  /** Of a first run: all that lies at the target and that the command knows of. */
  readonly adopted: readonly ByteString[];
  readonly askedMs: number;
}

export type PlanOrEnd = MadePlan | (Asked & { readonly kind: 'ended' });

/** @throws Fault, SourceFailure */
export async function makePlan(asking: MakePlan): Promise<PlanOrEnd> {
  const { cli, session, command } = asking;
  const now = momentHere(cli.clock);
  const { sourcePlace } = command;
  const found = judgeFacts(bookPorts(session), {
    pipeline: command.pipeline,
    touched: [
      { hosts: [], path: command.target },
      ...(sourcePlace === undefined
        ? []
        : [
            {
              hosts: sourcePlace.host === undefined ? [] : [bareHost(sourcePlace.host)],
              ...(sourcePlace.path.startsWith('/') ? { path: bytesOfText(sourcePlace.path) } : {}),
            },
          ]),
    ],
    actor: session.actor,
    now,
    hostsHere: [os.hostname()],
  });
  const changes: WrappedChange[] = [];
  const adopted: ByteString[] = [];
  const isFirst = found.past.isFirstRun && command.cause === 'absent-in-source';
  if (command.early !== undefined && !isFirst) found.book.readAhead();
  const begun = cli.clock.monotonic();
  const asked = await command.ask(
    (change) => {
      if (!isInQuarantine(change.path)) changes.push(change);
    },
    isFirst ? (path) => void adopted.push(path) : undefined,
  );
  const askedMs = cli.clock.monotonic() - begun;
  if (asked.kind === 'ended') return asked;
  if (changes.length === 0 && command.run === undefined) {
    return { kind: 'ended', code: asked.code, said: asked.said };
  }
  if (isFirst) {
    for (const { what, path } of changes) if (what !== 'create') adopted.push(path);
  }
  const known = await sourceOf(asking, found, changes);
  return judged({ ...asking, found, changes, adopted, known, asked, askedMs });
}

interface Judged extends MakePlan {
  readonly found: FactsFound;
  readonly changes: readonly WrappedChange[];
  readonly adopted: readonly ByteString[];
  readonly known: Eligibility | undefined;
  readonly asked: Asked & { readonly kind: 'listed' };
  readonly askedMs: number;
}

function judged(of: Judged): MadePlan {
  const { session, command, found, known, adopted, askedMs } = of;
  const id = session.store.newId();
  const made = opsOf(of, id);
  const header = headerOf(of, { id, made });
  const asked = command.cause === 'explicit' ? withKept(of, made) : of.asked;
  const facts =
    of.breakGlass === undefined ? found.facts : { ...found.facts, breakGlass: of.breakGlass };
  const judging = new Judging(header, facts, session.policyFor(command.pipeline));
  const folded = new OpFolder(header.scope);
  const picture = new PlanPicture(session.now());
  const draft = session.store.draft(header);
  try {
    for (const { n: _, ...op } of made.ops) {
      const numbered = draft.add(op);
      judging.add(numbered);
      folded.add(numbered);
      picture.add(numbered);
    }
  } catch (error) {
    draft.drop();
    throw error;
  }
  const sealed = draft.seal();
  const verdict = judging.end();
  session.store.putVerdict(verdict, session.now());
  const { digest } = session.store.read(id);
  return {
    ...{ kind: 'plan', header: sealed, digest, verdict, found, folded, known, asked, made },
    ...{ picture, adopted, askedMs },
  };
}

function opsOf(of: Judged, planId: string): WrappedOps {
  const { session, command, found, changes } = of;
  const ports = session.ports;
  const target = new TargetReader(ports.source, command.target, ports.mounts);
  const now = session.now();
  const quarantine = Quarantine.open(ports, {
    target: command.target,
    planId,
    now,
    keep: session.keepMs,
  });
  const isExplicit = command.cause === 'explicit';
  let live: TargetLiveness | undefined;
  try {
    const made = wrappedOps({
      target,
      changes,
      cause: command.cause,
      owns: (path) => found.past.isFirstRun || found.book.owns(path),
      // Processes are looked at only where something would be lost.
      liveness: (thing) => {
        live ??= new TargetLiveness(
          command.target,
          now,
          isExplicit ? undefined : found.past.before?.at,
        );
        // What writes in place changes what others have open; what renames does not.
        const isReplaced = thing.isUpdate && !command.copiesFirst;
        // Who names a thing knows how new it is; that it is open they may not know.
        return live.of({ ...thing, isReplaced, isOwned: isExplicit || thing.isOwned });
      },
      proveUndo: (path, bytes) => quarantine.prove({ path, bytes }),
      isSameContent: contentQuestion({
        changes,
        target: command.target,
        sourceFile: command.sourceFile,
      }),
    });
    const { classOf } = session;
    return {
      ...made,
      ops: made.ops.map((op) => ({ ...op, cls: classOf(op.path, op.kind === 'dir') })),
    };
  } finally {
    quarantine.close();
    target.close();
  }
}

/** A directory that keeps something stays, and the program says so as it does. */
function withKept({ command, asked }: Judged, { kept }: WrappedOps): Judged['asked'] {
  if (kept.length === 0) return asked;
  const verb = command.name === 'find' ? 'find: cannot delete' : 'rm: cannot remove';
  const lines = kept.map(
    ({ path, shown, staying }) =>
      `${verb} '${shown ?? sayName(path)}': ${whyKept(staying, command.target)}`,
  );
  const said = [asked.said, ...lines].filter((line) => line !== '').join('\n');
  return { ...asked, code: 1, said };
}

function whyKept({ path, why }: Staying, target: ByteString): string {
  if (why === 'kept') return 'Directory not empty';
  const at = sayName(joined(target, path));
  return why === 'a mount'
    ? `another file system is mounted at ${at}`
    : `what holdfast undo can put back lies in ${at}`;
}

function headerOf(
  of: Judged,
  plan: { readonly id: string; readonly made: WrappedOps },
): JudgedHeader {
  const { session, command, argv, reason } = of;
  const created = session.now();
  const source = planSource(of, plan.made.ops);
  return {
    format: PLAN_FORMAT,
    id: plan.id,
    created,
    expires: unixMs(created + PLAN_LIFE_MS),
    pipeline: command.pipeline,
    actor: session.actor,
    ...(reason === undefined ? {} : { reason }),
    command: argv,
    doneBy: 'command',
    ...(source === undefined ? {} : { source }),
    target: {
      place: command.targetText,
      ...(enrolledTarget(session.stateDir, command.target) ?? {
        identity: command.targetText,
        generation: 0,
      }),
      ...populationOf(of, plan.made.ops),
      readAt: created,
    },
    scope: command.scope,
  };
}

/** What lies at the target, as the program saw it: no listing of ours besides. */
function populationOf(of: Judged, ops: readonly Op[]): { entries: number; bytes: number } {
  const { listing } = of.asked;
  const goes = ops.filter(({ op }) => op === 'delete' || op === 'replace');
  const entries = goes.reduce((sum, op) => sum + op.entries, 0);
  const bytes = goes.reduce((sum, op) => sum + op.bytes, 0);
  const created = ops.filter(({ op }) => op === 'create');
  const newBytes = created.reduce((sum, op) => sum + op.bytes, 0);
  return {
    entries: Math.max(0, listing.seen - listing.created) + entries,
    bytes: Math.max(0, listing.sourceBytes - newBytes) + bytes,
  };
}

function planSource(of: Judged, ops: readonly Op[]): PlanSource | undefined {
  const { command, known, found, asked, session } = of;
  if (known === undefined) return undefined;
  const errors = [...asked.listing.errors, ...limitErrors(asked, ops)];
  const { filter, filterNarrowsDeletes } = command;
  const { place, identity, role, generation, differs, sentinels } = known;
  const { before, seenWith } = found.past;
  return {
    ...{ place, identity, role, generation, differs },
    listing: {
      complete: errors.length === 0 ? 'yes' : 'no',
      ...{ filter, filterNarrowsDeletes, seen: asked.listing.seen, errors, sentinels },
      readAt: session.now(),
    },
    ...(before && { before: { ...before, seen: seenWith.get(filter) ?? before.seen } }),
  };
}

/** `--max-delete`: rsync would delete so many and stop; half of it is nobody's wish. */
function limitErrors({ deleteMax }: Judged['asked'], ops: readonly Op[]): readonly string[] {
  if (deleteMax === undefined) return [];
  const going = ops.filter(({ op }) => op === 'delete');
  const entries = going.reduce((sum, op) => sum + op.entries, 0);
  if (entries <= deleteMax) return [];
  return [`--max-delete=${deleteMax} is less than the ${entries} that would go`];
}

/** Asked who it is only where something would be lost. */
async function sourceOf(
  { cli, session, command }: MakePlan,
  found: FactsFound,
  changes: readonly WrappedChange[],
): Promise<Eligibility | undefined> {
  const { sourcePlace, sourceText } = command;
  if (sourceText === undefined) return undefined;
  const { lastSeen } = found.past;
  if (command.knownSource !== undefined) return command.knownSource(lastSeen);
  const isWanted = lastSeen === undefined || changes.some(({ what }) => what !== 'create');
  if (sourcePlace === undefined || !isWanted) return asLast(sourceText, found);
  const { host, path } = sourcePlace;
  try {
    const named = byteString(
      host === undefined ? bytesOfText(path) : bytesOfText(`${hostWithPort(sourcePlace)}:${path}`),
    );
    const here = { state: session.stateDir, environment: cli.env, mayAsk: cli.terminal.canAsk };
    const lies = parseTreePlace(named, (each) => each);
    const mustExist = mustExistOf(session.settings.config.guard?.trees, lies);
    const identityWanted = enrolledTarget(session.stateDir, command.target)?.identity;
    return await eligibilityOf(here, lies, { lastSeen, mustExist, identityWanted });
  } catch (error) {
    if (!(error instanceof Fault) || host === undefined) throw error;
    return unanswered(sourceText, found);
  }
}

/** Not looked at: what was known of it stays known, for the run that needs it. */
function asLast(place: string, { past }: FactsFound): Eligibility {
  const unseen = eligibilityUnseen(place);
  const { lastSeen, before } = past;
  if (lastSeen === undefined) return unseen;
  const { identity } = lastSeen;
  return { ...unseen, identity, generation: before?.generation ?? 0, sighting: lastSeen };
}

/** An account that may only rsync never answers; one that has answered before does. */
function unanswered(place: string, found: FactsFound): Eligibility {
  const last = asLast(place, found);
  const was = last.sighting.machine;
  if (was === '') return last;
  const named = `machine ${was.slice(0, 8)}`;
  return { ...last, differs: [{ what: 'machine', was: named, is: 'not to be asked' }] };
}

/** `-e 'ssh -p 2222'`: the way rsync goes. */
function hostWithPort({
  host,
  shell,
}: {
  host?: string | undefined;
  shell?: readonly string[] | undefined;
}): string {
  const at = shell?.indexOf('-p') ?? -1;
  const joined = shell?.find((word) => /^-p[0-9]+$/.test(word))?.slice(2);
  const port = at === -1 ? joined : shell?.[at + 1];
  return port === undefined ? (host ?? '') : `${host ?? ''}:${port}`;
}

function bareHost(host: string): string {
  return host.slice(host.lastIndexOf('@') + 1);
}

export function bookPorts({ ports, stateDir }: GuardSession): {
  readonly disk: GuardSession['ports']['disk'];
  readonly tools: GuardSession['ports']['tools'];
  readonly stateDir: ByteString;
} {
  return { disk: ports.disk, tools: ports.tools, stateDir };
}
