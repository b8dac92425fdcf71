/** What holds below `tell:` and `server:`, for `holdfast config show`: no secret, and no address that may be one. */
import { formatDuration } from '../../base/say-time.ts';
import type { Config } from '../../wire/config.ts';
import type { ChannelConfig, TellConfig } from '../../wire/tell-config.ts';
import { tellPolicyOf } from './tell-policy-of.ts';

type Row = readonly [key: string, value: string, from: string];

const HABIT = 'habit';
const MARKS = ['failed', 'unknown', 'degraded'] as const;

/** Key, value, and from where; nothing where the file says nothing of it. */
export function tellRows(tell: TellConfig | undefined, from: string): readonly Row[] {
  if (tell === undefined) return [];
  const { delayMs, groupMs, remindMs, channels } = tellPolicyOf(tell);
  const of = (said: unknown): string => (said === undefined ? HABIT : from);
  const said = (ms: number): string => (ms === 0 ? 'at once' : formatDuration(ms));
  return [
    ['tell.url', tell.url ?? 'none: messages have no links', of(tell.url)],
    ...MARKS.map(
      (mark): Row => [`tell.delay.${mark}`, said(delayMs[mark]), of(tell.delay?.[mark])],
    ),
    ['tell.group', said(groupMs), of(tell.group)],
    ['tell.remind', remindMs === undefined ? 'never' : said(remindMs), of(tell.remind)],
    ...(channels.length === 0 ? [['tell.channels', 'none: nobody is told', HABIT] as const] : []),
    ...channels.map((policy): Row => {
      const channel = tell.channels?.[policy.name];
      const where = channel === undefined ? '' : channelWords(channel);
      return [`tell.channels.${policy.name}`, `${where}; ${policy.from} and worse`, from];
    }),
  ];
}

function channelWords(channel: ChannelConfig): string {
  if (channel.kind === 'smtp') return `mail to ${channel.to.join(', ')} by ${channel.server}`;
  const shape = 'shape' in channel ? (channel.shape ?? channel.kind) : channel.kind;
  // The path of such an address is often what lets one write there.
  const at = channel.url === undefined ? 'an address from a file' : new URL(channel.url).host;
  return `${shape} at ${at}`;
}

export function serverRows(server: Config['server'], from: string): readonly Row[] {
  if (server === undefined) return [];
  const { listen, url, mesh, peers = [], schedules = {} } = server;
  const rows: readonly (Row | undefined)[] = [
    ['server.listen', listen ?? '127.0.0.1:7431', listen === undefined ? HABIT : from],
    url === undefined ? undefined : ['server.url', url, from],
    mesh === undefined ? undefined : ['server.mesh', String(mesh), from],
    peers.length === 0
      ? ['server.peers', 'none: the watching is unknown', HABIT]
      : ['server.peers', peers.join(', '), from],
    ...Object.entries(schedules).map(([name, { host, backup, drill, scrub, every }]): Row => {
      const [act, job] = Object.entries({ backup, drill, scrub }).find(([, of]) => of) ?? ['', ''];
      return [
        `server.schedules.${name}`,
        `${act} ${job} on ${host} each ${formatDuration(every)}`,
        from,
      ];
    }),
  ];
  return rows.filter((row) => row !== undefined);
}
