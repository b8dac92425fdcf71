/** A message as plain text: the sentence, what was seen with its age, what follows, what to do. */
import { sayMessage } from '../../base/say-name.ts';
import { formatAge, formatInstant } from '../../base/say-time.ts';
import type { Message } from './message.ts';
import { sayThing } from './say-thing.ts';

export interface TextOptions {
  /** Where the reader says that they look after it. */
  readonly ackLink?: string | undefined;
  /** Where the reader of a test says that it came. */
  readonly confirmLink?: string | undefined;
  /** It may have arrived before. */
  readonly isRepeat: boolean;
}

const REPEAT = 'This may have reached you before: it was not certain that it arrived.';

/** Lines of at most some hundred characters, none of which holds a control character. */
export function messageLines(message: Message, options: TextOptions): readonly string[] {
  const { sentence, acknowledgedBy } = message;
  return [
    sentence,
    ...(options.isRepeat ? ['', REPEAT] : []),
    ...evidenceLines(message),
    ...consequenceLines(message),
    ...(acknowledgedBy === undefined ? [] : ['', `${sayMessage(acknowledgedBy)} looks after it.`]),
    ...linkLines(message, options),
    '',
    `As of ${formatInstant(message.at, message.at)}, ${dayOf(message)}.${alertOf(message)}`,
  ];
}

/** What stands where there is room for a few words only. */
export function messageTitle({ what, subject, mark, consequenceCount }: Message): string {
  const name = sayThing(subject);
  const more = consequenceCount === 0 ? '' : `, ${consequenceCount} on it`;
  if (what === 'test') return 'Test: please confirm';
  if (what === 'closed') return `ok: ${name}`;
  const still = what === 'reminder' ? 'still ' : '';
  return `${still}${mark}: ${name}${more}`;
}

function evidenceLines({ evidence, at }: Message): readonly string[] {
  if (evidence.length === 0) return [];
  return [
    '',
    'Seen:',
    ...evidence.map(({ text, seenAt }) => `  ${formatAge(at - seenAt)}: ${text}`),
  ];
}

function consequenceLines({ consequences, consequenceCount }: Message): readonly string[] {
  if (consequenceCount === 0) return [];
  const more = consequenceCount - consequences.length;
  return [
    '',
    'What rests on it:',
    ...consequences.map((name) => `  ${sayThing(name)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function linkLines({ what }: Message, { ackLink, confirmLink }: TextOptions): readonly string[] {
  if (what === 'test' && confirmLink !== undefined) return ['', 'It reached me:', confirmLink];
  if (what === 'closed' || what === 'test' || ackLink === undefined) return [];
  return ['', 'I look after it:', ackLink];
}

/** `Sat 21 Nov`, so that a text that is read later says its day. */
function dayOf({ at }: Message): string {
  const YEAR_MS = 366 * 86_400_000;
  return formatInstant(at, at + YEAR_MS).replace(/, [0-9:]+ UTC$/, '');
}

function alertOf({ alert }: Message): string {
  return alert === undefined ? '' : ` Alert ${alert.slice(0, 8)}.`;
}
