/** `holdfast approve`: a person lets a plan that is held pass, by their SSH key. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { parseSshHost, type SshHost } from '../../adapters/ssh/ssh-host.ts';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { wrap } from '../../base/say-width.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import type { Style } from '../../base/say.ts';
import { formatInstant } from '../../base/say-time.ts';
import type { Verdict } from '../../base/plan.ts';
import { parseApproval } from '../../guard/core/approval.ts';
import { decisionOf, releaseVerdict } from '../../guard/core/release.ts';
import { addApproval, type GoodApproval } from '../../guard/shell/approvals.ts';
import { drawnHex } from '../../vault/shell/whole-file.ts';
import type { StoredPlan } from '../../guard/shell/plan-store.ts';
import { approvalPorts, approvalsFor, hostIdHere } from '../guard/approvals-here.ts';
import { approvePlan, type Subject } from '../guard/approve-plan.ts';
import { farHoldfast } from '../guard/far-holdfast.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { isExport, readExport } from '../guard/plan-export.ts';
import { signersAnswer } from '../guard/signers-answer.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
import { fullPath, readSettings } from './settings.ts';
import { parseTimeLimit } from './time-limit.ts';

interface Options {
  readonly config?: string;
  readonly key?: string;
  readonly for?: string;
  readonly add?: true;
  readonly signers?: true;
}

const EXAMPLE = `
The plan is shown from the bytes that are signed; then its digest is typed. Who
may approve is decided on the host that applies it, by allowed_signers below
/etc/holdfast (ssh-keygen(1), ALLOWED SIGNERS); service:NAME, agent:NAME never.
Best on your own machine, where your key is: over ssh, or carried by hand.

Examples:
  holdfast approve p-7f3a 9c417be2
  holdfast approve root@mirror1:p-7f3a     # over ssh, signed here
  holdfast plan p-7f3a --export > p-7f3a.plan     # there, and without ssh
  holdfast approve p-7f3a.plan > p-7f3a.yes       # here
  holdfast approve --add p-7f3a.yes               # there`;

export function define(command: Command, act: Act): void {
  command
    .summary('let a plan that is held pass, signed with your SSH key')
    .description('Approves a plan: you sign it, exactly as it is, for the host that applies it.')
    .argument(
      '[plan]',
      'its id, HOST:ID, or the file of `plan ID --export`; with --add the approval',
    )
    .argument('[digest]', 'its first eight digits; else they are asked for')
    .option('--key <file>', 'a key of yours; else your agent or ~/.ssh is asked')
    .option('--for <span>', 'how long it is good, such as 4h; else as long as the plan')
    .option('--add', 'take in an approval that was made elsewhere, from a file or stdin')
    .option('--signers', 'who may approve on this host')
    .option('--config <file>', 'another configuration file')
    .addHelpText('after', EXAMPLE)
    .action(
      act(
        async (cli, [plan, digits, options]: [string | undefined, string | undefined, Options]) => {
          const session = await openGuard(cli, await readSettings(cli, options));
          if (options.signers === true) return signersAnswer(session);
          if (options.add === true) return add(cli, session, plan);
          if (plan === undefined) throw usage('name the plan: holdfast plan lists them');
          const file = fullPath(cli, plan);
          const given = { plan, digits, options };
          const far = farPlan(plan);
          if (far !== undefined) return approveFar(cli, session, { ...given, ...far });
          return isExport(session, file)
            ? approveCarried(cli, session, { ...given, file })
            : approveHere(cli, session, given);
        },
      ),
    );
}

interface Given {
  readonly plan: string;
  readonly digits: string | undefined;
  readonly options: Options;
}

function requestOf({ digits, options }: Given) {
  const span =
    options.for === undefined ? undefined : parseTimeLimit(options.for, 'approve', '--for');
  return { digits, key: options.key, span };
}

async function approveHere(cli: Cli, session: GuardSession, given: Given): Promise<Answer> {
  const { store } = session;
  const plan = store.find(given.plan);
  const verdict = store.verdict(plan.header.id)?.verdict;
  const subject: Subject = { ...plan, store, verdict, host: hostIdHere(), hostName: undefined };
  const text = await approvePlan(cli, session, { subject, asked: requestOf(given) });
  return taken(cli, session, { plan, text });
}

/** Nothing of it stays here but what the person prints. */
async function approveCarried(
  cli: Cli,
  session: GuardSession,
  given: Given & { readonly file: ByteString },
): Promise<Answer> {
  const carried = readExport(session, given.file);
  try {
    const text = await approvePlan(cli, session, { subject: carried, asked: requestOf(given) });
    cli.terminal.err(`Signed. On ${sayText(carried.hostName)}: holdfast approve --add\n`);
    const lines = text.trimEnd().split('\n');
    return {
      code: EXIT.done,
      say: () => lines,
      json: { plan: carried.header.id, approval: text },
    };
  } finally {
    carried.drop();
  }
}

/** Fetched, looked at and signed here, and brought back. */
async function approveFar(
  cli: Cli,
  session: GuardSession,
  given: Given & { readonly at: SshHost; readonly id: string },
): Promise<Answer> {
  const { at, id } = given;
  const { disk } = session.ports;
  const dir = byteString(`${session.stateDir}/guard/carried`);
  const path = byteString(`${dir}/${id}-${drawnHex(session.ports, 8)}.plan`);
  disk.makeDir(dir);
  const file = disk.create(path);
  try {
    await farHoldfast(cli, {
      at,
      args: ['plan', id, '--export'],
      take: (part) => file.write(part),
    });
    file.close();
    const carried = readExport(session, path);
    try {
      const text = await approvePlan(cli, session, { subject: carried, asked: requestOf(given) });
      return await brought(cli, { at, text });
    } finally {
      carried.drop();
    }
  } finally {
    disk.unlink(path);
  }
}

/** What is said there of the approval is said here. */
async function brought(
  cli: Cli,
  { at, text }: { readonly at: SshHost; readonly text: ByteString },
): Promise<Answer> {
  let said = '';
  const take = (part: Uint8Array): void => {
    if (said.length < SAID_MAX) said += Buffer.from(part).toString('utf8');
  };
  const input = Buffer.from(text, 'latin1');
  await farHoldfast(cli, { at, args: ['approve', '--add'], input, take });
  const lines = said
    .trimEnd()
    .split('\n')
    .map((line) => sayText(line));
  return { code: EXIT.done, say: () => lines, json: { host: at.host, said: lines } };
}

/** `mirror1:p-7f3a`, `ann@mirror1:p-7f3a`. */
function farPlan(given: string): { readonly at: SshHost; readonly id: string } | undefined {
  const [, host = '', id = ''] = /^([^/]+):(p-[0-9a-f]{1,8})$/.exec(given) ?? [];
  const at = host === '' ? undefined : parseSshHost(host);
  return at === undefined || typeof at === 'string' ? undefined : { at, id };
}

const SAID_MAX = 65_536;

async function add(cli: Cli, session: GuardSession, file: string | undefined): Promise<Answer> {
  const from = file === undefined || file === '-' ? 0 : fsPath(fullPath(cli, file));
  const text = byteString(readAll(from).toString('latin1'));
  const approval = parseApproval(text);
  if (approval === undefined) {
    throw new Fault('HF_APPROVAL_INVALID', 'what was given is no approval, or not all of it');
  }
  const plan = session.store.read(approval.statement.plan);
  return taken(cli, session, { plan, text });
}

function readAll(from: number | string | Buffer): Buffer {
  try {
    return fs.readFileSync(from);
  } catch (error) {
    const why = error instanceof Error ? sayText(error.message) : 'unknown';
    throw usage(`the approval cannot be read: ${why}`);
  }
}

async function taken(
  cli: Cli,
  session: GuardSession,
  { plan, text }: { readonly plan: StoredPlan; readonly text: ByteString },
): Promise<Answer> {
  const { header, digest } = plan;
  const now = momentHere(cli.clock);
  const held = { id: header.id, digest, target: header.target.identity };
  const good = await addApproval(approvalPorts(session), { text, plan: held, now });
  const judged = session.store.verdict(header.id)?.verdict;
  const { facts } =
    judged === undefined
      ? { facts: [] }
      : await approvalsFor(session, { ...plan, verdict: judged, now });
  const verdict = judged && releaseVerdict(judged, { now: now.at, approvals: facts });
  const persons = [...new Set(facts.map(({ person }) => person))];
  const since = Math.min(...facts.map(({ at }) => at));
  const state: Taken = { plan, good, verdict, persons, since, now: now.at };
  return {
    code: EXIT.done,
    say: (style) => takenWords(state, style),
    json: {
      plan: header.id,
      person: good.person,
      key: good.key,
      until: timeJson(good.approval.statement.expires),
      persons,
      decision: verdict?.decision ?? 'hold',
    },
  };
}

interface Taken {
  readonly plan: StoredPlan;
  readonly good: GoodApproval;
  readonly verdict: Verdict | undefined;
  readonly persons: readonly string[];
  /** When the first approval came. */
  readonly since: number;
  readonly now: number;
}

function* takenWords(state: Taken, style: Style): Iterable<string> {
  const { plan, good, verdict, now } = state;
  const { id } = plan.header;
  const until = formatInstant(good.approval.statement.expires, now);
  const isFree = verdict !== undefined && decisionOf(verdict.objections) === 'allow';
  const text = `${sayText(good.person)} has approved ${id}, until ${until}. ${waits(state, isFree)}`;
  yield* layoutSentence(style, { mark: { is: isFree ? 'ok' : 'held' }, text });
  yield '';
  yield* wrap(nextStep(plan.header), style.width);
}

/** What a command did is done by running it again: it reads anew, and cites what was approved. */
function nextStep({ id, command, doneBy, source }: StoredPlan['header']): string {
  if (doneBy === 'command' && command !== undefined) {
    return `Run it again: holdfast guard run -- ${command.map(quoteWord).join(' ')}`;
  }
  if (source !== undefined) return 'Run the command again that made it.';
  return `Apply it: holdfast apply ${id}`;
}

function waits({ verdict, persons, since, now }: Taken, isFree: boolean): string {
  if (isFree) return 'It can be applied now.';
  if (verdict === undefined) return 'It was not judged yet.';
  const { approvals, coolOffMs } = verdict.needs;
  const missing = approvals - persons.length;
  const more = missing === 1 ? 'one more person approves' : `${missing} more persons approve`;
  if (missing <= 0) return 'It is still held: see holdfast plan.';
  if (coolOffMs === undefined) return `It can be applied when ${more}.`;
  return `It can be applied when ${more}, or from ${formatInstant(since + coolOffMs, now)}. Whoever logs in is told by holdfast claim --motd.`;
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', message, { command: 'approve' });
}
