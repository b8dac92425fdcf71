/** A guarded command whose target lies on this machine: judged, run, and remembered. */
import { momentHere } from '../../../adapters/node/boot-clock.ts';
import { leaseHolderHere } from '../../../adapters/node/lease-holder.ts';
import { Fault } from '../../../base/fault.ts';
import type { Op, RuleName, Verdict } from '../../../base/plan.ts';
import { unixMs } from '../../../base/units.ts';
import type { BrokenGlass, RunOutcome, SourceMark } from '../../../guard/core/history.ts';
import { isInForce, mayGoForGood, releaseVerdict } from '../../../guard/core/release.ts';
import { runOf } from '../../../guard/core/run-of.ts';
import { applyPlan } from '../../../guard/shell/apply.ts';
import type { ApplyReport, ApplyRequest } from '../../../guard/shell/apply-request.ts';
import { useApprovals } from '../../../guard/shell/approvals.ts';
import { noteBrokenGlass } from '../../../guard/shell/broken-glass.ts';
import { FreezeSwitch } from '../../../guard/shell/freeze-switch.ts';
import { placesThere } from '../../../guard/shell/kept-places.ts';
import { SourceFailure } from '../../../host/source.ts';
import { textOfBytes } from '../../cli/places.ts';
import { approvalPorts, approvalsFor } from '../approvals-here.ts';
import type { GuardSession } from '../guard-session.ts';
import { releaseOver, settleKilled } from '../housekeeping.ts';
import { brokenOf } from '../judge-again.ts';
import { bookPorts, type LocalCommand, type MadePlan, makePlan } from './make-plan.ts';
import { runAs } from './run-as.ts';
import { RUN_EXIT, type RunEnd, type RunParts } from './run-parts.ts';

/** The target lies on this machine. */
export async function runHere(parts: RunParts, command: LocalCommand): Promise<RunEnd> {
  return new LocalRun(parts, command, await parts.openSession()).run();
}

class LocalRun {
  readonly #parts: RunParts;
  readonly #command: LocalCommand;
  readonly #session: GuardSession;
  readonly #freeze: FreezeSwitch;

  constructor(parts: RunParts, command: LocalCommand, session: GuardSession) {
    this.#parts = parts;
    this.#command = command;
    this.#session = session;
    this.#freeze = new FreezeSwitch(bookPorts(session));
  }

  async run(): Promise<RunEnd> {
    // What was asked before something was put in order here counts no more.
    if (settleKilled(this.#session).length > 0) await this.#command.early?.leave();
    const { asked, voice } = this.#parts;
    const made = await this.#plan();
    if (made.kind === 'ended') {
      voice.ended(this.#command, made);
      return { code: made.code, outcome: 'not-run' };
    }
    const verdict = await this.#released(made);
    voice.judged(this.#command, made, verdict);
    if (asked.observe) return this.#observed(made, verdict);
    switch (verdict.decision) {
      case 'allow':
        return this.#allowed(made, verdict);
      case 'deny':
        return this.#refused(made, verdict, 'denied');
      default:
        return this.#held(made, verdict);
    }
  }

  async #plan(): ReturnType<typeof makePlan> {
    const { cli, asked } = this.#parts;
    const session = this.#session;
    const reason = asked.breakGlass;
    try {
      return await makePlan({
        ...{ cli, session, command: this.#command, argv: asked.argv, reason: asked.reason },
        breakGlass: reason === undefined ? undefined : { by: session.actor.name, reason },
      });
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      const { targetText } = this.#command;
      const facts = { path: targetText, errno: error.errno };
      const isDenied = error.errno === 'EACCES' || error.errno === 'EPERM';
      const message = isDenied
        ? `nothing was run: not all that would go below ${targetText} may be looked at by this user`
        : `nothing was run: ${targetText} could not be looked at: ${error.errno}`;
      const code = isDenied ? 'HF_DISK_DENIED' : 'HF_DISK_FAILED';
      throw new Fault(code, message, facts, { cause: error });
    }
  }

  /** With what persons have said to this plan, or to an earlier one that asked for no less. */
  async #released(made: MadePlan): Promise<Verdict> {
    const { verdict, header, digest } = made;
    if (verdict.decision !== 'hold' || this.#parts.asked.observe) return verdict;
    const session = this.#session;
    const now = momentHere(this.#parts.cli.clock);
    const approvals = await approvalsFor(session, { header, digest, verdict, now });
    for (const why of approvals.missed) this.#parts.voice.note(why);
    if (approvals.facts.length === 0) return verdict;
    const released = releaseVerdict(verdict, { now: now.at, approvals: approvals.facts });
    if (released.decision === 'allow') {
      useApprovals(approvalPorts(session), approvals.good, {
        ...{ id: header.id, digest, now: now.at },
      });
    }
    session.store.putVerdict(released, now.at);
    return released;
  }

  /** It did happen, as it was typed: the next run is measured by it, and `guard replay` counts it. */
  async #observed(made: MadePlan, verdict: Verdict): Promise<RunEnd> {
    const code = await runAs(this.#parts, {
      argv: this.#parts.asked.argv,
      input: this.#command.input,
    });
    // It did all that was asked of it, whatever the verdict: the next run is measured by that.
    const isDone = this.#command.endedWell(code);
    if (isDone) this.#adopt(made, 'all');
    this.#record(made, verdict, { outcome: isDone ? 'observed' : 'shown' });
    return { code, outcome: 'shown', made };
  }

  async #allowed(made: MadePlan, verdict: Verdict): Promise<RunEnd> {
    this.#noteBrokenGlass(made, verdict);
    const command = this.#command;
    let code = made.asked.code;
    const withoutUndo = mayGoForGood(verdict);
    const report = await this.#apply(made, { permit: 'all', withoutUndo }, async (backupDir) => {
      const call = command.run?.(backupDir);
      if (call === undefined) return true;
      code = await runAs(this.#parts, call);
      return command.endedWell(code);
    });
    this.#tell();
    const outcome = report.outcome;
    if (outcome !== 'stale') this.#adopt(made, outcome === 'applied' ? 'all' : 'creates');
    this.#record(made, verdict, { outcome });
    this.#dropEmpty(made.header);
    releaseOver(this.#session);
    this.#parts.voice.done(command, made, { report, code });
    return { code: this.#codeAfter(report, code), outcome, made, report };
  }

  /** On the standard output, as the program itself would. */
  #tell(): void {
    const { terminal, wantsJson } = this.#parts.cli;
    const say = wantsJson ? terminal.err : terminal.out;
    for (const line of this.#command.told?.() ?? []) say(`${line}\n`);
  }

  /** A plan that had nothing to do is nothing to keep, unless the program overwrote what nobody saw. */
  #dropEmpty({ id, ops }: MadePlan['header']): void {
    const { ports, store } = this.#session;
    if (ops.count === 0 && placesThere(ports, store.dirOf(id)).length === 0) store.remove(id);
  }

  /** The child's own failure is its own answer; ours has ours. */
  #codeAfter(report: ApplyReport, code: number): number {
    if (report.outcome === 'stale') return RUN_EXIT.stale;
    if (report.outcome === 'stopped' && this.#command.endedWell(code)) return RUN_EXIT.held;
    return code;
  }

  async #held(made: MadePlan, verdict: Verdict): Promise<RunEnd> {
    const { asked, voice } = this.#parts;
    const { found } = made;
    const { runCreates } = this.#command;
    // A freeze or a claim: somebody wants nothing changed there, new or old.
    const isStill = verdict.objections.some(
      (each) => each.rule === 'exact-plan' && isInForce(each),
    );
    if (asked.allOrNothing || runCreates === undefined || isStill) {
      return this.#refused(made, verdict, 'held');
    }
    let code = 0;
    const report = await this.#apply(made, { permit: 'creates' }, async () => {
      code = await runAs(this.#parts, runCreates());
      return this.#command.endedWell(code);
    });
    // A first run of which nothing else was to be said has taken over what lies there. Any other held
    // run is none that the next one is measured by: an empty source would set the measure.
    const isAdopted = verdict.objections
      .filter(isInForce)
      .every(({ rule }) => ABOUT_LOSS.has(rule));
    const outcome = found.past.isFirstRun && isAdopted ? 'additive' : 'held';
    if (outcome === 'additive' || !found.past.isFirstRun) this.#adopt(made, 'creates');
    this.#record(made, verdict, { outcome });
    this.#dropEmpty(made.header);
    voice.held(this.#command, made, { verdict, report, code });
    return { code: RUN_EXIT.held, outcome: 'held', made, report };
  }

  #refused(made: MadePlan, verdict: Verdict, outcome: 'held' | 'denied'): RunEnd {
    this.#record(made, verdict, { outcome });
    this.#dropEmpty(made.header);
    this.#parts.voice.refused(this.#command, made, verdict);
    return { code: RUN_EXIT[outcome], outcome, made };
  }

  #apply(
    made: MadePlan,
    how: Pick<ApplyRequest, 'permit' | 'withoutUndo'>,
    run: (backupDir: string | undefined) => Promise<boolean>,
  ): Promise<ApplyReport> {
    const session = this.#session;
    const { header } = made;
    return applyPlan(session.ports, {
      header,
      // As they were judged, and sealed.
      ops: () => made.made.ops,
      target: this.#command.target,
      stateDir: session.guardDir,
      ...how,
      content: {
        by: 'command',
        run: (backupDir) => run(backupDir && textOfBytes(backupDir)),
        ...(this.#command.copiesFirst ? { copiesFirst: true as const } : {}),
        ...(this.#command.keepsDirTimes === true ? { keepsDirTimes: true as const } : {}),
      },
      holder: leaseHolderHere(),
      until: unixMs(session.now() + session.keepMs),
      stopped: () => (this.#isFrozen() ? 'changes are frozen' : undefined),
    });
  }

  #isFrozen(): boolean {
    return this.#freeze.check(() => momentHere(this.#parts.cli.clock)) !== undefined;
  }

  /** What the pipeline made is its own from now on; what it took away no longer is. */
  #adopt(made: MadePlan, what: 'all' | 'creates'): void {
    const { book } = made.found;
    if (this.#command.cause === 'explicit') return;
    const isCreate = ({ op }: Op): boolean => op === 'create' || op === 'replace';
    const created = made.made.ops.filter(isCreate).map(({ path }) => path);
    if (made.found.past.isFirstRun) book.replaceOwned([...made.adopted, ...created]);
    const isGone = ({ op }: Op): boolean => what === 'all' && op === 'delete';
    const gone = made.made.ops.filter(isGone).map(({ path }) => path);
    if (created.length + gone.length > 0) book.exchange(created, gone);
  }

  #record(made: MadePlan, verdict: Verdict, { outcome }: { readonly outcome: RunOutcome }): void {
    const { header, digest, folded, found } = made;
    const isDone = outcome === 'applied' || outcome === 'observed';
    const deleted = isDone ? lossOf(made) : NONE;
    found.book.record(
      runOf({
        ...{ header, digest, verdict, folded, outcome, deleted },
        at: this.#session.now(),
        isFirst: found.past.isFirstRun,
        ...markOf(made, verdict),
        broken: this.#broken(verdict),
      }),
    );
  }

  #noteBrokenGlass({ header, digest }: MadePlan, verdict: Verdict): void {
    const broken = this.#broken(verdict);
    if (broken === undefined) return;
    const { reason, rules } = broken;
    noteBrokenGlass(bookPorts(this.#session), {
      ...{ at: this.#session.now(), actor: this.#session.actor, reason, rules },
      ...{ plan: header.id, digest, target: header.target.place },
    });
  }

  #broken(verdict: Verdict): BrokenGlass | undefined {
    const { breakGlass: reason } = this.#parts.asked;
    if (reason === undefined || this.#parts.asked.observe) return undefined;
    return brokenOf({ verdict, breakGlass: { by: this.#session.actor.name, reason } });
  }
}

/** What these object to is a loss, and there is none: what comes is as it should be. */
const ABOUT_LOSS: ReadonlySet<RuleName> = new Set(['scoped', 'undo', 'live', 'radius']);

/** A source that was objected to does not become the one that the next is compared with. */
function markOf({ known, found }: MadePlan, verdict: Verdict): { readonly mark?: SourceMark } {
  const isOdd = verdict.objections.some(({ rule }) => rule === 'eligible-source');
  const mark = isOdd ? found.past.lastSeen : known?.sighting;
  return mark === undefined ? {} : { mark };
}

const NONE = { entries: 0, bytes: 0 };

/** As the radius counts: what only changed its name was not taken away. */
function lossOf({ made }: MadePlan): { readonly entries: number; readonly bytes: number } {
  const lost = made.ops.filter(
    ({ op, cause }) => op === 'replace' || (op === 'delete' && cause !== 'replaced'),
  );
  return {
    entries: lost.reduce((sum, { entries }) => sum + entries, 0),
    bytes: lost.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
