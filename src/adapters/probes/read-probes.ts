import fs from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { probesKey, withoutKey } from '../../wire/agent/probe-config.ts';
import { errnoOf } from '../node/errno.ts';
import type { ProbesConfigured } from './probes-here.ts';

const FILE = '/etc/holdfast/agent.yaml';
const BYTES_MAX = 4 * 1024 * 1024;

/** The other keys of the file are the agent's. */
const part = z.looseObject({ probes: probesKey.optional(), without: withoutKey.optional() });

/**
 * The probes of agent.yaml; none where nobody named a file and there is none.
 *
 * @throws Fault HF_CONFIG_INVALID
 */
export function readProbes(named?: string): ProbesConfigured {
  const file = named ?? FILE;
  const text = textOf(file, named !== undefined);
  if (text === undefined) return { probes: {}, without: [] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const what = broken.message.split('\n')[0]?.replace(/ at line .*$/, '') ?? 'it is no YAML';
    throw invalid(file, `line ${line}, column ${col}: ${what}`, 'Write it as YAML.');
  }
  const parsed = part.safeParse(document.toJS() ?? {});
  if (parsed.success) {
    const { probes = {}, without = [] } = parsed.data;
    return { probes, without };
  }
  const [issue] = parsed.error.issues;
  const name = issue?.path.map(String).join('.') ?? '';
  const what = `${name} is not what it should be: ${issue?.message ?? 'no list of keys'}`;
  const instead = 'Write it as docs/operating/probes.md shows for its kind.';
  throw invalid(file, what, instead);
}

function textOf(file: string, isNamed: boolean): string | undefined {
  try {
    const text = fs.readFileSync(file, 'utf8');
    if (text.length <= BYTES_MAX) return text;
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    if (errno === 'ENOENT' && !isNamed) return undefined;
    throw invalid(file, `it cannot be read (${errno})`, 'Name a file that may be read.', cause);
  }
  throw invalid(file, 'it is too large for a configuration', 'Name the right file.');
}

function invalid(...[file, what, instead, cause]: [string, string, string, unknown?]): Fault {
  return new Fault('HF_CONFIG_INVALID', `${file}: ${what}`, { file, instead }, { cause });
}
