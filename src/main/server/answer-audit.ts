/** `holdfast server audit`: whether the log is one chain, what it ends with, and all of it as a file. */
import fs from 'node:fs';
import path from 'node:path';
import type { AuditHead, AuditLine } from '../../access/core/account.ts';
import {
  type AuditVerdict,
  NO_LINE,
  parseAuditText,
  verifyAudit,
} from '../../access/core/audit.ts';
import { nodeHash } from '../../adapters/node/hash.ts';
import type { ServerState } from '../../adapters/sqlite/open-server-state.ts';
import { Fault } from '../../base/fault.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import type { AuditOptions } from '../cli/server-options.ts';
import { readRegister } from './agent-register.ts';
import { openOwnState } from './own-state.ts';
import { REGISTER_NAME } from './server-names.ts';
import { serverPlace } from './server-place.ts';

const COMMAND = 'server audit';
const PAGE = 1000;
/** 100 000 lines of at most some kilobytes. */
const EXPORT_BYTES_MAX = 1_073_741_824;
const LAST_MAX = 1000;

/** What is proven: the lines, and what was noted of them elsewhere. */
interface Log {
  readonly texts: readonly string[];
  readonly witnesses: readonly AuditHead[];
  readonly from: string;
  /** What the state notes beside its lines and is not as they are. */
  readonly wrong?: string | undefined;
}

export async function answerAudit(cli: Cli, options: AuditOptions): Promise<Answer> {
  const noted = options.head === undefined ? [] : [headOf(options.head)];
  const last = lastOf(options.last ?? '20');
  const read = options.verify === undefined ? await ownLog(cli, options) : fileLog(options.verify);
  const log = { ...read, witnesses: [...read.witnesses, ...noted] };
  const verdict = verdictOf(log);
  const code = verdict.isWhole ? EXIT.done : EXIT.differs;
  if (options.export === true) {
    const [head] = log.witnesses.slice(-1);
    // Its lines as they stand, right or not: they are evidence. What is wrong is said beside.
    if (!verdict.isWhole) cli.terminal.err(`${sayVerdict(verdict)}\n`);
    const json = { lines: log.texts, ...jsonOf(verdict), witness: head ?? null };
    return { code, say: () => log.texts, json };
  }
  const shown = log.texts.slice(log.texts.length - Math.min(last, log.texts.length));
  return {
    code,
    say: (style) => words(style, { verdict, shown, log }),
    json: { ...jsonOf(verdict), lines: shown.map((text) => parseAuditText(text) ?? text) },
  };
}

async function ownLog(cli: Cli, options: AuditOptions): Promise<Log> {
  const { directory } = await serverPlace(cli, options);
  const register = readRegister(path.join(directory, REGISTER_NAME));
  const state = await openOwnState(directory);
  try {
    const cut = await state.auditCut();
    const { texts, wrong } = await pagesOf(state, cut);
    const witness = register?.audit;
    // What was cut off since cannot be shown any more.
    const witnesses = witness === undefined || witness.n <= cut.n ? [] : [witness];
    return { texts, witnesses, from: 'this server', wrong };
  } finally {
    await state.close();
  }
}

/** Each row is noted by number and hash beside its text: they are to say the same. */
async function pagesOf(
  state: ServerState,
  cut: AuditHead,
): Promise<{ readonly texts: readonly string[]; readonly wrong: string | undefined }> {
  const texts: string[] = [];
  let wrong: string | undefined;
  for (let after = -1; ; ) {
    const page = await state.auditTexts({ after, countMax: PAGE });
    for (const { n, hash, text } of page) {
      const line = parseAuditText(text);
      if (texts.length === 0 && (line?.n !== cut.n + 1 || line.previous !== cut.hash)) {
        wrong ??= `the first line does not follow line ${cut.n}, the last that was cut off`;
      }
      if (line?.n !== n || line.hash !== hash) wrong ??= `row ${n} is not the line that it holds`;
      texts.push(text);
    }
    const end = page.at(-1);
    if (end === undefined) return { texts, wrong };
    after = end.n;
  }
}

function fileLog(file: string): Log {
  const texts = textOf(file).split('\n');
  // A line that was torn has no end: it is none.
  if (texts.at(-1) === '') texts.pop();
  // A log begins with the server: an export of nothing is one of which all was cut off.
  const wrong = texts.length === 0 ? 'there is no line in it' : undefined;
  return { texts, witnesses: [], from: file, wrong };
}

function textOf(file: string): string {
  try {
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) throw noExport(file, 'is not there');
    if (size > EXPORT_BYTES_MAX) throw noExport(file, 'is larger than any export');
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error instanceof Fault) throw error;
    throw noExport(file, `cannot be read (${String(error.code)})`);
  }
}

function noExport(file: string, why: string): Fault {
  return new Fault('HF_USAGE', `${sayText(file)} ${why}`, { command: COMMAND });
}

function verdictOf({ texts, witnesses, wrong }: Log): AuditVerdict {
  const hash = nodeHash();
  const verdicts = [undefined, ...witnesses].map((witness) => verifyAudit(hash, texts, witness));
  const [plain] = verdicts;
  const broken = verdicts.find(({ isWhole }) => !isWhole);
  if (broken !== undefined) return broken;
  if (wrong !== undefined) return { isWhole: false, at: 1, why: wrong };
  return plain ?? { isWhole: true, first: 0, head: NO_LINE };
}

function words(
  style: Style,
  of: { readonly verdict: AuditVerdict; readonly shown: readonly string[]; readonly log: Log },
): readonly string[] {
  const { verdict, shown, log } = of;
  const lines = shown.flatMap((text) => {
    const line = parseAuditText(text);
    return [line === undefined ? `? ${sayText(text.slice(0, 200))}` : wordsOf(line)];
  });
  const mark = { is: verdict.isWhole ? ('ok' as const) : ('failed' as const) };
  const sentence = layoutSentence(style, { mark, text: sayVerdict(verdict) });
  const head = verdict.isWhole ? [`head ${verdict.head.n}:${verdict.head.hash}`] : [];
  const note =
    verdict.isWhole && log.witnesses.length === 0
      ? ['Nothing that was noted elsewhere was compared: whoever can write it can write it anew.']
      : [];
  return [...lines, ...(lines.length > 0 ? [''] : []), ...sentence, ...head, ...note];
}

function wordsOf({ n, at, who, act, outcome, subject, from, detail }: AuditLine): string {
  const more = Object.entries(detail).map(([key, value]) => `${key}=${sayText(String(value))}`);
  const what = [act, ...(outcome === 'done' ? [] : [outcome]), subject].filter((one) => one !== '');
  const whom = `${who === '' ? 'nobody known' : sayText(who)} (${sayText(from)})`;
  return [n, isoTimeOf(at), whom, ...what.map((one) => sayText(one)), ...more].join(' ');
}

function sayVerdict(verdict: AuditVerdict): string {
  if (!verdict.isWhole) return `The log is not whole: line ${verdict.at} of it: ${verdict.why}.`;
  const { first, head } = verdict;
  if (head.n === 0) return 'The log has no line yet.';
  return `The log is one chain from line ${first} to line ${head.n}.`;
}

function jsonOf(verdict: AuditVerdict): object {
  return verdict.isWhole
    ? { isWhole: true, first: verdict.first, head: verdict.head }
    : { isWhole: false, at: verdict.at, why: verdict.why };
}

function headOf(given: string): AuditHead {
  const [, n = '', hash = ''] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(given) ?? [];
  if (hash !== '') return { n: Number(n), hash };
  throw new Fault('HF_USAGE', '--head is N:HASH, as `server audit` prints it', {
    command: COMMAND,
  });
}

function lastOf(given: string): number {
  if (/^\d{1,4}$/.test(given) && Number(given) <= LAST_MAX) return Number(given);
  throw new Fault('HF_USAGE', `--last is a number up to ${LAST_MAX}`, { command: COMMAND });
}
