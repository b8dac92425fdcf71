import { Fault, type FaultCode } from '../../base/fault.ts';
import { linesSaid } from '../../base/lines-said.ts';
import { sayText } from '../../base/say-name.ts';
import type { ToolEnd } from './tool-runner.ts';

export interface ToolSays {
  readonly tool: string;
  readonly repository: string;
  /** First match decides. */
  readonly known: readonly (readonly [FaultCode, RegExp])[];
}

const WORDS_MAX = 300;

/** A run that did not end well, as a Fault with the tool's own words. */
export function toolFault(end: ToolEnd, { tool, repository, known }: ToolSays): Fault {
  const facts = { tool, repository };
  if (end.isTimedOut) {
    return new Fault('HF_CONNECT_TIMEOUT', `${tool} did not end in time`, facts);
  }
  const code = known.find(([, pattern]) => pattern.test(end.said))?.[0] ?? 'HF_CONNECT_FAILED';
  const how = end.code === undefined ? 'was ended by a signal' : `ended with ${end.code}`;
  const words = sayText(wordsOf(end.said));
  return new Fault(code, `${tool} ${how}${words === '' ? '' : `: ${words}`}`, facts);
}

/** The last lines say why; those before tell what it did. */
export function wordsOf(said: string): string {
  return linesSaid(said).slice(-4).join('; ').slice(0, WORDS_MAX);
}

/** @throws Fault HF_CONNECT_TOOL_VERSION where it is none of those that are known to work */
export function checkVersion(of: {
  readonly tool: string;
  readonly said: string;
  readonly least: readonly [number, number];
  /** Not this major version and none after it. */
  readonly below: number;
}): void {
  const { tool, said, least, below } = of;
  const match = /(\d+)\.(\d+)/.exec(said);
  const major = Number(match?.[1]);
  const minor = Number(match?.[2]);
  const isOld = major < least[0] || (major === least[0] && minor < least[1]);
  if (match !== null && !isOld && major < below) return;
  const wanted = `${least.join('.')} or newer, below ${below}.0`;
  const message = `${tool} here is ${match === null ? 'of no version that can be read' : `${major}.${minor}`}; known to work is ${wanted}`;
  throw new Fault('HF_CONNECT_TOOL_VERSION', message, { tool, wanted });
}
