/** `holdfast agent files`: one want comes on standard input, by the agent's own hand. */
import type { Readable } from 'node:stream';
import { Fault } from '../../base/fault.ts';
import type { Want } from '../../watch/core/files/wants.ts';
import { filesWant } from '../../wire/agent/files.ts';
import { stdoutSink } from '../cli/byte-sink.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { filesHere } from './files-here.ts';
import { restoreHere } from './files-restore.ts';

/** A hundred paths, each as long as paths may be, and what JSON makes of them. */
const WANT_BYTES_MAX = 32 * 1024 * 1024;
const WORDS_MAX = 500;

/** @throws Fault HF_USAGE, and of a restore as it does */
export async function answerFiles(cli: Cli, input: Readable): Promise<Answer> {
  const want = await wantOf(input);
  const sink = stdoutSink();
  const line = (value: object): Promise<void> =>
    sink.write(Buffer.from(`${JSON.stringify(value)}\n`, 'utf8'));
  const nothing = { say: () => [], json: {} };
  if (want.want === 'restore') {
    const { code, json } = await restoreHere(cli, want);
    await line(json);
    return { code, ...nothing };
  }
  const progress = { hasBegun: false };
  try {
    await filesHere(cli, want, {
      line: async (value) => {
        progress.hasBegun = true;
        await line(value);
      },
      bytes: (bytes) => sink.write(bytes),
    });
  } catch (error) {
    // Behind an answer no word of ours may stand: that it ends with another code says it.
    if (!(error instanceof Fault) || progress.hasBegun) throw error;
    const { code, message, remedy } = error;
    const said = { what: message.slice(0, WORDS_MAX), remedy: remedy.slice(0, WORDS_MAX) };
    await line({ refused: { code, ...said } });
  }
  return { code: EXIT.done, ...nothing };
}

async function wantOf(input: Readable): Promise<Want> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of input as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > WANT_BYTES_MAX) break;
    parts.push(part);
  }
  const parsed = filesWant.safeParse(jsonOf(Buffer.concat(parts).toString('utf8')));
  if (parsed.success) return parsed.data;
  const message = 'this is no want: the agent of this host writes it';
  throw new Fault('HF_USAGE', message, { command: 'agent' }, { cause: parsed.error });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The schema refuses it.
  }
}
