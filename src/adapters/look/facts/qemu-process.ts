import { byteString } from '../../../base/bytes.ts';
import type { Guest } from '../../../watch/core/look/host-sight.ts';
import { wordsOf } from '../words.ts';

type Image = Guest['images'][number];

/** The guest that a process of QEMU is; undefined where it is none. */
export function guestOfProcess(args: readonly string[]): Guest | undefined {
  const program = args[0]?.split('/').at(-1) ?? '';
  if (!/^(?:qemu-system-|qemu-kvm|kvm$)/.test(program)) return undefined;
  const name = nameOf(args);
  if (name === undefined) return undefined;
  const images = new Map<string, Image>();
  for (const image of args.flatMap((arg, at) => imageOf(args[at - 1] ?? '', arg))) {
    images.set(image.path, image);
  }
  return { name, state: 'running', startsByItself: undefined, images: [...images.values()] };
}

/** `-name guest=web,debug-threads=on`, `-name web`. */
function nameOf(args: readonly string[]): string | undefined {
  const said = args[args.indexOf('-name') + 1];
  if (!args.includes('-name') || said === undefined) return undefined;
  const name = /(?:^|,)guest=([^,]+)/.exec(said)?.[1] ?? said.split(',')[0];
  return name === undefined || name === '' ? undefined : wordsOf(name);
}

function imageOf(option: string, arg: string): readonly Image[] {
  if (option === '-blockdev') return arg.startsWith('{') ? blockdevOf(arg) : fieldsOf(arg);
  return option === '-drive' ? fieldsOf(arg) : [];
}

/** `file=/srv/a.qcow2,format=qcow2,cache=none`; a comma in a path is written twice. */
function fieldsOf(arg: string): readonly Image[] {
  const fields = new Map<string, string>();
  for (const field of arg.replaceAll(',,', '\0').split(',')) {
    const at = field.indexOf('=');
    if (at > 0) fields.set(field.slice(0, at), field.slice(at + 1).replaceAll('\0', ','));
  }
  const path = fields.get('file') ?? fields.get('file.filename') ?? fields.get('filename');
  if (path?.startsWith('/') !== true || fields.get('media') === 'cdrom') return [];
  const [cache, format] = [fields.get('cache'), fields.get('format')];
  return [
    { path: byteString(path), cache: cache && wordsOf(cache), format: format && wordsOf(format) },
  ];
}

const DEPTH_MAX = 4;

/** `{"driver":"file","filename":"/srv/a.qcow2","cache":{"direct":true,"no-flush":false}}`. */
function blockdevOf(json: string): readonly Image[] {
  let said: unknown;
  try {
    said = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const isReadOnly = field(said, 'read-only') === true;
  let cache = field(said, 'cache');
  // A driver of formats or of throttling may hold what it stands on: Proxmox writes all in one.
  for (let depth = 0; depth < DEPTH_MAX && field(said, 'filename') === undefined; depth++) {
    said = field(said, 'file');
    cache = field(said, 'cache') ?? cache;
  }
  const path = field(said, 'filename');
  if (typeof path !== 'string' || !path.startsWith('/') || isReadOnly) return [];
  return [{ path: byteString(path), cache: cacheOf(cache), format: undefined }];
}

/** What it has no word for is left unsaid: `writeback` and `writethrough` differ in the device only. */
function cacheOf(cache: unknown): string | undefined {
  const isDirect = field(cache, 'direct') === true;
  if (field(cache, 'no-flush') === true) return isDirect ? undefined : 'unsafe';
  return isDirect ? 'none' : undefined;
}

function field(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return isObject ? Reflect.get(value, name) : undefined;
}
