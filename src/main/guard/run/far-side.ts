/** `holdfast guard far`: this machine has the target of an rsync that runs on another one. */
import type { Readable, Writable } from 'node:stream';
import { byteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { eligibility, eligibilityUnseen } from '../../../guard/core/eligibility.ts';
import type { Cli } from '../../cli/cli.ts';
import type { GuardSession } from '../guard-session.ts';
import {
  FAR_VERSION,
  type FarHello,
  type FarRun,
  JsonLines,
  type ToFar,
  type ToNear,
} from './far-lines.ts';
import { runHere } from './run-here.ts';
import { RUN_EXIT, type RunEnd } from './run-parts.ts';
import { runJson } from './run-json.ts';
import { RunVoice } from './run-voice.ts';
import { rsyncAtTarget } from './understand-rsync.ts';
import type { Asked, Guarded } from './wrapped.ts';

/** As if it had been lost: of a child whose end nobody told. */
const UNTOLD = 255;

export interface FarParts {
  readonly cli: Cli;
  readonly input: Readable;
  readonly output: Writable;
  readonly openSession: () => Promise<GuardSession>;
}

/** @returns false where what came first was no greeting */
export async function serveFar(parts: FarParts): Promise<boolean> {
  const line = new JsonLines<ToNear, ToFar>(parts.input, parts.output);
  const first = await line.next();
  if (first === undefined || !('hello' in first) || first.hello.version !== FAR_VERSION)
    return false;
  line.send({ begun: FAR_VERSION });
  try {
    const end = await perform(parts, line, first.hello);
    line.send({ done: { code: end.code, outcome: end.outcome, json: runJson(end) } });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message, remedy } = error;
    line.send({ fault: { code, message, remedy } });
  }
  line.end();
  return true;
}

async function perform(
  { cli, openSession }: FarParts,
  line: JsonLines<ToNear, ToFar>,
  hello: FarHello,
): Promise<RunEnd> {
  const around = { cwd: cli.cwd, env: cli.env };
  const here = await rsyncAtTarget(hello.argv, around, hello.sourceIsDir);
  const run = async (how: FarRun): Promise<number> => {
    line.send({ run: how });
    const answer = await line.next();
    return answer !== undefined && 'ended' in answer ? answer.ended : UNTOLD;
  };
  // Nothing is there that could be lost: rsync says what it says.
  if (here === undefined || here.target === 'remote') {
    return { code: await run({ how: 'as-is' }), outcome: 'unguarded' };
  }
  const { asked, style, saysWell } = hello;
  const command = proxied(here, line, hello);
  const { target } = here;
  return runHere(
    {
      cli,
      openSession,
      asked: {
        ...{ argv: hello.argv, pipeline: asked.pipeline, reason: asked.reason },
        ...{ observe: asked.observe, allOrNothing: asked.allOrNothing, breakGlass: undefined },
      },
      voice: new RunVoice({
        err: (text) => line.send({ say: text }),
        raw: (text) => line.send({ say: text }),
        ...{ style, saysWell, isObserved: asked.observe, isGlassBroken: false },
      }),
      stateDir: async () => (await openSession()).stateDir,
      runElsewhere: (argv) => run(howOf(argv)),
      ran: {},
    },
    { ...command, target, pipeline: asked.pipeline ?? command.pipeline },
  );
}

const FULL = 'full';
const CREATES = 'creates';

/** What is run is named, not made, here: the other side knows its own command line. */
function howOf([how, backupDir]: readonly string[]): FarRun {
  if (how === CREATES) return { how };
  if (how !== FULL) return { how: 'as-is' };
  return backupDir === undefined ? { how } : { how, backupDir };
}

function proxied(here: Guarded, line: JsonLines<ToNear, ToFar>, hello: FarHello): Guarded {
  const { sight, sourceText, sourceHost, sourcePath } = hello;
  return {
    ...here,
    sourceText,
    pipeline: `rsync:${sourceText}>${here.targetText}`,
    sourcePlace: { host: sourceHost, path: sourcePath ?? '' },
    knownSource: (lastSeen) =>
      sight === undefined
        ? eligibilityUnseen(sourceText)
        : eligibility(sight, { place: sourceText, lastSeen }),
    ask: (see, same) => heard(line, { see, same }),
    run: (backupDir) => ({ argv: backupDir === undefined ? [FULL] : [FULL, backupDir] }),
    runCreates: () => ({ argv: [CREATES] }),
    sourceFile: () => undefined,
    input: undefined,
  };
}

async function heard(
  line: JsonLines<ToNear, ToFar>,
  to: {
    readonly see: Parameters<Guarded['ask']>[0];
    readonly same: Parameters<Guarded['ask']>[1];
  },
): Promise<Asked> {
  line.send({ ask: { all: to.same !== undefined } });
  for (;;) {
    const message = await line.next();
    if (message === undefined) return { kind: 'ended', code: RUN_EXIT.notRun, said: '' };
    if ('change' in message) to.see(message.change);
    else if ('same' in message) to.same?.(byteString(message.same));
    else if ('listed' in message) return message.listed;
  }
}
