/** A failure as people and machines read it: code, what happened, what to do. */
import type { Fault } from '../../base/fault.ts';
import { inCharset, paint, type Style } from '../../base/say.ts';
import { capitalised, sayMessage } from '../../base/say-name.ts';
import { stateMark } from '../../base/say-mark.ts';
import { wrap } from '../../base/say-width.ts';
import type { Cli } from './cli.ts';

export function sayFault(cli: Cli, fault: Fault): void {
  if (cli.wantsJson) cli.terminal.out(`${JSON.stringify(faultJson(fault))}\n`);
  else cli.terminal.err(`${faultLines(cli.terminal.errorStyle, fault).join('\n')}\n`);
}

export function faultJson(fault: Fault): object {
  const { code, message, remedy } = fault;
  const facts = Object.fromEntries(
    Object.entries(fault.facts).map(([name, fact]) => [
      name,
      typeof fact === 'bigint' ? String(fact) : fact,
    ]),
  );
  return { error: { code, message, remedy, facts } };
}

export function faultLines(style: Style, fault: Fault): readonly string[] {
  const mark = stateMark(style, 'failed');
  const hang = ' '.repeat(style.utf8 ? 2 : 4);
  const body = (text: string): readonly string[] =>
    wrap(inCharset(style, text), style.width - hang.length).map((line) => hang + line);
  return [
    `${mark} ${paint(style, 'failed', fault.code)}`,
    ...body(sayMessage(sentence(fault.message))),
    ...body(sayMessage(fault.remedy)),
  ];
}

function sentence(text: string): string {
  const isCapital = /^[a-z]+[ ,;]/.test(text);
  const begun = isCapital ? capitalised(text) : text;
  return /[.?]$/.test(begun) ? begun : `${begun}.`;
}
