/** Who is entered, and what a host says of itself. */
import type { AskedHost } from '../../adapters/look/asked-host.ts';
import { distinctHosts, parseAskedHost } from '../../adapters/look/asked-host.ts';
import { HostShell, ownScript } from '../../adapters/enroll/host-shell.ts';
import { readSurvey, type Survey } from '../../adapters/enroll/survey.ts';
import { Fault } from '../../base/fault.ts';
import type { Cli } from '../cli/cli.ts';
import { CANDIDATES } from './enroll-plan.ts';

/** One connection each; more would be felt where many go through one gateway. */
const AT_ONCE = 4;

/** @throws Fault HF_LOOK_HOST */
export function shellsFor(cli: Cli, names: readonly string[]): readonly HostShell[] {
  const hosts: readonly AskedHost[] = distinctHosts(names.map(parseAskedHost));
  const environment = Object.fromEntries(
    Object.entries(cli.env).filter(([name]) => name !== 'HOLDFAST_TOKEN_FILE'),
  );
  const mayAsk = hosts.length === 1 && cli.terminal.canAsk;
  const onStop = (end: () => Promise<void>): (() => void) => cli.stop.onStop(end);
  return hosts.map((host) => new HostShell(host, { environment, mayAsk, onStop }));
}

/** Reads, and writes nothing. */
export async function surveyOf(shell: HostShell): Promise<Survey> {
  return readSurvey(shell.host.name, await shell.run(ownScript('survey'), CANDIDATES));
}

/** @throws Fault HF_ENROLL_STEP where it did not come to its end */
export async function runWhole(shell: HostShell, script: string): Promise<string> {
  const said = await shell.run(script);
  if (/^hf done$/m.test(said)) return said;
  const host = shell.host.name;
  throw new Fault('HF_ENROLL_STEP', `${host}: what was run there did not come to its end`, {
    host,
  });
}

export interface HostOutcome<T> {
  readonly host: string;
  readonly done: T | undefined;
  readonly fault: Fault | undefined;
}

/** Each by itself: what one of them refuses costs the others nothing. */
export async function onEach<T>(
  shells: readonly HostShell[],
  act: (shell: HostShell) => Promise<T>,
): Promise<readonly HostOutcome<T>[]> {
  const outcomes = new Map<string, HostOutcome<T>>();
  const queue = [...shells];
  const lane = async (): Promise<void> => {
    for (let shell = queue.shift(); shell !== undefined; shell = queue.shift()) {
      const host = shell.host.name;
      outcomes.set(host, await outcomeOf(host, () => act(shell)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return shells.flatMap(({ host }) => outcomes.get(host.name) ?? []);
}

async function outcomeOf<T>(host: string, act: () => Promise<T>): Promise<HostOutcome<T>> {
  try {
    return { host, done: await act(), fault: undefined };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { host, done: undefined, fault: error };
  }
}
