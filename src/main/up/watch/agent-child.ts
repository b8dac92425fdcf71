/** Entry of the process in which `up` runs the agent of this host: the agent, and few packages. */
import { setFlagsFromString } from 'node:v8';
import type { AgentAsk, AgentBegin, AgentSays } from './watch-messages.ts';
import { onceFree, ParentLink } from './parent-link.ts';

// As main.ts has it: what stays in memory for months trades speed for size.
setFlagsFromString('--optimize-for-size');

const stop = new AbortController();
const parent = new ParentLink<AgentAsk, AgentSays>((ask) => {
  if (ask.kind === 'end') stop.abort();
  else
    void run(ask).then(
      () => process.exit(0),
      (error: unknown) => parent.fail(error),
    );
});

async function run({ directory, line, at, showEnv: its }: AgentBegin): Promise<void> {
  const { env } = process;
  // The unit of another agent may have started us.
  delete env.NOTIFY_SOCKET;
  const say = (text: string): void => parent.say({ kind: 'log', line: text });
  if (line !== undefined) {
    const { enrolHere } = await import('../../agent/enrol-here.ts');
    await enrolHere({ env, state: directory, line, isAgain: true, say: () => undefined });
  }
  const { runAgent } = await import('../../agent/run-agent.ts');
  const begins = (text: string): void => {
    // Its first line; before it only what is wrong with agent.yaml is said.
    if (/: an agent at level /.test(text)) parent.say({ kind: 'watches' });
    else say(text);
  };
  const showEnv = { ...given(env), ...its };
  await onceFree('HF_AGENT_RUNS', () =>
    runAgent({ env, state: directory, at, say: begins, showEnv }, stop.signal),
  );
}

/** What looks for the server is of the same user, and in the same surroundings, as `up`. */
function given(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
