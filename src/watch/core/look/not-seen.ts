import { countOf } from '../../../base/say-quantity.ts';
import { operandWord } from '../../../base/shell-word.ts';
import type { NotSeenAnswer } from './answer.ts';
import type { LookedHost } from './looked-hosts.ts';

type Entry = Omit<NotSeenAnswer, 'hosts' | 'isAll'>;

/** What was not seen, with the hosts it holds for: whole machines first, then what holds for most. */
export function notSeenAnswers(hosts: readonly LookedHost[]): readonly NotSeenAnswer[] {
  const groups = new Map<string, { entry: Entry; readonly hosts: string[] }>();
  for (const host of hosts) {
    for (const entry of entriesOf(host)) {
      const shared = genericOf(entry, host);
      const id = JSON.stringify(shared);
      const group = groups.get(id) ?? { entry, hosts: [] };
      // A command with the name of one host is none for the others.
      if (group.hosts.length > 0) group.entry = shared;
      if (!group.hosts.includes(host.host)) group.hosts.push(host.host);
      groups.set(id, group);
    }
  }
  const answered = hosts.filter(({ look }) => look === 'whole' || look === 'partial').length;
  return [...groups.values()]
    .map(({ entry, hosts: of }) => ({
      ...entry,
      hosts: of,
      isAll: of.length > 1 && of.length === answered && entry.what !== EVERYTHING,
    }))
    .sort(mostFirst);
}

const EVERYTHING = 'everything';

/** One command stands for the same on every host. */
function genericOf({ what, why, remedy, command }: Entry, { host, address }: LookedHost): Entry {
  const names = `${escaped(address)}|${escaped(host)}`;
  const name = new RegExp(`(?<![\\w.-])(?:${names})(?![\\w-]|\\.\\w)`, 'g');
  const generic = (text: string): string => text.replaceAll(name, 'HOST');
  return {
    ...{ what, why: generic(why), remedy: generic(remedy) },
    command: command === undefined ? undefined : generic(command),
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

const NO_REMEDY = { remedy: '' };

function entriesOf({ address, look, sight, why, remedy }: LookedHost): readonly Entry[] {
  const again = `holdfast look ${operandWord(address)}`;
  if (sight === undefined || look === 'stale') {
    // The remedy says more than to look again.
    return [{ what: EVERYTHING, why, remedy, command: remedy === '' ? again : undefined }];
  }
  const { discovery, malformedCount } = sight;
  const cut =
    look === 'partial' ? [{ ...NO_REMEDY, what: 'what came after that', why, command: again }] : [];
  const malformed =
    malformedCount === 0
      ? []
      : [
          {
            ...NO_REMEDY,
            what: countOf(malformedCount, 'line'),
            why: 'not as a look sends them',
            command: again,
          },
        ];
  const ended = discovery.looked.flatMap((each) =>
    each.cut === undefined
      ? []
      : [{ ...NO_REMEDY, what: `a part of ${each.where}`, why: each.cut, command: undefined }],
  );
  const told = discovery.notSeen.map(({ what, why: because, command }) => ({
    ...NO_REMEDY,
    ...{ what, command, why: because },
  }));
  return [...cut, ...told, ...ended, ...malformed];
}

function mostFirst(one: NotSeenAnswer, other: NotSeenAnswer): number {
  const whole = ({ what }: NotSeenAnswer): number => (what === EVERYTHING ? 0 : 1);
  return (
    whole(one) - whole(other) ||
    other.hosts.length - one.hosts.length ||
    (idOf(one) < idOf(other) ? -1 : 1)
  );
}

function idOf({ what, why, hosts }: NotSeenAnswer): string {
  return [what, why, ...hosts].join('\0');
}
