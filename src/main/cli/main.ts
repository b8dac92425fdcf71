/** The entry: what needs nothing is answered at once, everything else by the program. */
import { VERSION } from '../version.ts';

const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  process.stdout.write(`holdfast ${VERSION}\n`);
} else if (argv[0] === 'agent' && isAgentItself(argv.slice(1))) {
  // What stays in memory for months loads no command line, and trades speed for size: 10 MB less.
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--optimize-for-size');
  const { runAgentProcess } = await import('../agent/entry.ts');
  process.exit(await runAgentProcess(argv.slice(1)));
} else {
  if (import.meta.url.endsWith('.js')) {
    const { loadOwnModules } = await import('./own-modules.ts');
    loadOwnModules(new URL('../../', import.meta.url).href);
  }
  const { runProgram } = await import('./program.ts');
  // Threads and watchers that are still there have nothing left to do.
  process.exit(await runProgram(argv));
}

/** No part of it, no `--help`, no `--json`: nothing but where its files lie. */
function isAgentItself(rest: readonly string[]): boolean {
  return rest.every((word, at) => {
    const isOption = /^--(?:config|state)(?:=|$)/.test(word);
    return at % 2 === 0 ? isOption && !word.includes('=') : !word.startsWith('-');
  });
}
