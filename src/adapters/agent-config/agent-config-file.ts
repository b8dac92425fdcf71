/**
 * Reads agent.yaml. What it allows counts only where nobody but root can have written it: a file that
 * the agent itself could change would allow whatever somebody who took the agent over wants.
 */
import fs from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { Fault } from '../../base/fault.ts';
import { type AgentConfig, agentConfigSchema } from '../../wire/agent/agent-config.ts';
import { errnoOf } from '../node/errno.ts';

export const AGENT_CONFIG = '/etc/holdfast/agent.yaml';

const SIZE_MAX = 1024 * 1024;
const OTHERS_WRITE = 0o022;

export interface AgentConfigRead {
  readonly config: AgentConfig;
  /** Why it is not followed, or not wholly; the level is then `look`, and there are no jobs. */
  readonly trouble?: string | undefined;
}

/** Undefined where there is no such file. @throws Fault HF_AGENT_CONFIG: it cannot be read, or not understood */
export function parseAgentConfig(file: string): AgentConfigRead | undefined {
  const read = textOf(file);
  if (read === undefined) return undefined;
  const config = configOf(file, read.text);
  if (read.doubt === undefined) return { config };
  // Nothing of it holds: plugins and stoppers are programs that it would have run.
  return {
    config: {},
    trouble: `${file} ${read.doubt}: the level is look, and nothing of it holds`,
  };
}

/** As above, and what is wrong is said instead of thrown: an agent that can look, looks. */
export function readAgentConfig(file: string): AgentConfigRead {
  try {
    return parseAgentConfig(file) ?? { config: {} };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const trouble = `${error.message}: the level is look, and nothing else of it holds`;
    return { config: {}, trouble };
  }
}

function textOf(file: string): { readonly text: string; readonly doubt?: string } | undefined {
  try {
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile() || stat.size > SIZE_MAX) {
        const instead = 'Write it as docs/operating/agent.md has it.';
        throw new Fault('HF_AGENT_CONFIG', `${file} is no configuration`, { file, instead });
      }
      const text = fs.readFileSync(fd, 'utf8');
      const doubt = doubtOf(stat);
      return doubt === undefined ? { text } : { text, doubt };
    } finally {
      fs.closeSync(fd);
    }
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    if (errno === 'ENOENT') return undefined;
    const instead = `Let the agent read ${file}.`;
    throw new Fault('HF_AGENT_CONFIG', `${file} cannot be read: ${errno}`, { file, instead });
  }
}

function doubtOf({ uid, mode }: fs.Stats): string | undefined {
  if (uid !== 0) return 'does not belong to root';
  return (mode & OTHERS_WRITE) === 0 ? undefined : 'may be written by others than root';
}

function configOf(file: string, text: string): AgentConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw invalid({
      file,
      at: { line, col },
      what: 'this is no YAML',
      instead: 'Write it as YAML.',
    });
  }
  const parsed = agentConfigSchema.safeParse(document.toJS({ maxAliasCount: 10 }) ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const where = path.length === 0 ? 'it' : path.map(String).join('.');
  const instead = `Write it as docs/operating/agent.md has it (${issue?.message ?? ''}).`;
  const at = lines.linePos(offsetOf(document, path));
  throw invalid({ file, at, what: `${where} is not what it should be`, instead });
}

/** Of the value, or of the nearest thing above it that is there. */
function offsetOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node !== 'object' || node === null || !('range' in node)) continue;
    const start: unknown = Array.isArray(node.range) ? node.range[0] : undefined;
    if (typeof start === 'number') return start;
  }
  return 0;
}

function invalid(of: {
  readonly file: string;
  readonly at: { readonly line: number; readonly col: number };
  readonly what: string;
  readonly instead: string;
}): Fault {
  const { file, at, what, instead } = of;
  const message = `${file}, line ${at.line}, column ${at.col}: ${what}`;
  return new Fault('HF_AGENT_CONFIG', message, { file, instead });
}
