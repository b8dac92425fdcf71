/** Which machine this is, whatever it is called, in a form that others may see. */
import { createHmac } from 'node:crypto';
import fs from 'node:fs';

/** Of Holdfast, for ever: docs/format/stdio.md 3. */
const APPLICATION = Buffer.from('1ad1b26f55154189a1e3307bb3f2f748', 'hex');
const ID_SIZE = 16;

/** Undefined where this machine has none. */
export function machineIdHere(): string | undefined {
  try {
    return machineIdOf(fs.readFileSync('/etc/machine-id', 'latin1'));
  } catch {
    return undefined; // Not there, or not to be read.
  }
}

/**
 * machine-id(5) is to be kept from others, so this is made of it, as by systemd's
 * sd_id128_get_machine_app_specific(3). Undefined where there is none: empty, `uninitialized`.
 */
export function machineIdOf(text: string): string | undefined {
  const id = /^([0-9a-f]{32})\n?$/.exec(text)?.[1];
  return id === undefined ? undefined : derived(id);
}

/** Of its board, or of what plays one: `product_uuid` of DMI. Undefined where nobody has given it any. */
export function hardwareIdOf(text: string): string | undefined {
  const id = text.trim().replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(id) && !/^(?:0+|f+)$/.test(id) ? derived(id) : undefined;
}

function derived(id: string): string {
  const digest = createHmac('sha256', Buffer.from(id, 'hex')).update(APPLICATION).digest();
  const made = digest.subarray(0, ID_SIZE);
  // Version and variant, as a UUID that was drawn has them.
  made.writeUInt8((made.readUInt8(6) & 0x0f) | 0x40, 6);
  made.writeUInt8((made.readUInt8(8) & 0x3f) | 0x80, 8);
  return made.toString('hex');
}
