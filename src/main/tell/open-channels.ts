/** The channels of a configuration, ready to send. */
import { alertmanagerChannel } from '../../adapters/channels/alertmanager.ts';
import { type Links, NO_LINKS } from '../../adapters/channels/composed.ts';
import { icingaChannel } from '../../adapters/channels/icinga.ts';
import type { Reach } from '../../adapters/channels/reach.ts';
import { smtpChannel } from '../../adapters/channels/smtp.ts';
import { webhookChannel } from '../../adapters/channels/webhook.ts';
import { unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Alert } from '../../tell/core/alert.ts';
import { type LinkKey, makeAckLink, makeConfirmLink } from '../../tell/core/signed-link.ts';
import type { Channel } from '../../tell/shell/channel.ts';
import type {
  AlertmanagerConfig,
  ChannelConfig,
  IcingaConfig,
  SmtpConfig,
  TellConfig,
  WebhookConfig,
} from '../../wire/tell-config.ts';
import { TellFiles } from './tell-secrets.ts';

export interface ChannelParts {
  /** Where relative names of files begin: the directory of the configuration. */
  readonly directory: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Undefined: messages carry no links. */
  readonly linkKey: LinkKey | undefined;
  /** Undefined: it is not known here what is open. */
  readonly openAlerts: (() => Promise<readonly Alert[]>) | undefined;
}

const DAY_MS = 86_400_000;
/** A link that is not used for so long is an old message. */
const LINK_MS = 30 * DAY_MS;
const INTERVAL_MS = 60_000;
const TELEGRAM = 'https://api.telegram.org';

/** @throws Fault HF_TELL_SECRET */
export function openChannels(config: TellConfig, parts: ChannelParts): readonly Channel[] {
  return Object.entries(config.channels ?? {}).map(([name, one]) =>
    openChannel(name, one, {
      ...parts,
      files: new TellFiles(parts.directory),
      links: linksOf(config, parts, { channel: name, person: one.person ?? name }),
    }),
  );
}

interface Opening extends ChannelParts {
  readonly files: TellFiles;
  readonly links: Links;
}

function openChannel(name: string, one: ChannelConfig, opening: Opening): Channel {
  switch (one.kind) {
    case 'smtp':
      return openSmtp(name, one, opening);
    case 'webhook':
      return openWebhook(name, one, opening);
    case 'alertmanager':
      return openAlertmanager(name, one, opening);
    case 'icinga':
      return openIcinga(name, one, opening);
  }
}

function openSmtp(name: string, one: SmtpConfig, { files, links }: Opening): Channel {
  const match = /^(?:(smtps?):\/\/)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(one.server);
  const [scheme, host = '', port] = match?.slice(1) ?? [];
  const isImplicit = scheme === 'smtps' || port === '465';
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const isHere = bare === 'localhost' || bare === '::1' || bare.startsWith('127.');
  const { login, 'password-file': password } = one;
  return smtpChannel({
    name,
    host: bare,
    port: Number(port ?? (isImplicit ? 465 : isHere ? 25 : 587)),
    isImplicit,
    tls: one.tls ?? (isHere ? 'when-offered' : 'required'),
    ca: caOf(one, files),
    login:
      login === undefined || password === undefined
        ? undefined
        : { user: login, password: files.secret(password) },
    sender: one.sender,
    to: one.to,
    links,
  });
}

function openWebhook(name: string, one: WebhookConfig, { files, links, clock }: Opening): Channel {
  const { 'url-file': urlFile, 'secret-file': secret, 'token-file': token } = one;
  const reach: Reach = { to: 'public', nets: one['private-nets'] ?? [] };
  return webhookChannel({
    name,
    shape: one.shape ?? 'holdfast',
    url: one.url ?? (urlFile === undefined ? TELEGRAM : files.address(urlFile)),
    secret: secret === undefined ? undefined : files.signingSecret(secret),
    token: token === undefined ? undefined : files.secret(token),
    room: one.room,
    chat: one.chat,
    way: { reach, ca: caOf(one, files) },
    links,
    clock,
  });
}

function openAlertmanager(
  name: string,
  one: AlertmanagerConfig,
  { files, links, clock }: Opening,
): Channel {
  const { login, 'password-file': password } = one;
  return alertmanagerChannel({
    name,
    url: one.url,
    everyMs: one.interval ?? INTERVAL_MS,
    labels: one.labels ?? {},
    authorization:
      login === undefined || password === undefined
        ? undefined
        : basic(login, files.secret(password)),
    way: { reach: { to: 'estate', nets: [] }, ca: caOf(one, files) },
    links,
    clock,
  });
}

function openIcinga(name: string, one: IcingaConfig, { files, openAlerts }: Opening): Channel {
  return icingaChannel({
    name,
    url: one.url,
    authorization: basic(one.login, files.secret(one['password-file'])),
    host: one.host,
    service: one.service ?? 'holdfast',
    everyMs: one.interval ?? INTERVAL_MS,
    way: {
      reach: { to: 'estate', nets: [] },
      ca: caOf(one, files),
      fingerprint: one.fingerprint,
    },
    openAlerts,
  });
}

function caOf(
  { 'ca-file': file }: { readonly 'ca-file'?: string | undefined },
  files: TellFiles,
): string | undefined {
  return file === undefined ? undefined : files.certificates(file);
}

function basic(login: string, password: string): string {
  return `Basic ${Buffer.from(`${login}:${password}`, 'utf8').toString('base64')}`;
}

function linksOf(
  { url }: TellConfig,
  { linkKey, clock }: ChannelParts,
  { channel, person }: { readonly channel: string; readonly person: string },
): Links {
  if (url === undefined || linkKey === undefined) return NO_LINKS;
  const key = { ...linkKey, base: url.replace(/\/+$/, '') };
  const expiresAt = () => unixMs(clock.now() + LINK_MS);
  return {
    ack: (alert) => makeAckLink(key, { alert, person, expiresAt: expiresAt() }),
    page: () => `${key.base}/`,
    confirm: () => makeConfirmLink(key, { channel, person, expiresAt: expiresAt() }),
  };
}
