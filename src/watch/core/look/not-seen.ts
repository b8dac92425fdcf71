import { countOf } from '../../../base/say-quantity.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import type { NotSeenAnswer } from './answer.ts';
import type { LookedHost } from './looked-hosts.ts';

type Entry = Omit<NotSeenAnswer, 'hosts' | 'isAll'>;

/** What was not seen, with the hosts it holds for: whole machines first, then what holds for most. */
export function notSeenAnswers(hosts: readonly LookedHost[]): readonly NotSeenAnswer[] {
  const groups = new Map<string, { readonly entry: Entry; readonly hosts: string[] }>();
  for (const host of hosts) {
    for (const entry of entriesOf(host)) {
      const id = JSON.stringify([entry.what, entry.why, generic(entry.command, host.host)]);
      const group = groups.get(id) ?? { entry, hosts: [] };
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
function generic(command: string | undefined, host: string): string {
  return (command ?? '').replaceAll(host, 'HOST');
}

function entriesOf({ host, look, sight, why, remedy }: LookedHost): readonly Entry[] {
  const again = `holdfast look ${quoteWord(host)}`;
  if (sight === undefined || look === 'stale') {
    return [
      {
        what: EVERYTHING,
        why: remedy === '' ? why : `${why.replace(/\.$/, '')}. ${remedy}`,
        command: again,
      },
    ];
  }
  const { discovery, malformedCount } = sight;
  const cut = look === 'partial' ? [{ what: 'what came after that', why, command: again }] : [];
  const malformed =
    malformedCount === 0
      ? []
      : [
          {
            what: countOf(malformedCount, 'line'),
            why: 'not as a look sends them',
            command: again,
          },
        ];
  const ended = discovery.looked.flatMap((each) =>
    each.cut === undefined
      ? []
      : [{ what: `a part of ${each.where}`, why: each.cut, command: undefined }],
  );
  const told = discovery.notSeen.map(({ what, why: because, command }) => ({
    ...{ what, command },
    why: because,
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
