/** `holdfast message test`: whether what should tell people does, before it must. */
import type { Command } from 'commander';
import { stateMark } from '../../base/say-mark.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { wrap } from '../../base/say-width.ts';
import type { Tested } from '../tell/test-channels.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { textOfBytes } from './places.ts';
import { readSettings, type VaultOptions } from './settings.ts';

const EXAMPLES = `
Ends with 0 when each channel took it, else with 1. That it was taken is no
proof that it is read. The link in it is: it has one where the server of this
machine has made its key, and \`tell: url:\` says where it leads.

Channels stand below \`tell: channels:\` in holdfast.yaml; by example:
docs/operating/alerts.md.

Examples:
  holdfast message test
  holdfast message test ann-mail room`;

export function define(command: Command, act: Act): void {
  command
    .summary('the channels by which people are told')
    .description('The channels by which people are told.')
    .addHelpText('after', '\nExample:\n  holdfast message test');
  command
    .command('test')
    .description('Sends a test message by each channel, now, and says what each answered.')
    .argument('[channels...]', 'names of channels; all where none is named')
    .option('--config <file>', 'the configuration')
    .addHelpText('after', EXAMPLES)
    .action(
      act((cli, [names, options]: [readonly string[], VaultOptions]) => test(cli, names, options)),
    );
}

async function test(cli: Cli, names: readonly string[], options: VaultOptions): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const { testChannels } = await import('../tell/test-channels.ts');
  const stopped = new AbortController();
  cli.stop.onStop(() => stopped.abort());
  const tested = await testChannels({
    config: settings.config.tell,
    configFile: settings.configFile,
    // Where `holdfast server` keeps its own.
    stateDirectory: `${textOfBytes(settings.state.value)}/server`,
    names,
    clock: cli.clock,
    signal: stopped.signal,
  });
  const bad = tested.filter(({ sent }) => sent.outcome !== 'sent');
  return {
    code: bad.length === 0 ? EXIT.done : EXIT.error,
    say: (style) => lines(tested, style),
    json: {
      channels: tested.map(({ channel, person, sent, isAsking }) => ({
        channel,
        person,
        outcome: sent.outcome,
        answer: sent.outcome === 'sent' ? sent.receipt : sent.why,
        isAsking,
      })),
    },
  };
}

function* lines(tested: readonly Tested[], style: Style): Iterable<string> {
  const bad = tested.filter(({ sent }) => sent.outcome !== 'sent').length;
  const took = countOf(tested.length - bad, 'channel');
  yield bad === 0
    ? `${took} took a test message; whether it is read is not known by that.`
    : `${countOf(bad, 'channel')} did not take a test message, ${took} did.`;
  yield '';
  const worstFirst = [...tested].sort((a, b) => rank(a) - rank(b));
  for (const { channel, person, sent } of worstFirst) {
    const isSent = sent.outcome === 'sent';
    const who = person === channel ? '' : `, read by ${sayText(person, style)}`;
    yield `  ${stateMark(style, isSent ? 'ok' : 'failed')} ${sayText(channel, style)}${who}`;
    const said = sayText(isSent ? sent.receipt : sent.why, style);
    for (const line of wrap(said, style.width - 4)) yield `    ${line}`;
  }
  if (tested.some(({ sent, isAsking }) => sent.outcome === 'sent' && isAsking)) {
    yield '';
    yield 'The link in it says that it came: that counts as proof for a time.';
  }
}

function rank({ sent }: Tested): number {
  return sent.outcome === 'sent' ? 1 : 0;
}
