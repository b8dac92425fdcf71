/** The entry: what needs nothing is answered at once, everything else by the program. */
import { VERSION } from '../version.ts';

const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  process.stdout.write(`holdfast ${VERSION}\n`);
} else {
  const { runProgram } = await import('./program.ts');
  // Threads and watchers that are still there have nothing left to do.
  process.exit(await runProgram(argv));
}
