/** libvirt by its own client: what it says is read, and what it is told is an argument, never a line. */
import { sayText } from '../../base/say-name.ts';
import { freezeFailed, toolMissing } from '../engines/freeze-fault.ts';
import { type Ended, runProgram, whyOf } from '../engines/program.ts';

export const METHOD = 'libvirt';
const ANSWER_MS = 60_000;

export class Virsh {
  readonly #uri: string;

  constructor(uri: string) {
    this.#uri = uri;
  }

  /** What it takes to say so at the moment of an exit, when nothing can be waited for. */
  args(command: readonly string[]): readonly string[] {
    return ['--connect', this.#uri, '--quiet', ...command];
  }

  try(command: readonly string[]): Promise<Ended> {
    return runProgram({ program: 'virsh', args: this.args(command), limitMs: ANSWER_MS });
  }

  /** @throws Fault HF_FREEZE_FAILED, HF_TOOL_MISSING */
  async ask(command: readonly string[]): Promise<string> {
    const ended = await this.try(command);
    if (ended.isMissing) throw toolMissing('virsh (package libvirt-clients)');
    if (!ended.isOk) throw freezeFailed(METHOD, `virsh ${command[0] ?? ''} ${whyOf(ended)}`);
    return ended.stdout.trim();
  }
}

export interface GuestDisk {
  /** `vda`. */
  readonly target: string;
  readonly kind: 'file' | 'block' | 'network' | 'volume';
  /** A path, or what the network calls it. */
  readonly source: string;
  /** As the definition of the guest says: `raw`, `qcow2`. */
  readonly format: string;
  /** `none`, `unsafe`; undefined: what QEMU does by itself. */
  readonly cache: string | undefined;
}

/** Disks in a definition of a guest; not what has no medium, nor drives for removable ones. */
export function disksIn(xml: string): readonly GuestDisk[] {
  // After the last end there is none to look for: a hostile text could make that take long.
  const whole = xml.slice(0, xml.lastIndexOf('</disk>') + '</disk>'.length);
  return [...whole.matchAll(/<disk\b([^<>]*)>([\s\S]*?)<\/disk>/g)].flatMap(
    ([, head = '', body = '']) => {
      const device = attribute(head, 'device') ?? 'disk';
      const target = /<target\b([^<>]*)>/.exec(body)?.[1] ?? '';
      const source = /<source\b([^<>]*)>/.exec(body)?.[1];
      const driver = /<driver\b([^<>]*)>/.exec(body)?.[1] ?? '';
      const name = attribute(target, 'dev');
      if (device !== 'disk' || source === undefined || name === undefined) return [];
      const from =
        attribute(source, 'file') ?? attribute(source, 'dev') ?? attribute(source, 'name');
      if (from === undefined) return [];
      const kind = kindOf(attribute(head, 'type'));
      const [format = 'raw', cache] = [attribute(driver, 'type'), attribute(driver, 'cache')];
      return [{ target: name, kind, source: from, format, cache }];
    },
  );
}

function kindOf(type: string | undefined): GuestDisk['kind'] {
  return type === 'block' || type === 'network' || type === 'volume' ? type : 'file';
}

/** Whether the agent inside the guest answers, so that its file systems can be held still. */
export function hasAgent(xml: string): boolean {
  const channel = /<target\b[^>]*name='org\.qemu\.guest_agent\.0'[^>]*>/.exec(xml)?.[0] ?? '';
  return attribute(channel, 'state') === 'connected';
}

function attribute(text: string, name: string): string | undefined {
  const raw = new RegExp(`\\b${name}='([^']*)'|\\b${name}="([^"]*)"`).exec(text);
  const value = raw?.[1] ?? raw?.[2];
  return value === undefined ? undefined : unescapeXml(value);
}

function unescapeXml(text: string): string {
  return text.replaceAll(/&(lt|gt|amp|quot|apos);/g, (_, entity: string) => ENTITIES[entity] ?? '');
}

/** What a guest is called in its definition. */
export function nameIn(xml: string): string | undefined {
  const name = /<name>([^<]+)<\/name>/.exec(xml)?.[1];
  return name === undefined ? undefined : unescapeXml(name);
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" },
};

/** The order for `backup-begin`: into files that are there already, all disks at one moment. */
export function backupXml(
  disks: readonly GuestDisk[],
  wanted: ReadonlyMap<string, { readonly file: string; readonly format: string }>,
): string {
  const lines = disks.map(({ target }) => {
    const into = wanted.get(target);
    if (into === undefined) return `<disk name='${escapeXml(target)}' backup='no'/>`;
    return `<disk name='${escapeXml(target)}' backup='yes' type='file'><driver type='${into.format}'/><target file='${escapeXml(into.file)}'/></disk>`;
  });
  return `<domainbackup mode='push'><disks>${lines.join('')}</disks></domainbackup>\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll(/[<>&'"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** `Job type:         Completed` and the like, in lower case. */
export function jobTypeIn(said: string): string {
  return sayText(/^Job type:\s*(.*)$/m.exec(said)?.[1]?.trim() ?? '').toLowerCase();
}
