/** A wrapped rsync whose target lies on another machine that has Holdfast: that one judges. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { readTreeSight } from '../../../adapters/trees/tree-sight.ts';
import { Fault } from '../../../base/fault.ts';
import { sayMessage } from '../../../base/say-name.ts';
import type { TreeSight } from '../../../guard/core/eligibility.ts';
import { byteString } from '../../../base/bytes.ts';
import { bytesOfText } from '../../cli/places.ts';
import { FAR_VERSION, type FarRun, JsonLines, type ToFar, type ToNear } from './far-lines.ts';
import type { RunAs, RunEnd, RunParts } from './run-parts.ts';
import type { Guarded } from './wrapped.ts';

const FAR_COMMAND = 'exec holdfast guard far';
/** Of the shell there: no such program. */
const ABSENT = new Set([126, 127]);

/** @returns undefined where the other machine has no Holdfast that understands this */
export async function runThere(
  parts: RunParts,
  command: Guarded,
  runAs: RunAs,
): Promise<RunEnd | undefined> {
  const { far } = command;
  if (far === undefined || parts.asked.breakGlass !== undefined) return undefined;
  const [program = 'ssh', ...words] = far.shell ?? ['ssh'];
  const host = far.host.replace(/^((?:.*@)?)\[(.*)\]$/, '$1$2');
  const child = spawn(program, [...words, host, FAR_COMMAND], {
    env: parts.cli.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  const closed = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
  const line = new JsonLines<ToFar, ToNear>(child.stdout, child.stdin);
  line.send({ hello: await helloOf(parts, command) });
  const first = await line.next();
  if (first === undefined || !('begun' in first) || first.begun !== FAR_VERSION) {
    line.end();
    const code = await closed;
    // What ssh itself cannot reach, rsync will not reach either, and says so in its own code.
    if (!ABSENT.has(code) && code !== 255 && said !== '') parts.voice.note(said);
    return undefined;
  }
  try {
    return await new NearRun(parts, command, { line, runAs }).talk();
  } finally {
    line.end();
    await closed;
  }
}

class NearRun {
  readonly #parts: RunParts;
  readonly #command: Guarded;
  readonly #line: JsonLines<ToFar, ToNear>;
  readonly #runAs: RunAs;
  #hasSpoken = false;

  constructor(
    parts: RunParts,
    command: Guarded,
    of: { readonly line: JsonLines<ToFar, ToNear>; readonly runAs: RunAs },
  ) {
    this.#parts = parts;
    this.#command = command;
    this.#line = of.line;
    this.#runAs = of.runAs;
  }

  async talk(): Promise<RunEnd> {
    for (;;) {
      const message = await this.#line.next();
      if (message === undefined) throw this.#lost();
      if ('ask' in message) await this.#ask(message.ask.all);
      else if ('run' in message) this.#line.send({ ended: await this.#run(message.run) });
      else if ('say' in message) this.#passOn(message.say);
      else if ('done' in message) return this.#done(message.done);
      else if ('fault' in message) throw this.#faultThere(message.fault);
    }
  }

  #passOn(text: string): void {
    this.#hasSpoken = true;
    this.#parts.voice.passOn(text);
  }

  async #ask(all: boolean): Promise<void> {
    const asked = await this.#command.ask(
      (change) => this.#line.add({ change }),
      all ? (same) => this.#line.add({ same }) : undefined,
    );
    this.#line.send({ listed: asked });
  }

  #run(run: FarRun): Promise<number> {
    const command = this.#command;
    const call =
      run.how === 'full'
        ? command.run?.(run.backupDir)
        : run.how === 'creates'
          ? command.runCreates?.()
          : undefined;
    const { argv } = this.#parts.asked;
    return this.#runAs(this.#parts, call ?? { argv, input: command.input });
  }

  #done({ code, json }: Extract<ToNear, { done: object }>['done']): RunEnd {
    const host = this.#command.far?.host ?? '';
    if (this.#hasSpoken)
      this.#parts.voice.note(`Plan and undo are kept on ${host}: use them there.`);
    return { code, outcome: 'elsewhere', there: json };
  }

  #lost(): Fault {
    const host = this.#command.far?.host ?? '';
    const message = `${host} went away before it said how it ended`;
    return new Fault('HF_GUARD_FAR', message, { host });
  }

  #faultThere(fault: Extract<ToNear, { fault: object }>['fault']): Fault {
    const host = this.#command.far?.host ?? '';
    const message = `on ${host}: ${sayMessage(`${fault.code}: ${fault.message}. ${fault.remedy}`)}`;
    return new Fault('HF_GUARD_FAR', message, { host });
  }
}

async function helloOf(
  parts: RunParts,
  command: Guarded,
): Promise<Extract<ToFar, { hello: object }>['hello']> {
  const { asked, voice } = parts;
  const { sourcePlace } = command;
  const isHere = sourcePlace !== undefined && sourcePlace.host === undefined;
  const path = isHere ? sourcePlace.path : undefined;
  const sight = path === undefined ? undefined : await sightOf(parts, path);
  const { pipeline, reason, observe, allOrNothing } = asked;
  return {
    version: FAR_VERSION,
    argv: asked.argv,
    sourceText: `${os.hostname()}:${command.sourceText ?? ''}`,
    sourceHost: os.hostname(),
    sourcePath: path,
    sourceIsDir:
      path !== undefined && fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
    ...(sight === undefined ? {} : { sight }),
    ...voice.manner,
    asked: {
      ...(pipeline === undefined ? {} : { pipeline }),
      ...(reason === undefined ? {} : { reason }),
      ...{ observe, allOrNothing },
    },
  };
}

async function sightOf({ cli, stateDir }: RunParts, path: string): Promise<TreeSight> {
  const state = await stateDir();
  const place = { at: undefined, path: byteString(bytesOfText(path)) };
  const seen = await readTreeSight({
    ...{ place, state, mustExist: [], environment: cli.env, mayAsk: false },
  });
  const { state: kind, host, mount, marker, registered, sentinels } = seen;
  return { state: kind, host, mount, marker, registered, sentinels };
}
