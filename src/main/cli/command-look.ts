/** `holdfast look`: what would be lost of many machines, seen over ssh, with nothing installed. */
import type { Command } from 'commander';
import { lookScript } from '../../adapters/look/script.ts';
import { Fault } from '../../base/fault.ts';
import { seconds } from '../../base/units.ts';
import type { LookOptions } from '../look/answer-look.ts';
import type { LookLimits } from '../look/run-look.ts';
import type { Act, Answer } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { parseTimeLimit } from './time-limit.ts';

interface Options extends LookOptions {
  readonly from?: readonly string[];
  readonly print?: true;
  readonly limit?: string;
  readonly atOnce?: string;
}

const LIMIT = seconds(45);
const AT_ONCE = 16;
const AT_ONCE_MAX = 128;

const EXAMPLE = `
One shell script is sent over your own ssh, to every host at once. It reads and
prints; it writes, installs and keeps nothing there. Any user will do: what it
could not see without root is listed, with the command that would show it.

Hosts are asked in batch mode, so keys must open without a question and host
keys be known (ssh-add; connect once by hand). A single host may ask you.

Ends with 6 where a host did not answer or not to the end, 1 where none did.

Examples:
  holdfast look hv1 root@st1 ann@web1.example.org:2222
  holdfast look --from ~/.ssh/config --save
  holdfast look --from inventory.ini --html estate.html
  holdfast look --print | less`;

export function define(command: Command, act: Act): void {
  const collect = (text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ];
  command
    .summary('what would be lost of many machines, over ssh; nothing installed')
    .description(
      'Looks at machines over ssh, with nothing installed there: what would be lost with each, what stands alone, what is in no recovery point, and what could not be seen.',
    )
    .argument('[host...]', '[user@]host[:port], as ssh knows them; localhost is this machine')
    .option('--from <file>', 'hosts of ~/.ssh/config or an Ansible inventory', collect)
    .option('--print', 'show the script that would be sent, and ask nobody')
    .option('--html <file>', 'write the answer as one page, too')
    .option('--save', 'write the first holdfast.yaml from what was seen')
    .option('--all', 'say everything, also what is usually summed up')
    .option('--limit <time>', 'how long one host may take; else 45s')
    .option('--at-once <count>', 'how many hosts are asked at the same time; else 16')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [hosts, options]: [readonly string[], Options]) => {
        if (options.print === true) return printed();
        const files = options.from ?? [];
        const isNamed = hosts.length > 0 || files.length > 0;
        // Nobody was named: how to name them is the answer, and it is no success.
        if (!isNamed && options.save !== true) command.help({ error: true });
        const limits = limitsOf(options);
        // Help and --print do not wait for what only a look needs.
        const { answerKept, answerLook } = await import('../look/answer-look.ts');
        if (!isNamed) return answerKept(cli, options);
        return answerLook(cli, { hosts, files, limits, options });
      }),
    );
}

function printed(): Answer {
  const script = lookScript();
  return { code: EXIT.done, say: () => [script.trimEnd()], json: { script } };
}

/** @throws Fault HF_USAGE */
function limitsOf({ limit, atOnce }: Options): LookLimits {
  return {
    limit: limit === undefined ? LIMIT : parseTimeLimit(limit, 'look'),
    atOnce: atOnce === undefined ? AT_ONCE : countOf(atOnce),
  };
}

function countOf(text: string): number {
  const count = Number(text);
  if (/^[0-9]{1,3}$/.test(text) && count >= 1 && count <= AT_ONCE_MAX) return count;
  const message = `--at-once takes a count from 1 to ${AT_ONCE_MAX}`;
  throw new Fault('HF_USAGE', message, { command: 'look' });
}
